package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"sync"
	"time"

	"go.uber.org/zap"

	"assent/consent"
	"assent/depot"
	"assent/event"
	"assent/evidence"
	"assent/store"
)

const (
	// auditRate bounds what the self-audit reads of recordings, in bytes a second:
	// an hour of two-channel audio every fourteen seconds.
	auditRate = 8 << 20
	// maxTold bounds what is remembered of what was told already.
	maxTold = 10_000
)

// auditor re-checks while the service runs what the product promises: every stored
// recording against ledger and barrier, and decisions, ledger, files and store
// against each other. A trunk with one sample from below a barrier is barred from
// recording until the next start.
type auditor struct {
	// set once
	app  *App
	stop context.CancelFunc
	over chan struct{} // closed when run has ended

	mu     sync.Mutex // guards all below
	barred map[string]error
	told   map[string]bool
	counts auditCounts
}

// auditCounts are the last pass's figures.
type auditCounts struct {
	mismatches int // of the four lists
	invalid    int // recordings that do not hold
	checked    int64
}

func newAuditor(a *App) *auditor {
	return &auditor{app: a, over: make(chan struct{}), barred: map[string]error{}, told: map[string]bool{}}
}

// Barred returns why the trunk may record nothing, or nil.
func (u *auditor) Barred(trunk string) error {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.barred[trunk]
}

// Unconsented is told by a call of samples from below its barrier.
func (u *auditor) Unconsented(trunk string, samples uint64) {
	u.bar(trunk, store.Recording{Trunk: trunk}, samples)
}

// bar counts samples from below a barrier and ends recording on the trunk.
func (u *auditor) bar(trunk string, r store.Recording, samples uint64) {
	u.app.metrics.Unconsented(samples)
	why := fmt.Errorf("trunk %s: %d samples from below a consent barrier were recorded (recording %s); "+
		"look into it with assent recording verify, and start the service again", trunk, samples, r.ID)
	u.mu.Lock()
	first := u.barred[trunk] == nil
	if first {
		u.barred[trunk] = why
	}
	u.mu.Unlock()
	if first {
		u.app.log.Error("recording stopped on a trunk", zap.String("trunk", trunk), zap.Error(why))
	}
	u.app.events.Publish(event.Event{Time: now(), Type: event.AuditFailed, Trunk: trunk, Call: r.Call, Reason: "unconsented", Detail: why.Error(),
		Recording: &event.Recording{ID: r.ID}})
	if first {
		u.app.calls.Reconsider(trunk)
	}
}

// start begins the audit; every is how long it rests between two passes.
func (u *auditor) start(every time.Duration) {
	ctx, cancel := context.WithCancel(context.Background())
	u.stop = cancel
	go u.run(ctx, every) // ends in Close
}

// Close ends the audit wherever it is.
func (u *auditor) Close(context.Context) error {
	u.stop()
	<-u.over
	return nil
}

func (u *auditor) run(ctx context.Context, every time.Duration) {
	defer close(u.over)
	before := now() // calls of an earlier run have left all their traces
	for {
		for name, pass := range map[string]func() error{
			"lists": func() error { return u.reconcile(ctx, before) },
			"files": func() error { return u.checkFiles(ctx) },
		} {
			if err := pass(); err != nil && ctx.Err() == nil {
				u.app.log.Error("audit not done", zap.String("of", name), zap.Error(err))
			}
		}
		if !pause(ctx, every) {
			return
		}
		before = now().Add(-settleTime)
	}
}

// pause waits, and returns false if ctx ended before.
func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// reconcile tells what the four lists do not agree on.
func (u *auditor) reconcile(ctx context.Context, settled time.Time) error {
	found, err := Mismatches(ctx, u.app.store, u.app.first.Config, settled)
	if err != nil {
		return err
	}
	u.mu.Lock()
	u.counts.mismatches = len(found)
	u.mu.Unlock()
	for _, m := range found {
		u.tell(m.Kind, m.What, store.Recording{ID: m.Recording, Call: m.Call})
	}
	return nil
}

// tell publishes a finding once in a run of the service.
func (u *auditor) tell(kind, what string, r store.Recording) {
	key := kind + " " + r.ID + " " + r.Call
	u.mu.Lock()
	told := u.told[key]
	if len(u.told) >= maxTold {
		clear(u.told)
	}
	u.told[key] = true
	u.mu.Unlock()
	if told {
		return
	}
	u.app.log.Warn("audit found a mismatch", zap.String("kind", kind), zap.String("recording", r.ID), zap.String("call", r.Call), zap.String("what", what))
	u.app.events.Publish(event.Event{Time: now(), Type: event.AuditFailed, Trunk: r.Trunk, Call: r.Call, Reason: kind, Detail: what,
		Recording: &event.Recording{ID: r.ID}})
}

// checkFiles judges every stored recording, at a bounded rate.
func (u *auditor) checkFiles(ctx context.Context) error {
	invalid := 0
	err := eachRecording(ctx, u.app.store, func(page []store.Recording) error {
		calls := map[string]bool{}
		for _, r := range page {
			calls[r.Call] = true
		}
		entries, err := consent.OfCalls(u.app.first.Config.Consent.Ledger, calls)
		if err != nil {
			return err
		}
		for _, r := range page {
			ok, err := u.checkFile(ctx, r, entries[r.Call])
			if err != nil {
				return err
			}
			if !ok {
				invalid++
			}
		}
		return nil
	})
	if err == nil {
		u.mu.Lock()
		u.counts.invalid = invalid
		u.mu.Unlock()
	}
	return err
}

// checkFile judges one recording and rests as long as its size asks for. One whose
// file is not there is the lists' matter.
func (u *auditor) checkFile(ctx context.Context, r store.Recording, entries []consent.Record) (holds bool, err error) {
	report, err := verifyRow(ctx, u.app.depot, u.app.keys(), r)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, depot.ErrNotFound) {
		return true, nil
	}
	if err != nil {
		return false, fmt.Errorf("recording %s: %w", r.ID, err)
	}
	findings := evidence.Case{Report: report, Entries: entries}.Findings()
	if samples := evidence.Unconsented(findings); samples > 0 && u.first("unconsented", r) {
		u.bar(r.Trunk, r, samples)
	}
	for _, f := range findings {
		u.tell("not_valid", f.String(), r)
	}
	u.mu.Lock()
	u.counts.checked++
	u.mu.Unlock()
	rest := time.Duration(report.DurationMS) * bytesPerMS * time.Second / auditRate
	if !pause(ctx, rest) {
		return false, ctx.Err()
	}
	return len(findings) == 0, nil
}

// bytesPerMS is what a millisecond of two channels of 16 bits at 8 kHz takes.
const bytesPerMS = 32

// first reports whether something was not found before in this run.
func (u *auditor) first(kind string, r store.Recording) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	key := kind + " " + r.ID
	told := u.told[key]
	u.told[key] = true
	return !told
}

// figures returns the last pass's figures.
func (u *auditor) figures() auditCounts {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.counts
}
