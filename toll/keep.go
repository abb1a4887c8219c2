package toll

import (
	"context"
	"errors"
	"time"
)

// Store keeps accounts over a restart; *store.Store is one.
type Store interface {
	// Accounts returns those of periods that began at or after since.
	Accounts(ctx context.Context, since time.Time) ([]Account, error)
	// PutAccount keeps an account in place of what was stored of it.
	PutAccount(ctx context.Context, a Account) error
}

// storeTimeout bounds one write.
const storeTimeout = 2 * time.Second

// New makes a book. store may be nil: then nothing outlives it. report is told of accounts that could not be stored; it
// may be nil.
func New(store Store, report func(error)) *Book {
	if report == nil {
		report = func(error) {}
	}
	return &Book{store: store, log: report, wake: make(chan struct{}, 1), up: map[string]int{}, accounts: map[key]*Account{}, dirty: map[key]bool{}}
}

// Start takes back what was spent before, and begins to keep what is.
func (b *Book) Start(ctx context.Context, now time.Time) error {
	if b.store == nil {
		return errors.New("toll: no store")
	}
	list, err := b.store.Accounts(ctx, now.Add(-25*time.Hour))
	if err != nil {
		return err
	}
	b.mu.Lock()
	for _, a := range list {
		b.accounts[key{a.Owner, a.Class, a.Period.UTC()}] = &a
	}
	b.mu.Unlock()
	b.stop, b.done = make(chan struct{}), make(chan struct{})
	go b.run()
	return nil
}

// Close stores what is not stored yet.
func (b *Book) Close() {
	if b.stop != nil {
		close(b.stop)
		<-b.done
	}
}

func (b *Book) run() {
	defer close(b.done)
	for {
		select {
		case <-b.stop:
			b.flush()
			return
		case <-b.wake:
			b.flush()
		}
	}
}

// flush stores every account that has changed. One that the store does not take is tried again with the next change.
func (b *Book) flush() {
	for _, a := range b.changed() {
		ctx, done := context.WithTimeout(context.Background(), storeTimeout)
		err := b.store.PutAccount(ctx, a)
		done()
		if err != nil {
			b.log(err)
			b.mu.Lock()
			b.dirty[key{a.Owner, a.Class, a.Period}] = true
			b.mu.Unlock()
		}
	}
}

func (b *Book) changed() (list []Account) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for k := range b.dirty {
		list = append(list, *b.accounts[k])
	}
	clear(b.dirty)
	return list
}
