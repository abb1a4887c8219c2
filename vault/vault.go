package vault

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"sync"
	"time"

	"go.uber.org/zap"
)

const (
	// stock is how many data keys lie ready: the recordings that may begin within one
	// answer of a key management service.
	stock = 256
	// firstRetry and lastRetry bound the pause after a KEK that was not there.
	firstRetry = time.Second
	lastRetry  = 30 * time.Second
	// startWait is how long Start waits for the first key, so that start-up can read
	// what a crash left.
	startWait = 5 * time.Second
)

var (
	// ErrNotReady says that there is no data key for a new recording.
	ErrNotReady = errors.New("encryption: no key is ready")
	errClosed   = errors.New("the vault is closed")
)

// Vault hands out data keys. Its methods are safe for concurrent use, and none
// but Start and Open waits for a key management service.
type Vault struct {
	// set once
	cfg   Config
	check func(*Ring) error
	log   *zap.Logger
	keys  chan ready
	first chan struct{} // closed once the first key is made, or was not to be had
	stop  context.CancelFunc
	wg    sync.WaitGroup

	// shared, guarded by mu
	mu      sync.Mutex
	ring    *Ring
	trouble error
}

// ready is a data key that no recording has yet.
type ready struct {
	key     []byte
	wrapped Wrapped
}

// New returns a vault for the keys of cfg. check is asked whether a ring is the
// one that the recordings here are wrapped with; see Pin.Check.
func New(cfg Config, check func(*Ring) error, log *zap.Logger) (*Vault, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("recordings.encryption.%w", err)
	}
	return &Vault{cfg: cfg, check: check, log: log, keys: make(chan ready, stock), first: make(chan struct{}), trouble: ErrNotReady}, nil
}

// Start looks for the KEK, and waits a few seconds for the first key. That there
// is none is no error: Ready tells it, and the vault goes on looking.
func (v *Vault) Start() {
	ctx, stop := context.WithCancel(context.Background())
	v.stop = stop
	v.wg.Go(func() { v.run(ctx) })
	late := time.NewTimer(startWait)
	defer late.Stop()
	select {
	case <-v.first:
	case <-late.C:
	}
}

// Close ends the goroutine.
func (v *Vault) Close() {
	if v.stop != nil {
		v.stop()
		v.wg.Wait()
	}
	v.tell(nil, errClosed)
}

// run keeps the stock full until ctx ends, and waits longer after each failure.
func (v *Vault) run(ctx context.Context) {
	retry, told := firstRetry, false
	for ctx.Err() == nil {
		err := v.fill(ctx)
		if !told {
			close(v.first)
			told = true
		}
		if err == nil {
			retry = firstRetry
			continue
		}
		select {
		case <-ctx.Done():
		case <-time.After(retry):
		}
		retry = min(2*retry, lastRetry)
	}
}

// fill makes one data key and puts it in stock, waiting for a place there.
func (v *Vault) fill(ctx context.Context) error {
	ring, err := v.open()
	if err == nil {
		var k ready
		if k, err = fresh(ctx, ring); err == nil {
			v.tell(ring, nil)
			select {
			case v.keys <- k:
			case <-ctx.Done():
			}
			return nil
		}
	}
	if ctx.Err() == nil {
		v.tell(ring, err)
	}
	return err
}

// open returns the ring, found and checked.
func (v *Vault) open() (*Ring, error) {
	v.mu.Lock()
	ring := v.ring
	v.mu.Unlock()
	if ring != nil {
		return ring, nil
	}
	ring, err := OpenRing(v.cfg)
	if err != nil {
		return nil, err
	}
	if err := v.check(ring); err != nil {
		return nil, err
	}
	return ring, nil
}

// fresh makes a data key, wraps it, and sees to it that it can be unwrapped again.
func fresh(ctx context.Context, ring *Ring) (ready, error) {
	key := make([]byte, keyBytes)
	_, _ = rand.Read(key) // never fails: the program ends instead
	w, err := ring.wrap(ctx, key)
	if err != nil {
		return ready{}, err
	}
	back, err := ring.unwrap(ctx, w)
	if err != nil {
		return ready{}, err
	}
	if string(back) != string(key) {
		return ready{}, fmt.Errorf("%s gives back another key than it wrapped", ring.Current())
	}
	return ready{key, w}, nil
}

// tell keeps what was found out, and logs what has changed.
func (v *Vault) tell(ring *Ring, err error) {
	v.mu.Lock()
	before := v.trouble
	v.trouble = err
	if ring != nil {
		v.ring = ring
	}
	v.mu.Unlock()
	switch {
	case err == nil && before != nil:
		v.log.Info("encryption ready", zap.String("kek", ring.Current()))
	case err != nil && !errors.Is(err, errClosed) && (before == nil || before.Error() != err.Error()):
		v.log.Error("encryption not ready; calls go on unrecorded", zap.Error(err))
	}
}

// Ready returns nil if a recording that begins now gets a key.
func (v *Vault) Ready() error {
	if len(v.keys) > 0 {
		return nil
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.trouble != nil {
		return fmt.Errorf("encryption: %w", v.trouble)
	}
	return nil // used up this moment, and refilled the next
}

// NewKey returns the data key of a new recording. It never waits: with none in
// stock it returns ErrNotReady.
func (v *Vault) NewKey(recording string) (*Key, error) {
	select {
	case k := <-v.keys:
		k.wrapped.Recording = recording
		return newKey(k.wrapped, k.key)
	default:
		return nil, errors.Join(ErrNotReady, v.Ready())
	}
}

// Open returns the data key that the text of a key file holds.
func (v *Vault) Open(ctx context.Context, text []byte) (*Key, error) {
	v.mu.Lock()
	ring, trouble := v.ring, v.trouble
	v.mu.Unlock()
	if ring == nil {
		return nil, fmt.Errorf("%w: %w", ErrUnknownKEK, trouble)
	}
	return ring.Open(ctx, text)
}
