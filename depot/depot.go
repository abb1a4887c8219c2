package depot

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"go.uber.org/zap"
)

const (
	// workers are the recordings that are stored side by side.
	workers = 4
	// lookEvery is how often the folder is gone through for what nobody told of.
	lookEvery = time.Minute
	// alarmShare of the spool's bound is told before it is full.
	alarmShare = 0.8
)

// Stored is a recording that has reached the store.
type Stored struct {
	ID, Call, Trunk, Queue, Station string
	SHA256                          string
	// Location is the URL of the audio; facts and key lie beside it.
	Location string
}

// Catalogue knows where recordings are.
type Catalogue interface {
	// Located keeps where a recording is, durably.
	Located(ctx context.Context, s Stored) error
	// Location returns it, empty while the recording is in the recordings folder.
	Location(ctx context.Context, id string) (string, error)
}

// Deps is what a Depot needs from outside.
type Deps struct {
	Log       *zap.Logger
	Catalogue Catalogue
	// Stored is told of each recording that has reached the store, once or, after a
	// crash, twice. It must not block.
	Stored func(Stored)
	// Now is the clock; time.Now if nil.
	Now func() time.Time
}

// Depot brings finished recordings from the recordings folder to their store, and
// opens them wherever they are. It is safe for concurrent use.
type Depot struct {
	// set once
	cfg    Config
	dir    string
	store  Store // nil: recordings stay in dir
	root   string
	layout Layout
	deps   Deps
	stop   context.CancelFunc
	wg     sync.WaitGroup
	wake   chan struct{}

	spool spool
	away  atomic.Pointer[outage]

	stored, failed atomic.Int64
}

// outage is a store that does not take what it is given.
type outage struct {
	since time.Time
	err   error
}

// New returns the depot of the recordings folder dir. It touches no disk and asks
// no store; Start does.
func New(cfg Config, dir string, deps Deps) (*Depot, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("recordings.%w", err)
	}
	store, root, err := cfg.open()
	if err != nil {
		return nil, fmt.Errorf("recordings.store: %w", err)
	}
	return newDepot(cfg, dir, store, root, deps)
}

func newDepot(cfg Config, dir string, store Store, root string, deps Deps) (*Depot, error) {
	layout, err := ParseLayout(cfg.Layout)
	if err != nil {
		return nil, fmt.Errorf("recordings.layout: %w", err)
	}
	if deps.Now == nil {
		deps.Now = time.Now
	}
	if deps.Log == nil {
		deps.Log = zap.NewNop()
	}
	return &Depot{cfg: cfg, dir: dir, store: store, root: root, layout: layout, deps: deps,
		wake: make(chan struct{}, workers), spool: spool{jobs: map[string]*job{}}}, nil
}

// Remote reports whether recordings leave the recordings folder.
func (d *Depot) Remote() bool { return d.store != nil }

// Start begins to store what lies in the folder, and what Add tells of.
func (d *Depot) Start() {
	if d.store == nil {
		return
	}
	ctx, stop := context.WithCancel(context.Background())
	d.stop = stop
	d.wg.Go(func() { d.look(ctx) })
	for range workers {
		d.wg.Go(func() { d.work(ctx) })
	}
}

// Close ends the goroutines; what is not stored stays in the folder.
func (d *Depot) Close() {
	if d.stop != nil {
		d.stop()
		d.wg.Wait()
	}
}

// Add tells of a recording that is finished: its file has its name, and ledger and
// catalogue know it. It never blocks.
func (d *Depot) Add(id string) {
	if d.store == nil {
		return
	}
	d.spool.add(id, sizeOf(d.dir, id), d.deps.Now())
	d.rouse()
}

// rouse wakes a worker.
func (d *Depot) rouse() {
	select {
	case d.wake <- struct{}{}:
	default:
	}
}

// look goes through the folder at once and then from time to time.
func (d *Depot) look(ctx context.Context) {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		if err := d.scan(); err != nil {
			d.deps.Log.Error("recordings folder can't be read", zap.Error(err))
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// work stores one recording after the other.
func (d *Depot) work(ctx context.Context) {
	for ctx.Err() == nil {
		j, wait := d.spool.next(d.deps.Now())
		if j == nil {
			late := time.NewTimer(wait)
			select {
			case <-ctx.Done():
			case <-d.wake:
			case <-late.C:
			}
			late.Stop()
			continue
		}
		d.rouse() // there may be more than this one
		err := d.put(ctx, j.id)
		if ctx.Err() != nil {
			return
		}
		d.settle(j, err)
	}
}

// settle takes note of how an attempt ended.
func (d *Depot) settle(j *job, err error) {
	now := d.deps.Now()
	if err == nil {
		d.stored.Add(1)
		d.spool.done(j)
		if was := d.away.Swap(nil); was != nil {
			d.deps.Log.Info("recordings reach the store again", zap.Duration("after", now.Sub(was.since)))
		}
		return
	}
	d.failed.Add(1)
	wait := d.spool.retry(j, now)
	if was := d.away.Load(); was != nil {
		d.away.Store(&outage{was.since, err})
	} else {
		d.away.Store(&outage{now, err})
		d.deps.Log.Warn("recording not stored; it waits in the recordings folder", zap.String("recording", j.id), zap.Duration("next_try", wait), zap.Error(err))
	}
	if used, limit := d.spool.size(), d.limit(); limit > 0 && float64(used) > alarmShare*float64(limit) {
		d.deps.Log.Error("the spool of recordings fills up", zap.Int64("bytes", used), zap.Int64("limit", limit), zap.Error(err))
	}
}

func (d *Depot) limit() int64 { return d.cfg.SpoolMiB << 20 }

// Room returns nil if the spool takes one more recording.
func (d *Depot) Room() error {
	if used, limit := d.spool.size(), d.limit(); d.store != nil && limit > 0 && used >= limit {
		return errors.Join(fmt.Errorf("recordings: %d MiB wait to be stored, and spool_mib is %d", used>>20, d.cfg.SpoolMiB), d.Trouble())
	}
	return nil
}

// Trouble returns why recordings have not reached the store for a while, nil if they do.
func (d *Depot) Trouble() error {
	if o := d.away.Load(); o != nil {
		return fmt.Errorf("%d recordings wait for their store since %s: %w", d.spool.count(), o.since.UTC().Format(time.RFC3339), o.err)
	}
	return nil
}

// Stats are the depot's figures.
type Stats struct {
	Waiting        int   // recordings in the spool
	WaitingBytes   int64 // their size
	Stored, Failed int64 // attempts since the start
}

// Stats returns the figures.
func (d *Depot) Stats() Stats {
	return Stats{d.spool.count(), d.spool.size(), d.stored.Load(), d.failed.Load()}
}
