package recorder

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"go.uber.org/zap"

	"assent/vault"
)

// errGarbage says that a part can't be finished and belongs into quarantine.
var errGarbage = errors.New("can't be finished")

// journalLimit bounds what Recover reads of a recording's facts.
const journalLimit = 64 << 20

// Recover finishes what an earlier run left: parts become files with sidecars,
// what can't be read moves to `quarantine/` with the reason beside it. It can be
// repeated, and a crash in it is taken up by the next one. It leaves alone what
// this recorder or another process still writes. The error joins what went
// wrong with single recordings; the results hold all others.
func (r *Recorder) Recover(ctx context.Context) ([]Result, error) {
	ids, err := r.leftovers()
	if err != nil {
		return nil, fmt.Errorf("recover recordings: %w", err)
	}
	var out []Result
	var all error
	for _, id := range ids {
		if ctx.Err() != nil {
			return out, errors.Join(all, context.Cause(ctx))
		}
		res, err := r.recoverOne(id)
		if errors.Is(err, errBusy) {
			continue
		}
		if err != nil {
			all = errors.Join(all, fmt.Errorf("recover %s: %w", id, err))
			res.Result, res.Err = ResultFailed, err
		}
		r.log.Info("recording recovered", zap.String("recording", id), zap.String("call", res.Call),
			zap.String("result", res.Result), zap.Int64("duration_ms", res.DurationMS), zap.Error(res.Err))
		out = append(out, res)
	}
	return out, all
}

// leftovers returns the ids that have unfinished files, in order.
func (r *Recorder) leftovers() ([]string, error) {
	list, err := os.ReadDir(r.cfg.Dir)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var ids []string
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, e := range list {
		for _, suffix := range []string{".wav.part", ".json.part", ".json.new", ".wav.new", ".opus.new"} {
			id, found := strings.CutSuffix(e.Name(), suffix)
			if found && e.Type().IsRegular() && r.live[id] == nil && !slices.Contains(ids, id) {
				ids = append(ids, id)
			}
		}
	}
	return ids, nil
}

// recoverOne finishes or quarantines one recording.
func (r *Recorder) recoverOne(id string) (Result, error) {
	n := namesOf(r.cfg.Dir, id)
	d, err := r.diskOf(n)
	if err != nil {
		return Result{ID: id}, err
	}
	p, f, err := reopen(d, n)
	if p != nil {
		defer func() { _ = p.close() }() // everything was synced, or is kept as it is
	}
	res := f.spec.result()
	res.ID, res.Result, res.Recovered = id, ResultFailed, true
	switch {
	case errors.Is(err, errBusy):
		return res, err
	case errors.Is(err, errGarbage):
		res.Err = err
		return res, r.quarantine(n, err)
	case err != nil:
		return res, err
	}
	if p.wav == nil {
		return r.recoverNames(n, res)
	}
	if f.frames == 0 || f.spec.ID == "" {
		res.Err = errors.New("the process died before any audio was written")
		return res, errors.Join(removeAll(r.disk, n.all()...), r.disk.SyncDir(n.dir))
	}
	return r.recoverAudio(p, f)
}

// recoverNames handles facts without growing audio: the crash came after the
// file had its name, or before there was any.
func (r *Recorder) recoverNames(n names, res Result) (Result, error) {
	if sealed, err := r.Lookup(res.ID); err == nil {
		if _, err := os.Stat(sealed.File); err == nil {
			return sealed, removeAll(r.disk, n.unfinished()...)
		}
	}
	res.Err = errors.New("the process died before any audio was written")
	return res, removeAll(r.disk, append(n.unfinished(), n.key)...)
}

// recoverAudio seals growing audio, or finishes the names of what was sealed.
func (r *Recorder) recoverAudio(p *part, f facts) (Result, error) {
	if made, format := p.made(); made != "" {
		if err := finishNames(p.disk, p.names, made, format); err != nil {
			return f.spec.result(), err
		}
		if err := removeAll(p.disk, p.names.unfinished()...); err != nil {
			return f.spec.result(), err
		}
		return r.Lookup(f.spec.ID)
	}
	if err := removeAll(p.disk, p.names.sidecarNew, p.names.rendered(FormatWAV), p.names.rendered(FormatOpus)); err != nil {
		return f.spec.result(), err
	}
	f.recovered = true
	f.settleEnd()
	return r.seal(context.Background(), p, f)
}

// made returns the file of which the sidecar that is there tells, under its last
// name or an earlier one, and its format; "" if there is none.
func (p *part) made() (path, format string) {
	b, err := os.ReadFile(p.names.sidecar)
	if err != nil {
		return "", ""
	}
	side, err := decodeSidecar(b)
	if err != nil {
		return "", ""
	}
	for _, path := range []string{p.names.stored(side.Format), p.names.rendered(side.Format), p.names.wavPart} {
		if sha, err := hashFile(path); err == nil && sha == side.SHA256 {
			return path, side.Format
		}
	}
	return "", ""
}

// hashFile returns the SHA-256 of a file, in hex.
func hashFile(path string) (string, error) {
	f, err := os.Open(filepath.Clean(path))
	if err != nil {
		return "", err
	}
	defer func() { _ = f.Close() }() // only read
	return hashHex(f)
}

// settleEnd takes the end of the file for the end of the timeline. Silence that
// reaches it is no gap: nothing proves that anything was sent.
func (f *facts) settleEnd() {
	f.end = f.frames
	for c := range f.audio {
		f.audio[c].to = f.end
	}
	for _, g := range f.gaps.list {
		if g.kind == kindUnplaced && int64(g.to) >= f.end {
			f.audio[g.channel].to = int64(g.from)
		}
	}
}

// reopen opens what is left of a recording and reads its facts. The part has
// no audio file if none was left; facts without an id had nothing worth keeping.
func reopen(d disk, n names) (*part, facts, error) {
	p := &part{names: n, disk: d, journal: noFile{}}
	size, err := p.openFiles()
	if err != nil {
		return nil, facts{}, errors.Join(err, p.close())
	}
	var f facts
	var unread error
	if b, err := io.ReadAll(io.NewSectionReader(p.journal, 0, journalLimit)); err != nil {
		return p, f, err
	} else if f, unread = replay(b); unread == nil && f.spec.ID != filepath.Base(strings.TrimSuffix(n.wav, ".wav")) {
		unread = fmt.Errorf("the facts are of %q", f.spec.ID)
	} else if unread == nil && !f.layout.known() {
		unread = fmt.Errorf("the facts tell of audio that no recorder writes: %s", f.layout)
	}
	if p.wav == nil || size <= f.layout.headerBytes() {
		return p, f, nil
	}
	if unread != nil {
		return p, f, fmt.Errorf("%w: %w", errGarbage, unread)
	}
	if f.damage = errors.Join(f.damage, p.damage); p.damage != nil {
		f.damage = fmt.Errorf("%w; what follows is lost", f.damage)
	}
	return p, f, p.adopt(&f, size)
}

// openFiles opens what is there, and returns the size of the audio file.
func (p *part) openFiles() (int64, error) {
	journal, _, err := p.open(p.names.journal)
	if err == nil {
		p.journal = journal
	} else if !errors.Is(err, os.ErrNotExist) {
		return 0, err
	}
	if p.key, err = openKey(p.disk, p.names); err != nil {
		return 0, err
	}
	wav, size, err := p.open(p.names.wavPart)
	if errors.Is(err, os.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	p.wav = wav
	return size, nil
}

// open opens a file, and keeps what was found damaged in it.
func (p *part) open(path string) (file, int64, error) {
	f, size, err := p.disk.Open(path)
	if f != nil && errors.Is(err, vault.ErrDamaged) {
		p.damage = errors.Join(p.damage, fmt.Errorf("%s: %w", filepath.Base(path), err))
		err = nil
	}
	return f, size, err
}

// adopt checks the header and takes every whole frame of a file of size bytes.
func (p *part) adopt(f *facts, size int64) error {
	p.layout, p.origin = f.layout, originOf(f.spec)
	h := make([]byte, p.layout.headerBytes())
	if _, err := p.wav.ReadAt(h, 0); err != nil {
		return err
	}
	dataBytes, trailer, err := p.layout.parseHeader(h, p.origin)
	if err != nil && strings.Trim(string(h), "\x00") != "" { // zeros: the power failed before the header was on disk
		return fmt.Errorf("%w: %w", errGarbage, err)
	}
	audio := size - p.layout.headerBytes()
	if err == nil && trailer > 0 { // it died behind the last sample
		audio = min(audio, dataBytes)
	}
	f.frames = audio / int64(p.layout.frameBytes())
	p.audioBytes.Store(audio)
	return nil
}

// noFile stands for facts that are not there.
type noFile struct{}

func (noFile) ReadAt([]byte, int64) (int, error)  { return 0, io.EOF }
func (noFile) WriteAt([]byte, int64) (int, error) { return 0, os.ErrInvalid }
func (noFile) Truncate(int64) error               { return os.ErrInvalid }
func (noFile) Sync() error                        { return nil }
func (noFile) Close() error                       { return nil }

// quarantine moves what is left of a recording aside, the reason first.
func (r *Recorder) quarantine(n names, why error) error {
	dir := filepath.Join(n.dir, "quarantine")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	reason := filepath.Join(dir, filepath.Base(n.wavPart)+".reason")
	if err := removeAll(r.disk, reason); err != nil {
		return err
	}
	if err := store(r.disk, reason, []byte(why.Error()+"\n")); err != nil {
		return err
	}
	for _, path := range []string{n.wavPart, n.journal, n.key} {
		if err := r.disk.Rename(path, filepath.Join(dir, filepath.Base(path))); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	return errors.Join(removeAll(r.disk, n.unfinished()...), r.disk.SyncDir(dir), r.disk.SyncDir(n.dir))
}
