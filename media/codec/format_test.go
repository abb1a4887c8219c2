package codec

import (
	"errors"
	"testing"
)

func TestFormatOfTakesWhatTheRFCsName(t *testing.T) {
	for _, c := range []struct {
		name            string
		clock, channels int
		want            Format
	}{
		{"pcmu", 8000, 1, FormatPCMU}, {"PCMA", 8000, 1, FormatPCMA}, {"g722", 8000, 1, FormatG722},
		{"OPUS", 48000, 2, FormatOpus}, {"L16", 44100, 1, Format{L16, 44100, 44100}}, {"l16", 16000, 1, Format{L16, 16000, 16000}},
	} {
		if f, err := FormatOf(c.name, c.clock, c.channels); err != nil || f != c.want {
			t.Errorf("%s/%d/%d: %v, %v", c.name, c.clock, c.channels, f, err)
		}
	}
	for _, c := range []struct {
		name            string
		clock, channels int
	}{{"PCMU", 16000, 1}, {"PCMA", 8000, 2}, {"G722", 16000, 1}, {"opus", 48000, 1}, {"opus", 8000, 2}, {"L16", 44100, 2}, {"L16", 11025, 1}, {"G729", 8000, 1}} {
		if f, err := FormatOf(c.name, c.clock, c.channels); !errors.Is(err, ErrFormat) || f.Known() {
			t.Errorf("%s/%d/%d: %v, %v", c.name, c.clock, c.channels, f, err)
		}
	}
}

func TestTicksCountRTPTimeAndNotSamples(t *testing.T) {
	for _, c := range []struct {
		f       Format
		payload []byte
		want    int
	}{
		{FormatPCMU, make([]byte, 160), 160},
		{FormatG722, make([]byte, 160), 160}, // of 320 samples
		{Format{L16, 16000, 16000}, make([]byte, 640), 320},
		{FormatOpus, nil, 0},
		{FormatOpus, []byte{1 << 3}, 960},        // SILK, 20 ms
		{FormatOpus, []byte{3<<3 | 1, 0}, 5760},  // two of SILK's 60 ms
		{FormatOpus, []byte{12 << 3}, 480},       // hybrid, 10 ms
		{FormatOpus, []byte{28 << 3}, 120},       // CELT, 2.5 ms
		{FormatOpus, []byte{31<<3 | 3, 3}, 2880}, // three of CELT's 20 ms
		{FormatOpus, []byte{31<<3 | 3}, 0},
		{FormatOpus, []byte{3<<3 | 3, 3}, 0}, // 180 ms
		{FormatOpus, []byte{31<<3 | 3, 0}, 0},
	} {
		if got := c.f.Ticks(c.payload); got != c.want {
			t.Errorf("%v % x: %d ticks, want %d", c.f.ID, c.payload[:min(2, len(c.payload))], got, c.want)
		}
	}
}

func TestOnlyOpusConvertsRatesByItself(t *testing.T) {
	for _, c := range []struct {
		f            Format
		wanted, rate int
	}{{FormatPCMA, 48000, 8000}, {FormatG722, 8000, 16000}, {FormatOpus, 8000, 8000}, {FormatOpus, 16000, 16000}, {FormatOpus, 44100, 48000}, {FormatOpus, 22050, 24000}} {
		if got := c.f.RateFor(c.wanted); got != c.rate {
			t.Errorf("%v for %d Hz: %d, want %d", c.f.ID, c.wanted, got, c.rate)
		}
	}
	if _, err := NewDecoder(FormatG722, 8000); !errors.Is(err, ErrFormat) {
		t.Errorf("G722 at 8000 Hz: %v", err)
	}
	if _, err := NewEncoder(Format{}, 8000); !errors.Is(err, ErrFormat) {
		t.Errorf("no format: %v", err)
	}
}
