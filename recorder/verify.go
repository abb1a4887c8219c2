package recorder

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Report is what Verify found out about a stored recording.
type Report struct {
	ID   string
	File string
	// SHA256 and SidecarSHA256 are computed from the files, in hex. The ledger's
	// `sealed` entry must state the same.
	SHA256        string
	SidecarSHA256 string
	DurationMS    int64
	Sidecar       Sidecar
	// Problems says what does not hold, one sentence each.
	Problems []string
}

// OK reports whether nothing is wrong.
func (r Report) OK() bool { return len(r.Problems) == 0 }

func (r *Report) problem(format string, args ...any) {
	r.Problems = append(r.Problems, fmt.Sprintf(format, args...))
}

// Lookup returns the result of a sealed recording from its sidecar, without
// reading the audio. It returns ErrNotFound if there is none.
func (r *Recorder) Lookup(id string) (Result, error) {
	if !validID(id) {
		return Result{}, ErrNotFound
	}
	n := namesOf(r.cfg.Dir, id)
	b, err := os.ReadFile(n.sidecar)
	if errors.Is(err, os.ErrNotExist) {
		return Result{}, fmt.Errorf("%w: %s", ErrNotFound, id)
	}
	if err != nil {
		return Result{}, err
	}
	s, err := decodeSidecar(b)
	if err != nil {
		return Result{}, fmt.Errorf("%s: %w", n.sidecar, err)
	}
	sha, err := hashHex(bytes.NewReader(b))
	return Result{
		ID: id, Call: s.Call, Trunk: s.Trunk, Queue: s.Queue, Station: s.Station, File: n.wav, SHA256: s.SHA256, SidecarSHA256: sha,
		DurationMS: s.DurationMS, Result: s.Result, Recovered: s.Recovered,
	}, err
}

// Verify holds a stored file against its sidecar: hash, header, length, and
// silence where a gap is claimed. The error is of reading; what does not hold
// stands in the report.
func Verify(wavPath string) (Report, error) {
	base := strings.TrimSuffix(wavPath, ".wav")
	rep := Report{ID: filepath.Base(base), File: wavPath}
	f, err := os.Open(filepath.Clean(wavPath))
	if err != nil {
		return rep, err
	}
	defer func() { _ = f.Close() }() // only read
	info, err := f.Stat()
	if err != nil {
		return rep, err
	}
	if rep.SHA256, err = hashHex(f); err != nil {
		return rep, err
	}
	b, err := os.ReadFile(filepath.Clean(base + ".json"))
	if err != nil {
		return rep, err
	}
	if rep.SidecarSHA256, err = hashHex(bytes.NewReader(b)); err != nil {
		return rep, err
	}
	if rep.Sidecar, err = decodeSidecar(b); err != nil {
		rep.problem("%v", err)
	}
	rep.checkSidecar()
	return rep, rep.checkAudio(f, info.Size())
}

// checkSidecar looks for what contradicts itself.
func (r *Report) checkSidecar() {
	s := &r.Sidecar
	if s.ID != r.ID {
		r.problem("sidecar: is of %q, not of this file", s.ID)
	}
	if s.SHA256 != r.SHA256 {
		r.problem("sha256: the file has %s, the sidecar says %s", r.SHA256, s.SHA256)
	}
	if l := s.layout(); s.Format != FormatWAV || !l.known() || len(s.Channels) != channels {
		r.problem("sidecar: format %q with %s and %d parties is none that a recorder writes", s.Format, l, len(s.Channels))
	}
	if got := s.EndedAt.Sub(s.StartedAt.Time).Milliseconds(); got != s.DurationMS {
		r.problem("sidecar: %d ms from start to end, duration_ms says %d", got, s.DurationMS)
	}
	if want := s.expectedResult(); s.Result != want {
		r.problem("sidecar: result is %q, by the rest of it %q", s.Result, want)
	}
	misplaced := slices.ContainsFunc(s.FirstSample, func(f FirstSample) bool { return f.Channel < 0 || f.Channel >= channels }) ||
		slices.ContainsFunc(s.Drift.Slips, func(d SidecarSlip) bool { return d.Channel < 0 || d.Channel >= channels || d.Position < 0 }) ||
		slices.ContainsFunc(s.Loss, func(l SidecarLoss) bool { return l.Channel < 0 || l.Channel >= channels })
	if misplaced || int64(len(s.Drift.Slips)) > s.Drift.Count {
		r.problem("sidecar: first_sample, drift or loss name what is not there")
	}
	r.checkGaps()
}

// checkGaps looks for gaps that can't be.
func (r *Report) checkGaps() {
	var end [channels]int64
	channel := 0
	for _, g := range r.Sidecar.Gaps {
		k, known := parseKind(g.Type)
		if !known || !k.gap() || k == kindUnplaced || g.Channel < channel || g.Channel >= channels || g.StartMS < end[g.Channel] || g.EndMS < g.StartMS {
			r.problem("sidecar: gap %s on channel %d, %d to %d ms, is out of place", g.Type, g.Channel, g.StartMS, g.EndMS)
			return
		}
		channel = g.Channel
		end[g.Channel] = g.EndMS
	}
}

// expectedResult returns the result that follows from the other fields.
func (s *Sidecar) expectedResult() string {
	lost := slices.ContainsFunc(s.Gaps, func(g SidecarGap) bool { return g.Type == kindLost.String() })
	if lost || s.Recovered || s.Error != "" || len(s.Loss) > 0 || s.GapsUnlisted > 0 {
		return ResultDegraded
	}
	return ResultOK
}

// checkAudio holds the file against its header and the sidecar.
func (r *Report) checkAudio(f io.ReaderAt, size int64) error {
	l := r.Sidecar.layout()
	if !l.known() {
		return nil // checkSidecar has told it
	}
	h := make([]byte, l.headerBytes())
	if n, err := f.ReadAt(h, 0); err != nil {
		if errors.Is(err, io.EOF) {
			r.problem("the file is %d bytes long, shorter than a header", n)
			return nil
		}
		return err
	}
	dataBytes, trailer, err := l.parseHeader(h, r.Sidecar.origin())
	if err != nil {
		r.problem("%v", err)
		return nil
	}
	if dataBytes+trailer != size-l.headerBytes() || dataBytes%int64(l.frameBytes()) != 0 {
		r.problem("header: states %d bytes of audio and %d behind it, the file has %d", dataBytes, trailer, size-l.headerBytes())
		return nil
	}
	r.DurationMS = l.milliseconds(dataBytes / int64(l.frameBytes()))
	if r.DurationMS != r.Sidecar.DurationMS {
		r.problem("the audio is %d ms long, the sidecar says %d", r.DurationMS, r.Sidecar.DurationMS)
	}
	if l.channels != channels {
		return nil
	}
	return r.checkSilence(f, l, dataBytes/int64(l.frameBytes()))
}

// checkSilence looks for sound where the sidecar says that there is a gap. The
// millisecond at each end is left out: gaps are rounded to it.
func (r *Report) checkSilence(f io.ReaderAt, l layout, frames int64) error {
	size := int64(l.frameBytes())
	buf := make([]byte, chunkFrames*size)
	for _, g := range r.Sidecar.Gaps {
		if g.Channel < 0 || g.Channel >= channels {
			continue
		}
		from, to := l.frames(max(0, g.StartMS+1)), min(frames, l.frames(g.EndMS-1))
		for ; from < to; from += chunkFrames {
			b := buf[:min(chunkFrames, to-from)*size]
			if _, err := f.ReadAt(b, l.headerBytes()+from*size); err != nil {
				return err
			}
			if !l.silent(b, g.Channel) {
				r.problem("channel %d has sound in its gap %s, %d to %d ms", g.Channel, g.Type, g.StartMS, g.EndMS)
				break
			}
		}
	}
	return nil
}

// silent reports whether one channel of a file's frames is silence.
func (l layout) silent(b []byte, channel int) bool {
	size, quiet := l.sampleBytes(), l.silence()
	for i := channel * size; i+size <= len(b); i += l.frameBytes() {
		if b[i] != quiet || b[i+size-1] != quiet {
			return false
		}
	}
	return true
}
