package recorder

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
)

// entry is one line of `<id>.json.part`: the facts of a growing recording, the
// newest last. A line that a crash tore is ignored.
type entry struct {
	Version int          `json:"v,omitempty"` // on the first line only
	Spec    *Spec        `json:"spec,omitempty"`
	Gap     *journalGap  `json:"gap,omitempty"`  // a gap that was found
	Mark    *journalGap  `json:"mark,omitempty"` // a later word on gaps already told
	Audio   *journalGap  `json:"audio,omitempty"`
	Slip    *SidecarSlip `json:"slip,omitempty"`
	Damage  string       `json:"damage,omitempty"`
}

// journalGap is a gap as the journal writes it, in samples.
type journalGap struct {
	Channel int    `json:"channel"`
	Type    string `json:"type"`
	From    int64  `json:"from"`
	To      int64  `json:"to"`
}

// journalVersion is the version of the journal's format.
const journalVersion = 1

func specEntry(s Spec) entry { return entry{Spec: &s} }
func gapEntry(g gap) entry   { return entry{Gap: g.journaled()} }
func markEntry(g gap) entry  { return entry{Mark: g.journaled()} }
func slipEntry(s slip) entry { return entry{Slip: s.sidecar()} }

func audioEntry(channel int, from int64) entry {
	return entry{Audio: &journalGap{Channel: channel, Type: kindAudio.String(), From: from}}
}

func (g gap) journaled() *journalGap {
	return &journalGap{int(g.channel), g.kind.String(), int64(g.from), int64(g.to)}
}

func (s slip) sidecar() *SidecarSlip {
	return &SidecarSlip{Channel: int(s.channel), Position: int64(s.position), Samples: int(s.samples)}
}

// gap returns the gap of a journal line, if it makes sense.
func (j journalGap) gap() (gap, bool) {
	k, ok := parseKind(j.Type)
	ok = ok && j.Channel >= 0 && j.Channel < channels && j.From >= 0 && j.From <= j.To && j.To < 1<<32
	return gap{uint32(j.From), uint32(j.To), uint8(j.Channel), k, true}, ok
}

// encodeEntries returns the entries as JSON lines.
func encodeEntries(list []entry) ([]byte, error) {
	var b bytes.Buffer
	for _, e := range list {
		line, err := json.Marshal(e)
		if err != nil {
			return nil, fmt.Errorf("encode facts: %w", err)
		}
		b.Write(line)
		b.WriteByte('\n')
	}
	return b.Bytes(), nil
}

// replay rebuilds what a journal tells. Only whole, valid lines count; after
// the first one that is neither, nothing is believed.
func replay(b []byte) (facts, error) {
	var f facts
	known := false
	for {
		line, rest, whole := bytes.Cut(b, []byte{'\n'})
		var e entry
		if !whole || json.Unmarshal(line, &e) != nil {
			break
		}
		if !known && (e.Spec == nil || e.Version != journalVersion) {
			return f, fmt.Errorf("the facts begin with no recording of version %d", journalVersion)
		}
		known, b = true, rest
		f.apply(e)
	}
	if !known {
		return f, errors.New("the facts have no whole first line")
	}
	return f, nil
}

// apply takes over what one line tells.
func (f *facts) apply(e entry) {
	if e.Spec != nil {
		f.spec = e.Spec.clone()
		f.spec.complete()
		f.layout = layoutOf(f.spec)
	}
	if e.Gap != nil {
		if g, ok := e.Gap.gap(); ok {
			f.gaps.add(g)
		}
	}
	if e.Mark != nil {
		if g, ok := e.Mark.gap(); ok {
			f.gaps.retype(g.channel, g.from, g.to, g.kind)
		}
	}
	if e.Audio != nil && e.Audio.Channel >= 0 && e.Audio.Channel < channels {
		f.audio[e.Audio.Channel] = span{e.Audio.From, e.Audio.From + 1, kindAudio}
	}
	if s := e.Slip; s != nil && s.Channel >= 0 && s.Channel < channels {
		f.slipped[s.Channel]++
		f.slips = append(f.slips, slip{uint32(s.Position), uint8(s.Channel), int8(s.Samples)})
	}
	if e.Damage != "" {
		f.damage = errors.New(e.Damage)
	}
}
