package recorder

import (
	"bytes"
	"errors"
	"fmt"
	"syscall"
)

const (
	// cutStep is what a full disk costs the end of a recording at a time, so
	// that its sidecar finds room, in seconds.
	cutStep = 1
	// cutTries bounds it.
	cutTries = 10
)

// errNothingKept says that the disk had room for no audio at all.
var errNothingKept = errors.New("no audio could be kept")

// seal turns a part into a file with its sidecar. Names appear in an order in
// which every moment can be taken up again: sidecar, audio, then the facts go.
func seal(p *part, f facts) (Result, error) {
	p.settle()
	res := f.spec.result()
	res.Result, res.Recovered = ResultFailed, f.recovered
	for try := 0; ; try++ {
		side, sidecar, err := prepare(p, f)
		if err == nil {
			err = publish(p, side)
		}
		if err == nil {
			res.File, res.SHA256, res.DurationMS, res.Result = p.names.wav, sidecar.SHA256, sidecar.DurationMS, sidecar.Result
			res.SidecarSHA256, err = hashHex(bytes.NewReader(side))
			return res, err
		}
		if !errors.Is(err, syscall.ENOSPC) || try == cutTries {
			return res, fmt.Errorf("seal %s: %w", f.spec.ID, err)
		}
		if f.cut(max(0, f.frames-cutStep*int64(f.layout.rateHz)), err); f.nothingKept() {
			return res, fmt.Errorf("seal %s: %w: %w", f.spec.ID, errNothingKept, err)
		}
	}
}

// cut gives up the end of the file, and says so.
func (f *facts) cut(frames int64, why error) {
	for c := range channels {
		f.gaps.lose(uint8(c), uint32(frames), uint32(f.frames))
	}
	f.frames, f.damage = frames, why
}

// nothingKept reports whether the timeline goes on beyond the file, and not a
// millisecond of its audio is in it: an empty file, or silence before the first word.
func (f *facts) nothingKept() bool {
	if f.frames == f.end {
		return false
	}
	for _, a := range f.audio {
		if f.layout.milliseconds(min(a.to, f.frames)-a.from) > 0 {
			return false
		}
	}
	return true
}

// prepare makes the audio whole and durable and returns its sidecar.
func prepare(p *part, f facts) ([]byte, Sidecar, error) {
	// Always: a torn write may have left part of a frame behind the last whole one.
	if err := p.resize(f.frames); err != nil {
		return nil, Sidecar{}, err
	}
	if err := errors.Join(p.writeHeader(), p.wav.Sync()); err != nil {
		return nil, Sidecar{}, err
	}
	sha, err := p.hash()
	if err != nil {
		return nil, Sidecar{}, err
	}
	s := f.sidecar(sha)
	b, err := s.encode()
	return b, s, err
}

// publish gives sidecar and audio their names.
func publish(p *part, sidecar []byte) error {
	n := p.names
	if err := removeAll(p.disk, n.sidecarNew); err != nil {
		return err
	}
	if err := store(p.disk, n.sidecarNew, sidecar); err != nil {
		return errors.Join(err, removeAll(p.disk, n.sidecarNew))
	}
	if err := p.disk.Rename(n.sidecarNew, n.sidecar); err != nil {
		return err
	}
	return finishNames(p.disk, n)
}

// finishNames does what is left once the sidecar has its name.
func finishNames(d disk, n names) error {
	if err := d.SyncDir(n.dir); err != nil {
		return err
	}
	if err := d.Rename(n.wavPart, n.wav); err != nil {
		return err
	}
	if err := d.SyncDir(n.dir); err != nil {
		return err
	}
	return removeAll(d, n.journal)
}

// store writes a new file and makes its bytes durable.
func store(d disk, path string, b []byte) error {
	f, err := d.Create(path)
	if err != nil {
		return err
	}
	if _, err := f.WriteAt(b, 0); err != nil {
		return errors.Join(err, f.Close())
	}
	return errors.Join(f.Sync(), f.Close())
}
