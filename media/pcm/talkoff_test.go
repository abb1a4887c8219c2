package pcm

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

// shippedAudio returns the audio of the prompts that ship with the product, at 8 kHz, by name: speech of several voices,
// and music.
func shippedAudio(t *testing.T) map[string][]int16 {
	t.Helper()
	audio := map[string][]int16{}
	err := filepath.WalkDir("../../prompts", func(path string, _ fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".wav" {
			return err
		}
		file, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		decoded, err := DecodeWAV(file)
		if err != nil {
			return err
		}
		audio[path], err = decoded.At8k()
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(audio) < 5 {
		t.Fatalf("%d prompts found", len(audio))
	}
	return audio
}

func TestNothingThatShipsIsTakenForAKey(t *testing.T) {
	for name, samples := range shippedAudio(t) {
		for _, speed := range []float64{0.7, 0.85, 1, 1.15, 1.35, 1.6, 2} {
			for _, gainDB := range []float64{0, -12} {
				expect(t, name, warp(samples, speed, gainDB), "")
			}
		}
	}
}

// Audio that looks like a key is kept from the other party before it is known for one: of speech that must be next to
// nothing.
func TestSpeechIsHardlyEverSuspected(t *testing.T) {
	packets, suspected := 0, 0
	for _, samples := range shippedAudio(t) {
		d := NewDetector(func(Press) {})
		for len(samples) >= 160 {
			d.Write(samples[:160])
			samples = samples[160:]
			packets++
			if d.Suspected() {
				suspected++
			}
		}
	}
	t.Logf("%d of %d packets look like a key for a moment", suspected, packets)
	if 1000*suspected > 10*packets {
		t.Errorf("%d of %d packets look like a key", suspected, packets)
	}
}

func TestTonesWithTheHarmonicsOfAVoiceAreNoKey(t *testing.T) {
	for key := range byte(16) {
		row, column := key/4, key%4
		low, high := dtmfLow[row], dtmfHigh[column]
		for _, c := range []struct {
			name string
			db   float64 // of the second harmonics, over the tones
			want string
		}{
			{"a clean line's", -30, string(dtmfKeys[row][column])},
			{"a voice's", -3, ""},
		} {
			samples := make([]int16, 3000)
			tones := samples[1000:1800]
			pair{low, high, -14, -14}.put(tones)
			harmonics := make([]int16, len(tones))
			pair{2 * low, 2 * high, -14 + c.db, -14 + c.db}.put(harmonics)
			for i, h := range harmonics {
				tones[i] += h
			}
			expect(t, c.name+" harmonics", samples, c.want)
		}
	}
}

func TestAToneIsSuspectedBeforeItIsLongEnoughForAKey(t *testing.T) {
	for key := range byte(16) {
		samples := line(dtmfKeys[key/4][key%4], 1600, 800, nil)
		d := NewDetector(func(Press) {})
		leaked := 0
		for at := 0; at+160 <= len(samples); at += 160 {
			if at >= 1600 && at < 2400 && !d.Suspected() {
				leaked++ // the packet has gone on before the detector hears it
			}
			d.Write(samples[at : at+160])
		}
		if leaked > 2 {
			t.Errorf("key %d: %d packets of 20 ms have passed before it is suspected", key, leaked)
		}
	}
}
