package recorder

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"syscall"

	"go.uber.org/zap"
)

const (
	// cutStep is what a full disk costs the end of a recording at a time, so
	// that its sidecar finds room, in seconds.
	cutStep = 1
	// cutTries bounds it.
	cutTries = 10
)

var (
	// errNothingKept says that the disk had room for no audio at all.
	errNothingKept = errors.New("no audio could be kept")
	// errStopped says that the recorder ends before the file is made; Recover takes it up.
	errStopped = errors.New("the recorder ended before the file was made")
)

// product is the file that gets the recording's name: the one that grew, or one
// that was rendered from it.
type product struct {
	file file
	path string
	size int64
}

// seal turns a part into a file with its sidecar. Names appear in an order in
// which every moment can be taken up again: sidecar, audio, then the facts go.
func (r *Recorder) seal(ctx context.Context, p *part, f facts) (Result, error) {
	p.settle()
	res := f.spec.result()
	res.Result, res.Recovered = ResultFailed, f.recovered
	for try := 0; ; try++ {
		made, side, err := r.prepare(ctx, p, &f)
		if err == nil {
			err = made.publish(p, side, f.stored)
		}
		if made.file != nil && made.file != p.wav {
			err = errors.Join(err, made.file.Close())
		}
		if err == nil {
			res, err = f.sealed(res, p.names, side)
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

// sealed completes the result of a recording that has its names.
func (f *facts) sealed(res Result, n names, side []byte) (Result, error) {
	sidecar, err := decodeSidecar(side)
	if err != nil {
		return res, err
	}
	res.File, res.SHA256, res.DurationMS, res.Result = n.stored(f.stored), sidecar.SHA256, sidecar.DurationMS, sidecar.Result
	res.SidecarSHA256, err = hashHex(bytes.NewReader(side))
	return res, err
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

// prepare makes the stored file, whole and durable, and its sidecar. A file that
// can't be rendered costs nothing: the one that grew is kept as it is. So is
// what a crash left, since no start may wait for an encoder.
func (r *Recorder) prepare(ctx context.Context, p *part, f *facts) (product, []byte, error) {
	f.stored, f.rendering, f.edit, f.maxLoss = FormatWAV, r.cfg.Gaps, edit{}, r.cfg.MaxLossPercent
	if err := p.syncKey(); err != nil {
		return product{}, nil, err
	}
	// Always: a torn write may have left part of a frame behind the last whole one.
	if err := p.resize(f.frames); err != nil {
		return product{}, nil, err
	}
	if err := p.overlay(f.tones(f.rendering)); err != nil {
		return product{}, nil, err
	}
	if f.spec.rendered(r.cfg.Gaps) && !f.recovered {
		made, err := p.render(ctx, f)
		if err == nil {
			return f.describe(made)
		}
		if ctx.Err() != nil {
			return product{}, nil, fmt.Errorf("%w: %w", errStopped, err)
		}
		r.log.Error("recording kept as WAV", zap.String("recording", f.spec.ID), zap.String("format", f.spec.Format), zap.Error(err))
	}
	if f.stored, f.edit = FormatWAV, (edit{}); f.rendering == GapsOmit {
		f.rendering = GapsSilence
	}
	made, err := p.complete(trailer(f.cues()))
	if err != nil {
		return product{}, nil, err
	}
	return f.describe(made)
}

// describe returns the sidecar of a file.
func (f *facts) describe(made product) (product, []byte, error) {
	sha, plain, err := made.hashes()
	if err != nil {
		return made, nil, err
	}
	sidecar := f.sidecar(sha)
	sidecar.PlainSHA256 = plain
	side, err := sidecar.encode()
	return made, side, err
}

// hash returns the SHA-256 of what the file holds, read again from the start.
func (m product) hash() (string, error) {
	return hashHex(io.NewSectionReader(m.file, 0, m.size))
}

// publish gives sidecar and audio their names.
func (m product) publish(p *part, sidecar []byte, format string) error {
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
	return finishNames(p.disk, n, m.path, format)
}

// finishNames does what is left once the sidecar has its name.
func finishNames(d disk, n names, made, format string) error {
	if err := d.SyncDir(n.dir); err != nil {
		return err
	}
	if err := d.Rename(made, n.stored(format)); err != nil {
		return err
	}
	if err := d.SyncDir(n.dir); err != nil {
		return err
	}
	return removeAll(d, n.wavPart, n.journal)
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
