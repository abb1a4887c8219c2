package app_test

import (
	"bytes"
	"fmt"
	"math"
	"os"
	"testing"

	"assent/demo/phone"
	"assent/event"
	"assent/media/codec"
	"assent/media/pcm"
)

// lent makes a phone's codec of one of the service's; nil for G.711, which phones have.
func lent(t *testing.T, f codec.Format, payloadType uint8) *phone.Coder {
	t.Helper()
	if f.Companded() {
		return nil
	}
	rate := f.RateFor(8000)
	encoder, err := codec.NewEncoder(f, rate)
	must(t, err)
	decoder, err := codec.NewDecoder(f, rate)
	must(t, err)
	up, down := resampler(t, 8000, rate), resampler(t, rate, 8000)
	ready := make([]int16, 0, 4000)
	channels := ""
	if f.ID == codec.Opus {
		channels = "/2"
	}
	return &phone.Coder{
		PayloadType: payloadType, RTPMap: fmt.Sprintf("%v/%d%s", f.ID, f.ClockHz, channels), ClockHz: uint32(f.ClockHz),
		Encode: func(samples []int16) []byte {
			ready = append(ready, up(samples)...)
			frame := make([]int16, rate/50)
			n := copy(frame, ready)
			ready = ready[:copy(ready, ready[n:])]
			payload := make([]byte, 4*codec.MaxPayload)
			n, err := encoder.Encode(payload, frame)
			if err != nil {
				return nil
			}
			return payload[:n]
		},
		Decode: func(payload []byte) []int16 {
			samples := make([]int16, 6000)
			n, err := decoder.Decode(samples, payload)
			if err != nil {
				return nil
			}
			return down(samples[:n])
		},
	}
}

// resampler returns what turns pieces of a stream into another rate.
func resampler(t *testing.T, from, to int) func([]int16) []int16 {
	t.Helper()
	if from == to {
		return func(samples []int16) []int16 { return samples }
	}
	r, err := pcm.NewResampler(from, to)
	must(t, err)
	return func(samples []int16) []int16 {
		out := make([]int16, r.Room(len(samples)))
		return out[:r.Write(out, samples)]
	}
}

// utterance is a second of speech of a voice of the demo.
func utterance(t *testing.T, name string) []int16 {
	t.Helper()
	b, err := os.ReadFile("../prompts/demo/" + name + ".wav")
	must(t, err)
	audio, err := pcm.DecodeWAV(b)
	must(t, err)
	samples, err := audio.At8k()
	must(t, err)
	return samples[:8000]
}

// clearest returns how well the best repetition of an utterance in heard can be made out: its segmental signal-to-noise
// ratio in dB.
func clearest(said, heard []int16) float64 {
	best, at := 0.0, -1
	for from := 0; from+len(said) <= len(heard); from++ {
		product := 0.0
		for i := 0; i < len(said); i += 8 {
			product += float64(said[i]) * float64(heard[from+i])
		}
		if product > best {
			best, at = product, from
		}
	}
	if at < 0 {
		return math.Inf(-1)
	}
	const piece = 160
	sum, pieces := 0.0, 0
	for ; len(said) >= piece; said, at = said[piece:], at+piece {
		if pcm.Level(said[:piece]) < -45 {
			continue
		}
		var signal, noise float64
		for i, s := range said[:piece] {
			signal += float64(s) * float64(s)
			noise += math.Pow(float64(heard[at+i])-float64(s), 2)
		}
		sum += min(max(10*math.Log10(signal/(noise+1)), -10), 35)
		pieces++
	}
	return sum / float64(max(pieces, 1))
}

// spoken is a codec that a party of the test speaks, and the signal-to-noise ratio that it leaves alone.
type spoken struct {
	format      codec.Format
	payloadType uint8
	name        string // of the phone's own codecs
	snrDB       float64
}

func TestPartiesWithoutACommonCodecHearEachOtherAndAreRecorded(t *testing.T) {
	if raceDetector {
		t.Skip("a wave is compared with a wave: phones that the detector slows down have gaps; make e2e runs it without")
	}
	pcma := spoken{codec.FormatPCMA, 8, "PCMA", 20}
	others := []spoken{{codec.FormatG722, 9, "", 18}, {codec.Format{ID: codec.L16, ClockHz: 16000, RateHz: 16000}, 118, "", 18}}
	names := "[PCMA, G722, L16]"
	if codec.HasOpus {
		others, names = append(others, spoken{codec.FormatOpus, 111, "", 3}), "[PCMA, G722, L16, opus]"
	}
	for i, other := range others {
		for _, pair := range [][2]spoken{{pcma, other}, {other, others[(i+1)%len(others)]}} {
			t.Run(fmt.Sprintf("%v to %v", pair[0].format.ID, pair[1].format.ID), func(t *testing.T) {
				fromCaller, fromAgent := utterance(t, "caller_after"), utterance(t, "agent")
				s := prepare(t)
				s.edit("assent.yaml", "[PCMU, PCMA]", names)
				s.agent.OnCall = func(*phone.Call) phone.Answer {
					return phone.Answer{Status: 200, Codec: pair[1].name, Coder: lent(t, pair[1].format, pair[1].payloadType), Voice: phone.Speech(fromAgent)}
				}
				s.start()
				call, err := s.dialWith(phone.Options{Codec: pair[0].name, Coder: lent(t, pair[0].format, pair[0].payloadType), Voice: phone.Speech(fromCaller)})
				must(t, err)
				s.press(call, "1")
				far := <-s.far
				least := min(pair[0].snrDB, pair[1].snrDB)
				s.understands(call, fromAgent, least)
				s.understands(far, fromCaller, least)
				s.saw(event.RecordingStarted)
				s.until("a whole repetition since", func() bool { return len(far.Sent()) > 250 })
				s.hangup(call)
				cdr := s.cdr()
				left, right, rate := channelsOf(t, cdr.Recording.File)
				if wideband := rate == 16000; wideband != (pair[0].format.RateHz > 8000 || pair[1].format.RateHz > 8000) {
					t.Errorf("recorded at %d Hz", rate)
				}
				if got := clearest(fromCaller, left); got < least {
					t.Errorf("the recording's caller is %.1f dB over its noise, want %.0f", got, least)
				}
				// Channel 1 follows channel 0's clock by slips, which a comparison of waves takes for noise.
				if got := clearest(fromAgent, right); got < 3 {
					t.Errorf("the recording's agent is %.1f dB over its noise, want 3", got)
				}
			})
		}
	}
}

// understands waits until a call has heard an utterance well.
func (s *stage) understands(c *phone.Call, said []int16, leastDB float64) {
	s.t.Helper()
	checked := 0
	s.until(fmt.Sprintf("speech %.0f dB over its noise", leastDB), func() bool {
		packets := len(c.Packets())
		if packets < checked+75 { // one and a half seconds: listening costs more than waiting
			return false
		}
		checked = packets
		heard := c.Heard()
		return clearest(said, heard[max(0, len(heard)-24000):]) >= leastDB
	})
}

// channelsOf reads both channels of a recording, at 8 kHz, and the rate that it has.
func channelsOf(t *testing.T, path string) (left, right []int16, rateHz int) {
	t.Helper()
	left, right = samplesOf(t, path)
	b, err := os.ReadFile(path)
	must(t, err)
	format := bytes.Index(b, []byte("fmt "))
	rateHz = int(b[format+12]) | int(b[format+13])<<8
	if rateHz != 8000 {
		left, err = pcm.Resample(left, rateHz, 8000)
		must(t, err)
		right, err = pcm.Resample(right, rateHz, 8000)
		must(t, err)
	}
	return left, right, rateHz
}
