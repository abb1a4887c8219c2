package codec

import (
	"errors"
	"fmt"
	"strings"
)

// ID names a codec that we can encode and decode. The zero value is PCMU.
type ID uint8

// The codecs, with the names that SDP gives them (RFC 3551 section 4.5, RFC 7587).
const (
	PCMU ID = iota // G.711 µ-law
	PCMA           // G.711 A-law
	G722           // 7 kHz in 64 kbit/s
	L16            // linear, 16 bits
	Opus
)

// names are the SDP encoding names, by ID.
var names = [...]string{PCMU: "PCMU", PCMA: "PCMA", G722: "G722", L16: "L16", Opus: "opus"}

// IDs lists all codecs.
var IDs = []ID{PCMU, PCMA, G722, L16, Opus}

// Parse finds the codec with an SDP encoding name, in any case.
func Parse(name string) (ID, bool) {
	for id, known := range names {
		if strings.EqualFold(name, known) {
			return ID(id), true
		}
	}
	return 0, false
}

// String returns the codec's SDP encoding name.
func (id ID) String() string {
	if int(id) < len(names) {
		return names[id]
	}
	return fmt.Sprintf("codec %d", uint8(id))
}

// Format is a codec with what SDP says beside its name. The zero value is no format; see Known.
type Format struct {
	ID      ID
	ClockHz int // of RTP timestamps
	RateHz  int // of the samples: of G.722 twice the clock, by an old mistake (RFC 3551 section 4.5.2)
}

// The formats whose numbers are fixed.
var (
	FormatPCMU = Format{PCMU, 8000, 8000}
	FormatPCMA = Format{PCMA, 8000, 8000}
	FormatG722 = Format{G722, 8000, 16000}
	FormatOpus = Format{Opus, 48000, 48000}
)

// ErrFormat means that there is no codec of that name, clock rate and number of channels.
var ErrFormat = errors.New("no such audio format")

// FormatOf returns the format with an SDP encoding name, clock rate and number of channels. L16 is taken with one
// channel at 8000, 16000 or 44100 Hz; Opus says 48000 and 2 whatever it carries (RFC 7587 section 7). Errors wrap
// ErrFormat.
func FormatOf(name string, clockHz, channels int) (Format, error) {
	id, ok := Parse(name)
	var f Format
	switch {
	case !ok:
	case id == Opus && channels == 2:
		f = FormatOpus
	case channels != 1:
	case id == PCMU:
		f = FormatPCMU
	case id == PCMA:
		f = FormatPCMA
	case id == G722:
		f = FormatG722
	case id == L16 && (clockHz == 8000 || clockHz == 16000 || clockHz == 44100):
		f = Format{L16, clockHz, clockHz}
	}
	if !f.Known() || f.ClockHz != clockHz {
		return Format{}, fmt.Errorf("%w: %s/%d/%d", ErrFormat, name, clockHz, channels)
	}
	return f, nil
}

// Known tells whether f is a format, and not the zero value.
func (f Format) Known() bool { return f.ClockHz != 0 }

// Companded tells whether f is one of the two laws of G.711, which a table turns into each other.
func (f Format) Companded() bool { return f.ID == PCMU || f.ID == PCMA }

// HasMemory tells whether a payload decodes by what came before it, so that order and beginning matter.
func (f Format) HasMemory() bool { return f.ID == G722 || f.ID == Opus }

// Ticks returns how much RTP time a payload covers; 0 if it can't be one of f.
func (f Format) Ticks(payload []byte) int {
	switch f.ID {
	case L16:
		return len(payload) / 2
	case Opus:
		return opusTicks(payload)
	}
	return len(payload)
}

// RateFor returns the sample rate at which a decoder or encoder of f works best for samples that are wanted, or had,
// at wantedHz: Opus converts by itself, all others have one rate.
func (f Format) RateFor(wantedHz int) int {
	if f.ID != Opus {
		return f.RateHz
	}
	for _, rate := range [...]int{8000, 12000, 16000, 24000} {
		if wantedHz <= rate {
			return rate
		}
	}
	return f.RateHz
}
