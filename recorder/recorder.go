package recorder

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"go.uber.org/zap"
)

const (
	// writers append audio; two, so that one slow file does not hold up all others.
	writers = 2
	// sealers finish files; their fsyncs share journal commits of the file system.
	sealers = 4
	// sealQueue is more than the recordings that can end within one stalled fsync;
	// beyond it they wait with their writer.
	sealQueue = 1024
	// coresPerEncoder leaves most of the machine to calls; encoders also run at a
	// lower priority.
	coresPerEncoder = 4
	// memoryLimit bounds the audio that all recordings hold while a disk stalls.
	memoryLimit = 256 << 20
	// durableWait is how long audio waits in memory for the ledger.
	durableWait = 2 * time.Second
	keepEvery   = 50 * time.Millisecond
	// idleChunks are ready before any recording is open.
	idleChunks = 64
	// flushEvery and the disorder window are what a killed process loses.
	flushEvery = 150 * time.Millisecond
	// syncEvery is what a power failure loses, with the two above, where the disk keeps up; the promise is 5 s. Each
	// recording has its turn in that time, so that the disk's work is spread.
	syncEvery = 3 * time.Second
	syncTurns = 30
	// retryEvery is the pause after a failed write.
	retryEvery = time.Second
)

// Deps is what a Recorder needs from outside.
type Deps struct {
	Log *zap.Logger
	// Keys seal recordings; nil leaves them in clear.
	Keys Keys
	// Room returns why there is no room for one more recording, beside the disk's; may be nil.
	Room func() error
	// Now is the clock; time.Now if nil.
	Now func() time.Time
	// SpaceChanged is told when the room in the folder gets low, and when it is not
	// any more; it may be nil, and must not block.
	SpaceChanged func(Space)
}

// Recorder owns the recordings folder.
type Recorder struct {
	// set once
	cfg          Config
	log          *zap.Logger
	now          func() time.Time
	made         time.Time // when New was called
	disk         disk
	keys         Keys // nil: recordings are in clear
	room         func() error
	pool         *pool
	writers      []*writer
	sealing      chan *Recording // to be sealed as they are
	encoding     chan *Recording // to be rendered first
	health       health
	space        space
	spaceChanged func(Space)

	// shared, guarded by mu
	mu      sync.Mutex
	live    map[string]*Recording
	waiting map[*Recording]struct{}
	opened  int
	started bool
	closed  bool
	empty   chan struct{} // closed when the last live recording is done, once closing
	stop    context.CancelFunc
	wg      sync.WaitGroup

	newNames atomic.Bool // files were created since the folder was last synced
}

// New returns a recorder for cfg.Dir. It touches no disk; Start does.
func New(cfg Config, deps Deps) (*Recorder, error) {
	return newRecorder(cfg, deps, osDisk{}, memoryLimit)
}

// newRecorder is New on a given disk and with a given bound of memory.
func newRecorder(cfg Config, deps Deps, d disk, limit int) (*Recorder, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("recordings.%w", err)
	}
	if deps.Log == nil {
		deps.Log = zap.NewNop()
	}
	if deps.Room == nil {
		deps.Room = func() error { return nil }
	}
	if deps.Now == nil {
		deps.Now = time.Now
	}
	if cfg.Gaps == "" {
		cfg.Gaps = GapsSilence
	}
	r := &Recorder{
		cfg: cfg, log: deps.Log, now: deps.Now, made: deps.Now(), disk: d, keys: deps.Keys, room: deps.Room, spaceChanged: deps.SpaceChanged, pool: newPool(limit),
		sealing: make(chan *Recording, sealQueue), encoding: make(chan *Recording, sealQueue), live: map[string]*Recording{},
		waiting: map[*Recording]struct{}{}, empty: make(chan struct{}),
	}
	for range writers {
		r.writers = append(r.writers, &writer{r: r, wakeup: make(chan struct{}, 1), buf: make([]byte, writeBytes)})
	}
	return r, nil
}

// age returns how long before now the recorder was made, never 0: by the clock that no correction of the wall clock moves.
func (r *Recorder) age(now time.Time) time.Duration { return now.Sub(r.made) + 1 }

// Start makes the folder if it is missing, and starts the goroutines. A folder
// that can't be used is no error: Ready tells it, and calls go on without
// recordings. Call Recover before or after it, once.
func (r *Recorder) Start() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.started || r.closed {
		return errors.New("recorder: started twice, or after its end")
	}
	r.started = true
	if err := os.MkdirAll(r.cfg.Dir, 0o700); err != nil {
		r.log.Warn("recordings folder can't be made", zap.Error(err))
	}
	r.probe()
	r.pool.prepare(idleChunks)
	ctx, stop := context.WithCancel(context.Background())
	r.stop = stop
	r.wg.Go(func() { r.keep(ctx) })
	r.wg.Go(func() { r.syncAll(ctx) })
	for _, w := range r.writers {
		r.wg.Go(func() { w.run(ctx) })
	}
	for range sealers {
		r.wg.Go(func() { r.sealAll(ctx, r.sealing) })
	}
	for range max(1, runtime.GOMAXPROCS(0)/coresPerEncoder) {
		r.wg.Go(func() { r.encodeAll(ctx) })
	}
	return nil
}

// Close seals what is still open, as far as it got, and ends the goroutines.
// When ctx ends first it returns its error and leaves the rest to Recover.
func (r *Recorder) Close(ctx context.Context) error {
	for _, rec := range r.beginClose() {
		rec.Finish(Final{})
	}
	r.mu.Lock()
	started := r.started
	r.mu.Unlock()
	if !started {
		return nil
	}
	select {
	case <-r.empty:
	case <-ctx.Done():
		r.stop()
		return fmt.Errorf("close recorder: %w", context.Cause(ctx))
	}
	r.stop()
	r.wg.Wait()
	return nil
}

// beginClose refuses new recordings and returns those that live.
func (r *Recorder) beginClose() []*Recording {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.closed {
		r.closed = true
		if len(r.live) == 0 {
			close(r.empty)
		}
	}
	out := make([]*Recording, 0, len(r.live))
	for _, rec := range r.live {
		out = append(out, rec)
	}
	return out
}

// Open begins a recording. It never waits for the disk: audio stays in memory,
// and not even a name exists, until durable yields nil, the word that the
// ledger entry is safe. An error, a channel that is closed without a word, or
// two seconds without one block the recording for good and drop its memory.
func (r *Recorder) Open(spec Spec, durable <-chan error) *Recording {
	spec = spec.clone()
	if spec.Format == "" {
		spec.Format = r.cfg.Format
	}
	spec.complete()
	rec := &Recording{id: spec.ID, opened: r.now(), ready: durable, done: make(chan struct{})}
	rec.spec = spec
	rec.layout, rec.rate = layoutOf(spec), int64(spec.RateHz)
	if validRate(spec.RateHz) {
		rec.ring = newRing(r.pool, spec.RateHz)
	}
	rec.result = spec.result()
	if err := r.register(rec); err != nil {
		rec.phase, rec.result.Result, rec.result.Err = phaseOver, ResultFailed, err
		close(rec.done)
	}
	return rec
}

// register takes a recording in, unless it can't be one.
func (r *Recorder) register(rec *Recording) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case r.closed || !r.started:
		return ErrClosed
	case !validID(rec.id):
		return fmt.Errorf("recording id %q can't be a file's name; use a ULID", rec.id)
	case !validRate(rec.layout.rateHz):
		return fmt.Errorf("recording %s: %d Hz can't be recorded; use 8000, 16000, 24000 or 48000", rec.id, rec.layout.rateHz)
	case !knownFormat(rec.spec.Format):
		return fmt.Errorf("recording %s: format %q is unknown; use %s", rec.id, rec.spec.Format, knownFormats())
	case r.live[rec.id] != nil:
		return fmt.Errorf("recording id %s is in use", rec.id)
	}
	r.live[rec.id] = rec
	r.waiting[rec] = struct{}{}
	rec.writer, rec.turn = r.writers[r.opened%len(r.writers)], r.opened%syncTurns
	r.opened++
	return nil
}

// finish gives back the memory of a recording, and tells its result.
func (r *Recorder) finish(rec *Recording, res Result) {
	rec.mu.Lock()
	rec.phase, rec.result = phaseOver, res
	rec.ring.drop()
	rec.gaps, rec.slips, rec.journal = gapList{}, nil, nil
	rec.mu.Unlock()
	r.mu.Lock()
	delete(r.live, rec.id)
	last := r.closed && len(r.live) == 0
	r.mu.Unlock()
	close(rec.done)
	if last {
		close(r.empty)
	}
}
