package recorder

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"
)

// SidecarSchema is the JSON Schema of a sidecar.
//
//go:embed schema/sidecar.json
var SidecarSchema []byte

// Sidecar is what stands beside a recording. It does not change once written.
type Sidecar struct {
	ID            string        `json:"id"`
	Call          string        `json:"call"`
	Trunk         string        `json:"trunk"`
	Queue         string        `json:"queue"`
	Station       string        `json:"station"`
	Direction     string        `json:"direction"`
	From          string        `json:"from"`
	To            string        `json:"to"`
	Format        string        `json:"format"`
	Codec         string        `json:"codec"`
	RateHz        int           `json:"rate_hz"`
	DualChannel   bool          `json:"dual_channel"`
	Channels      []Channel     `json:"channels"`
	StartedAt     Timestamp     `json:"started_at"`
	EndedAt       Timestamp     `json:"ended_at"`
	DurationMS    int64         `json:"duration_ms"`
	FirstSample   []FirstSample `json:"first_sample"`
	Reason        string        `json:"reason"`
	ConfigVersion string        `json:"config_version"`
	Consent       Consent       `json:"consent"`
	Barrier       []Floor       `json:"barrier"`
	Beep          *Beep         `json:"beep,omitempty"`
	Gaps          []SidecarGap  `json:"gaps"`
	// GapsAs is how the file holds its pauses, one of Gaps, and Omitted is what it
	// leaves out. All times are those of the recording; the file's are earlier by
	// what is left out before.
	GapsAs       string        `json:"gaps_as"`
	Omitted      []SidecarSpan `json:"omitted"`
	GapsUnlisted int64         `json:"gaps_unlisted"`
	Loss         []SidecarLoss `json:"loss"`
	// MaxLossPercent is the share of a channel that may be lost in a recording
	// whose result is ok.
	MaxLossPercent float64      `json:"max_loss_percent"`
	Drift          SidecarDrift `json:"drift"`
	Recovered      bool         `json:"recovered"`
	Error          string       `json:"error,omitempty"`
	// SHA256 is of the stored file; where that is encrypted, PlainSHA256 is of what it holds.
	SHA256      string `json:"sha256"`
	PlainSHA256 string `json:"plain_sha256,omitempty"`
	Result      string `json:"result"`
}

// SidecarGap is typed silence on one channel, to the millisecond.
type SidecarGap struct {
	Type    string `json:"type"`
	Channel int    `json:"channel"`
	StartMS int64  `json:"start_ms"`
	EndMS   int64  `json:"end_ms"`
}

// SidecarSpan is a stretch of both channels, to the millisecond.
type SidecarSpan struct {
	StartMS int64 `json:"start_ms"`
	EndMS   int64 `json:"end_ms"`
}

// SidecarLoss adds up what a channel lacks: on the line, behind the disorder
// window (which is part of what is lost unless it was a duplicate), and beyond
// the memory that a stalled disk may take.
type SidecarLoss struct {
	Channel   int   `json:"channel"`
	LostMS    int64 `json:"lost_ms"`
	LateMS    int64 `json:"late_ms"`
	OverrunMS int64 `json:"overrun_ms"`
	// Percent is the share that is lost of the time in which the channel had audio.
	Percent float64 `json:"percent"`
	// Ranges is the map of what is lost, in order.
	Ranges []SidecarRange `json:"ranges"`
}

// SidecarRange is a stretch of lost audio: "lost" on the line, "late" where it
// came behind the disorder window, "unstored" where memory or disk had no room.
type SidecarRange struct {
	Type    string `json:"type"`
	StartMS int64  `json:"start_ms"`
	EndMS   int64  `json:"end_ms"`
}

// SidecarDrift tells how the clocks were brought together.
type SidecarDrift struct {
	// Count is the number of slips; Slips may list fewer.
	Count int64         `json:"count"`
	Slips []SidecarSlip `json:"slips"`
}

// SidecarSlip is one correction, at a position in samples.
type SidecarSlip struct {
	Channel  int   `json:"channel"`
	Position int64 `json:"position"`
	Samples  int   `json:"samples"`
}

// timestampLayout is RFC 3339 in UTC with milliseconds.
const timestampLayout = "2006-01-02T15:04:05.000Z"

// Timestamp is a time that JSON shows in UTC with milliseconds.
type Timestamp struct{ time.Time }

// MarshalJSON returns the time as RFC 3339 in UTC with milliseconds.
func (t Timestamp) MarshalJSON() ([]byte, error) {
	return []byte(`"` + t.UTC().Format(timestampLayout) + `"`), nil
}

// UnmarshalJSON reads what MarshalJSON writes, and nothing else.
func (t *Timestamp) UnmarshalJSON(b []byte) error {
	parsed, err := time.Parse(`"`+timestampLayout+`"`, string(b))
	if err != nil {
		return fmt.Errorf("time %s: %w", b, err)
	}
	t.Time = parsed
	return nil
}

// layout returns how the file's frames stand, by what the sidecar says.
func (s *Sidecar) layout() layout {
	return layoutOf(Spec{Codec: s.Codec, RateHz: s.RateHz, DualChannel: s.DualChannel})
}

// origin returns what the file's header must tell.
func (s *Sidecar) origin() origin { return origin{s.ID, s.Call, s.StartedAt.UTC()} }

// encode returns the sidecar as it is stored.
func (s Sidecar) encode() ([]byte, error) {
	b, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("encode sidecar %s: %w", s.ID, err)
	}
	return append(b, '\n'), nil
}

// decodeSidecar reads a stored sidecar: known keys only, written as we write it.
func decodeSidecar(b []byte) (Sidecar, error) {
	var s Sidecar
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(&s); err != nil {
		return s, fmt.Errorf("sidecar: %w", err)
	}
	if again, err := s.encode(); err != nil || !bytes.Equal(again, b) {
		return s, errors.New("sidecar: is not written as a recorder writes it")
	}
	return s, nil
}

// hashHex returns the SHA-256 of what r yields, in hex.
func hashHex(r io.Reader) (string, error) {
	h := sha256.New()
	if _, err := io.CopyBuffer(onlyWriter{h}, r, make([]byte, 256<<10)); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// onlyWriter hides other methods, so that the given buffer is used.
type onlyWriter struct{ io.Writer }
