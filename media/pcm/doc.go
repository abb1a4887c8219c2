// Package pcm works on linear audio: 16-bit samples, one channel, almost always at 8 kHz.
//
// It reads WAV files (8 to 48 kHz, PCM or G.711) and resamples them to 8 kHz, makes tones and DTMF, measures levels
// and single frequencies (Goertzel), and finds DTMF keys in a stream of samples. Prompts pass through it once, when
// they are loaded; the detector runs per packet and allocates nothing.
//
// It owns no goroutine and no global state besides constant tables; every value belongs to the one goroutine that uses
// it. It imports nothing of ours, and refuses stereo, odd sample rates and files beyond a bound with an error that
// says what would be right. It writes no files: that is the recorder's work.
//
// Levels are in dB relative to a sine of full scale (dBFS); G.711's 0 dBm0 is about -3.2 dBFS. The detector follows
// ITU-T Q.23 and Q.24.
package pcm
