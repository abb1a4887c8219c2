package app

import (
	"context"
	"errors"
	"time"

	"go.uber.org/zap"

	"assent/archive"
	"assent/configs"
	"assent/consent"
	"assent/consent/merkle"
	"assent/depot"
	"assent/recorder"
	"assent/retention"
	"assent/store"
)

const (
	// sweepEvery is how often recordings are looked at that may be due.
	sweepEvery = time.Hour
	// maxLeap is how far the wall clock may run ahead of the time that passed
	// before nothing is deleted by it.
	maxLeap = time.Hour
)

// openArchive makes the archive. Deletions that the last run did not live to
// finish are taken up by the first sweep, once the ledger is known to be the
// right one.
func (a *App) openArchive(context.Context) error {
	dir := a.first.Config.Consent.Ledger
	deps := archive.Deps{
		Log: a.log.Named("archive"), Store: a.store, Audit: a.uses, Ledger: a.ledger, Events: a.events, Sign: a.signer.SignText,
		Open: func(ctx context.Context, r store.Recording) (*depot.Recording, error) {
			return openRow(ctx, a.depot, r)
		},
		Elsewhere: func(ctx context.Context, id string) error { return a.depot.Erase(ctx, id, "") },
		Prove:     prover(dir, merkle.Keys{Log: a.signer.Verifier()}, nil),
		Forget:    a.ladder.Forget,
		Entries:   func(call string) ([]consent.Record, error) { return consent.ByCall(dir, call) },
	}
	if a.vault != nil {
		deps.Keys = a.vault
	}
	a.archive = archive.New(deps)
	return nil
}

// startSweeps deletes what is due, now and every hour, until the service stops.
func (a *App) startSweeps(context.Context) error {
	ctx, stop := context.WithCancel(context.Background())
	over := make(chan struct{})
	go func() { // ends with stop, and is waited for by the closer
		defer close(over)
		tick := time.NewTicker(sweepEvery)
		defer tick.Stop()
		began := time.Now()
		for {
			a.sweep(ctx, began, time.Now())
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
		}
	}()
	a.closing("sweeps", func(context.Context) error { stop(); <-over; return nil })
	return nil
}

// sweep deletes what is due by the present rules, unless the wall clock leapt.
func (a *App) sweep(ctx context.Context, began, now time.Time) {
	if leapt(began, now) {
		a.log.Error("the clock leapt ahead: no recording is deleted by it; set it right and restart")
		return
	}
	if _, err := a.archive.Sweep(ctx, a.current.Load().snapshot.Config.Retention); err != nil && ctx.Err() == nil {
		a.log.Error("sweep of recordings not finished", zap.Error(err))
	}
}

// leapt tells whether more time passed on the wall than went by.
func leapt(began, now time.Time) bool {
	return now.Round(0).Sub(began.Round(0))-now.Sub(began) > maxLeap // Round takes the monotonic reading off
}

// eraseWithdrawn deletes recordings of which the ledger says that their caller's
// withdrawal erased them, and that a crash kept from it.
func (a *App) eraseWithdrawn(ctx context.Context, left remains, recovered map[string]recorder.Result) {
	for id, call := range left.withdrawn {
		if r := recovered[call]; r.ID == id {
			recovered[call] = recorder.Result{ID: id, Call: call, Queue: r.Queue, Station: r.Station, Result: recorder.ResultFailed}
		}
		err := a.archive.Delete(ctx, archive.System, id, "consent_withdrawn")
		if err != nil && !errors.Is(err, store.ErrNotFound) && !errors.Is(err, store.ErrDeleting) {
			a.log.Error("recording of a withdrawn consent not erased", zap.String("recording", id), zap.Error(err))
		}
	}
}

// RetentionPlan lists the recordings that are due before until by the
// configuration's rules, and what blocks it. It may run beside the service, and
// changes nothing.
func RetentionPlan(ctx context.Context, opts Options, until time.Time) ([]archive.Due, retention.Rules, error) {
	snapshot, err := configs.Load(opts.Config, opts.Env)
	if err != nil {
		return nil, nil, err
	}
	s, err := store.OpenReadOnly(ctx, snapshot.Config.Store, zap.NewNop())
	if err != nil {
		return nil, nil, err
	}
	defer s.Close()
	due := []archive.Due{}
	err = archive.Plan(ctx, s, snapshot.Config.Retention, until, func(d archive.Due) error {
		due = append(due, d)
		return nil
	})
	return due, snapshot.Config.Retention, err
}
