package recorder

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"assent/depot"
	"assent/media/codec"
	"assent/vault"
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
		ID: id, Call: s.Call, Trunk: s.Trunk, Queue: s.Queue, Station: s.Station, File: n.stored(s.Format), SHA256: s.SHA256, SidecarSHA256: sha,
		DurationMS: s.DurationMS, Result: s.Result, Recovered: s.Recovered,
	}, err
}

// Verify is VerifyStored of a file that is not encrypted, facts beside it.
func Verify(path string) (Report, error) {
	stored, err := depot.OpenFile(path)
	if err != nil {
		return Report{ID: strings.TrimSuffix(filepath.Base(path), filepath.Ext(path)), File: path}, err
	}
	defer func() { _ = stored.Close() }() // only read
	return VerifyStored(context.Background(), stored, nil)
}

// VerifyStored holds a stored recording against its sidecar: hashes, header or
// pages, length, and silence where a gap is claimed, as far as that is seen without
// decoding. The error is of reading, or of a key that is not at hand; what does not
// hold stands in the report.
func VerifyStored(ctx context.Context, stored *depot.Recording, keys depot.Opener) (rep Report, err error) {
	rep = Report{ID: stored.ID, File: stored.Location}
	if rep.SHA256, err = hashHex(io.NewSectionReader(stored, 0, stored.Size)); err != nil {
		return rep, err
	}
	if rep.SidecarSHA256, err = hashHex(bytes.NewReader(stored.Sidecar)); err != nil {
		return rep, err
	}
	if rep.Sidecar, err = decodeSidecar(stored.Sidecar); err != nil {
		rep.problem("%v", err)
	}
	rep.checkSidecar()
	plain, size, err := stored.Plain(ctx, keys)
	if err == nil {
		err = rep.checkSeal(ctx, stored, keys, io.NewSectionReader(plain, 0, size))
	}
	if errors.Is(err, vault.ErrDamaged) || errors.Is(err, vault.ErrForeign) || errors.Is(err, vault.ErrUnfinished) {
		rep.problem("%v", err)
		return rep, nil
	}
	if err != nil {
		return rep, err
	}
	if rep.Sidecar.Format == FormatOpus {
		return rep, rep.checkOpus(io.NewSectionReader(plain, 0, size))
	}
	return rep, rep.checkAudio(plain, size)
}

// checkSeal holds an encrypted recording against the hash of what it holds, and
// names the record that is not what was written.
func (r *Report) checkSeal(ctx context.Context, stored *depot.Recording, keys depot.Opener, plain io.Reader) error {
	if (stored.Key != nil) != (r.Sidecar.PlainSHA256 != "") {
		return fmt.Errorf("%w: the sidecar and the key file differ in whether it is encrypted", vault.ErrDamaged)
	}
	if stored.Key == nil {
		return nil
	}
	if err := stored.Check(ctx, keys); err != nil {
		return err
	}
	sha, err := hashHex(plain)
	if err == nil && sha != r.Sidecar.PlainSHA256 {
		err = fmt.Errorf("%w: plain_sha256: the file holds %s, the sidecar says %s", vault.ErrDamaged, sha, r.Sidecar.PlainSHA256)
	}
	return err
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
	if !s.writable() {
		r.problem("sidecar: format %q with %s and %d parties is none that a recorder writes", s.Format, s.layout(), len(s.Channels))
	}
	if got := s.EndedAt.Sub(s.StartedAt.Time).Milliseconds(); got != s.DurationMS+s.omitted(got) {
		r.problem("sidecar: %d ms from start to end, duration_ms says %d, and %d ms are omitted", got, s.DurationMS, s.omitted(got))
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

// writable reports whether a recorder writes files of that format.
func (s *Sidecar) writable() bool {
	if len(s.Channels) != channels || !slices.Contains(Gaps(), s.GapsAs) || (len(s.Omitted) > 0 && s.GapsAs != GapsOmit) {
		return false
	}
	if s.Format == FormatOpus {
		return s.Codec == codecOpus && validRate(s.RateHz)
	}
	return s.Format == FormatWAV && s.layout().known()
}

// omitted returns how much before a time of the recording, in milliseconds, the
// file leaves out.
func (s *Sidecar) omitted(at int64) (sum int64) {
	for _, o := range s.Omitted {
		sum += max(0, min(at, o.EndMS)-o.StartMS)
	}
	return sum
}

// checkGaps looks for gaps, and things left out, that can't be.
func (r *Report) checkGaps() {
	last := int64(-1)
	for _, o := range r.Sidecar.Omitted {
		if o.StartMS <= last || o.EndMS <= o.StartMS {
			r.problem("sidecar: omitted %d to %d ms is out of place", o.StartMS, o.EndMS)
		}
		last = o.EndMS
	}
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
	lost := slices.ContainsFunc(s.Gaps, func(g SidecarGap) bool { return g.Type == kindLost.String() }) && len(s.Loss) == 0
	above := slices.ContainsFunc(s.Loss, func(l SidecarLoss) bool {
		return l.Percent > s.MaxLossPercent || l.OverrunMS > 0 || s.MaxLossPercent == 0
	})
	if lost || above || s.Recovered || s.Error != "" || s.GapsUnlisted > 0 {
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
	var tone []byte
	if r.Sidecar.GapsAs == GapsTone {
		tone = l.tone()
	}
	buf := make([]byte, chunkFrames*size)
	for _, g := range r.Sidecar.Gaps {
		if g.Channel < 0 || g.Channel >= channels {
			continue
		}
		start, end := g.StartMS+1, g.EndMS-1
		from, to := l.frames(start-r.Sidecar.omitted(start)), min(frames, l.frames(end-r.Sidecar.omitted(end)))
		k, _ := parseKind(g.Type)
		toned := r.Sidecar.GapsAs == GapsTone && k.paused()
		for ; from < to; from += chunkFrames {
			b := buf[:min(chunkFrames, to-from)*size]
			if _, err := f.ReadAt(b, l.headerBytes()+from*size); err != nil {
				return err
			}
			if toned && l.holds(b, g.Channel, tone, from) {
				continue
			}
			if toned || !l.silent(b, g.Channel) {
				r.problem("channel %d has other sound in its gap %s, %d to %d ms", g.Channel, g.Type, g.StartMS, g.EndMS)
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

// holds reports whether one channel of a file's frames, which begin at pos, is the tone.
func (l layout) holds(b []byte, channel int, tone []byte, pos int64) bool {
	want := bytes.Clone(b)
	l.mixIn(want, channel, tone, pos)
	return bytes.Equal(want, b)
}

// checkOpus reads the pages of an Ogg Opus file: each whole and in its place,
// the headers as this package writes them, the length as the sidecar says.
func (r *Report) checkOpus(f io.Reader) error {
	pages := oggReader{from: f}
	l := r.Sidecar.layout()
	end, last := uint64(0), false
	for n := uint32(0); ; n++ {
		page, err := pages.next()
		if errors.Is(err, io.EOF) && !errors.Is(err, errOgg) {
			break
		}
		if errors.Is(err, errOgg) {
			r.problem("page %d: %v", n, err)
			return nil
		}
		if err != nil {
			return err
		}
		switch {
		case last, page.sequence != n, page.serial != serialOf(r.Sidecar.ID):
			r.problem("page %d does not follow", n)
		case n == 0 && !bytes.Equal(page.body, opusHead(l)):
			r.problem("the Opus header is not that of this recording")
		case n == 1 && !bytes.HasPrefix(page.body, []byte("OpusTags")):
			r.problem("the comments are missing")
		}
		if page.granule != noGranule {
			end = max(end, page.granule)
		}
		last = page.flags&oggLast != 0
	}
	if !last || end < codec.OpusLookahead {
		r.problem("the last page is missing")
		return nil
	}
	r.DurationMS = layout{rateHz: opusRate}.milliseconds(int64(end - codec.OpusLookahead))
	if r.DurationMS != r.Sidecar.DurationMS {
		r.problem("the audio is %d ms long, the sidecar says %d", r.DurationMS, r.Sidecar.DurationMS)
	}
	return nil
}
