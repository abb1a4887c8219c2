package recorder

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
)

// names are the paths of one recording.
type names struct{ dir, base, wav, wavPart, sidecar, sidecarNew, journal, key string }

func namesOf(dir, id string) names {
	base := filepath.Join(dir, id)
	return names{dir, base, base + ".wav", base + ".wav.part", base + ".json", base + ".json.new", base + ".json.part", base + ".key"}
}

// stored returns the path of the stored file of a format.
func (n names) stored(format string) string {
	if format == FormatOpus {
		return n.base + ".opus"
	}
	return n.wav
}

// rendered returns the path of a stored file that is still being made.
func (n names) rendered(format string) string { return n.stored(format) + ".new" }

// unfinished returns the paths of what has no place beside a finished recording,
// the facts last.
func (n names) unfinished() []string {
	return []string{n.sidecarNew, n.rendered(FormatWAV), n.rendered(FormatOpus), n.wavPart, n.journal}
}

// all returns every path that a recording may have, the facts and their key last.
func (n names) all() []string {
	return append(append([]string{n.sidecar, n.wav, n.stored(FormatOpus)}, n.unfinished()...), n.key)
}

// part is a recording that grows: its audio, and its facts beside it.
type part struct {
	// set once
	names  names
	disk   disk
	layout layout
	origin origin

	// owned by the writer, then by the sealer
	journalSize int64

	audioBytes atomic.Int64 // written; read by the syncer
	dirty      atomic.Bool  // audio is not durable
	noted      atomic.Bool  // facts are not

	mu      sync.Mutex // held while syncing and while closing
	wav     file
	journal file
	key     file  // nil if the recording is in clear
	damage  error // what was found when it was opened again
	settled bool  // a sealer has it; no more syncing
	syncErr error
}

// createPart makes the files: the facts before the audio, so that no audio is ever
// without them, and before both the key that seals them.
func createPart(d disk, n names, first []entry, l layout) (*part, error) {
	for _, sealed := range []string{n.wav, n.stored(FormatOpus), n.sidecar} {
		if _, err := os.Lstat(sealed); !errors.Is(err, os.ErrNotExist) {
			return nil, fmt.Errorf("%s is there already: %w", sealed, cmp.Or(err, os.ErrExist))
		}
	}
	key, err := keepKey(d, n)
	if err != nil {
		return nil, err
	}
	p := &part{names: n, disk: d, layout: l, origin: originOf(*first[0].Spec), key: key}
	if p.journal, err = d.Create(n.journal); err != nil {
		p.journal = noFile{}
		return nil, errors.Join(err, p.close(), removeAll(d, n.key))
	}
	if err := p.log(first); err != nil {
		return nil, errors.Join(err, p.close(), removeAll(d, n.journal, n.key))
	}
	if p.wav, err = d.Create(n.wavPart); err != nil {
		return nil, errors.Join(err, p.close(), removeAll(d, n.journal, n.key))
	}
	if err := p.writeHeader(); err != nil {
		return nil, errors.Join(err, p.close(), removeAll(d, n.wavPart, n.journal, n.key))
	}
	return p, nil
}

// log appends lines to the journal.
func (p *part) log(list []entry) error {
	if len(list) == 0 {
		return nil
	}
	b, err := encodeEntries(list)
	if err != nil {
		return err
	}
	if _, err := p.journal.WriteAt(b, p.journalSize); err != nil {
		return fmt.Errorf("write facts: %w", err)
	}
	p.journalSize += int64(len(b))
	p.noted.Store(true)
	return nil
}

const (
	// blockBytes is a page of the cache and a block of the file system. A write that does not end with one has the rest
	// of it zeroed, and comes back to it: half of a small write's cost.
	blockBytes = 4096
	// blocksPerSecond: a block is waited for if it holds at most a seventh of a second (128 ms of 16-bit audio at 8 kHz),
	// for what waits is lost with the process.
	blocksPerSecond = 7
)

// whole returns how many of so many frames fill the file's last block. Where blocks are long it is all of them.
func (p *part) whole(frames int) int {
	size := p.layout.frameBytes()
	if blockBytes*blocksPerSecond > p.layout.rateHz*size {
		return frames
	}
	end := p.layout.headerBytes() + p.audioBytes.Load() + int64(frames*size)
	beyond := int(end % blockBytes)
	return max(frames-(beyond+size-1)/size, 0)
}

// append writes whole frames of two channels, as memory holds them; b is used
// up. It returns how many frames were written even if it fails.
func (p *part) append(b []byte) (frames int, err error) {
	b = p.layout.pack(b)
	size := p.audioBytes.Load()
	n, err := p.wav.WriteAt(b, p.layout.headerBytes()+size)
	frames = n / p.layout.frameBytes()
	p.audioBytes.Store(size + int64(frames*p.layout.frameBytes()))
	p.dirty.Store(true)
	if err != nil {
		return frames, fmt.Errorf("write audio: %w", err)
	}
	return frames, nil
}

// resize makes the audio that many frames long. Where it grows, the end is zeros.
func (p *part) resize(frames int64) error {
	size := frames * int64(p.layout.frameBytes())
	if err := p.wav.Truncate(p.layout.headerBytes() + size); err != nil {
		return fmt.Errorf("set length: %w", err)
	}
	p.audioBytes.Store(size)
	p.dirty.Store(true)
	return nil
}

// writeHeader states the present length.
func (p *part) writeHeader() error {
	h := p.layout.header(p.origin, p.audioBytes.Load(), 0)
	if _, err := p.wav.WriteAt(h, 0); err != nil {
		return fmt.Errorf("write header: %w", err)
	}
	return nil
}

// sync makes everything written so far durable, facts before audio, with a header that states it.
func (p *part) sync() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.settled {
		return nil
	}
	var err error
	if p.noted.Swap(false) {
		err = errors.Join(p.syncKey(), p.journal.Sync())
	}
	if p.dirty.Swap(false) {
		err = errors.Join(err, p.writeHeader(), p.wav.Sync())
	}
	if err != nil {
		p.syncErr = err
	}
	return err
}

// syncKey makes the key durable, before anything that it seals.
func (p *part) syncKey() error {
	if p.key == nil {
		return nil
	}
	return p.key.Sync()
}

// complete ends the file with chunks behind the audio, and makes it durable.
// The header is durable first: it says where the audio ends, so that nobody
// takes those chunks for audio.
func (p *part) complete(behind []byte) (product, error) {
	audio := p.audioBytes.Load()
	end := p.layout.headerBytes() + audio
	h := p.layout.header(p.origin, audio, int64(len(behind)))
	if _, err := p.wav.WriteAt(h, 0); err != nil {
		return product{}, fmt.Errorf("write header: %w", err)
	}
	if err := p.wav.Sync(); err != nil {
		return product{}, err
	}
	if len(behind) > 0 {
		if _, err := p.wav.WriteAt(behind, end); err != nil {
			return product{}, fmt.Errorf("write markers: %w", err)
		}
		if err := p.wav.Sync(); err != nil {
			return product{}, err
		}
	}
	return product{p.wav, p.names.wavPart, end + int64(len(behind))}, nil
}

// failure returns what went wrong while syncing; after such an error the data
// may be gone from the cache though a later attempt says yes.
func (p *part) failure() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.syncErr
}

// settle takes the part from the syncer, whose header would be older than the
// sealer's. It waits for a sync that is under way.
func (p *part) settle() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.settled = true
}

// close closes both files.
func (p *part) close() error {
	p.settle()
	var err error
	if p.wav != nil {
		err = p.wav.Close()
	}
	if p.key != nil {
		err = errors.Join(err, p.key.Close())
	}
	return errors.Join(err, p.journal.Close())
}
