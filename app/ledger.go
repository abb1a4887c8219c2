package app

import (
	"context"
	"errors"
	"fmt"
	"syscall"
	"time"

	"go.uber.org/zap"

	"assent/consent"
	"assent/event"
	"assent/policy"
	"assent/store"
)

// ledgerWitnesses is how many of the newest stored answers are looked at for one
// that the ledger must have.
const ledgerWitnesses = 100

// openLedger opens the ledger. One that is damaged forbids recording, not calls;
// one that another service has open, or that can't be where the configuration
// says, forbids the start.
func openLedger(dir string, log *zap.Logger) (*consent.Ledger, error) {
	ledger, err := consent.Open(dir, log)
	if err == nil || !damage(err) {
		return ledger, err
	}
	err = adviseRepair(dir, err)
	log.Error("consent ledger damaged; calls go on unrecorded", zap.Error(err))
	return consent.Broken(dir, err)
}

// damage tells what was done to a ledger, or to its disk, from what was never a
// ledger's place.
func damage(err error) bool {
	var bad *consent.BadLine
	return errors.As(err, &bad) || errors.Is(err, syscall.EIO)
}

// adviseRepair adds what to do about a ledger that is damaged or can't be read.
func adviseRepair(dir string, err error) error {
	return fmt.Errorf("%w; stop the service, move the folder %s aside, keep it as evidence, and start again; "+
		"that start says how to accept what is then missing", err, dir)
}

// distrust ends recording until the next start, unless something else has.
func (a *App) distrust(err error) {
	if a.ledger.Ready() != nil {
		return
	}
	a.log.Error("consent ledger not trusted; calls go on unrecorded", zap.Error(err))
	a.ledger.Refuse(err)
}

// witnesses are the newest stored answers that name their place in the ledger,
// newest first, without those whose loss was accepted.
func (a *App) witnesses(ctx context.Context) ([]store.Consent, error) {
	accepted, err := consent.Accepted(a.first.Config.Consent.Ledger, now())
	if err != nil {
		a.distrust(err)
	}
	filter := store.ConsentFilter{Limit: ledgerWitnesses}
	if !accepted.IsZero() {
		filter.Since = accepted.Add(time.Millisecond)
	}
	rows, err := a.store.Consents(ctx, filter)
	if err != nil {
		return nil, fmt.Errorf("store: answers that the ledger must have: %w", err)
	}
	var witnesses []store.Consent
	for _, row := range rows {
		if row.LedgerIndex >= 0 && row.LedgerHash != "" {
			witnesses = append(witnesses, row)
		}
	}
	return witnesses, nil
}

// holdLedger compares what the ledger was found to hold with what the store
// knows of it: a shorter ledger, or another one, is consistent in itself.
func (a *App) holdLedger(ctx context.Context, left remains, witnesses []store.Consent) error {
	for _, w := range witnesses {
		if left.entries > 0 {
			crashed, err := a.crashed(ctx, w.Call)
			if err != nil {
				return err
			}
			if crashed { // its answer may not have reached the disk
				continue
			}
		}
		if found := left.hashes[w.LedgerIndex]; found != w.LedgerHash {
			a.distrust(notTheLedger(a.first.Config.Consent.Ledger, found, w))
		}
		return nil
	}
	return nil
}

// crashed tells whether a crash ended the call.
func (a *App) crashed(ctx context.Context, call string) (bool, error) {
	cdr, err := a.store.CDR(ctx, call)
	if errors.Is(err, store.ErrNotFound) { // it runs, by the store's word
		return true, nil
	}
	return cdr.Ending.By == event.ByCrash, err
}

// notTheLedger says what is wrong and what to do about it.
func notTheLedger(dir, found string, w store.Consent) error {
	at := w.At.UTC().Format("2006-01-02T15:04:05.000Z")
	what := fmt.Sprintf("has the hash %s there", found)
	if found == "" {
		what = "ends before it"
	}
	return fmt.Errorf("%s is not the ledger that it was: the store knows its entry %d (hash %s, the answer of call %s at %s), and it %s; "+
		"stop the service and put the right ledger back, or accept the loss by writing %s into the file %s, and start again",
		consent.Path(dir), w.LedgerIndex, w.LedgerHash, w.Call, at, what, at, consent.AcceptedPath(dir))
}

// answersFromStore completes what a ledger that can't be read did not tell of
// the calls that were running.
func (a *App) answersFromStore(ctx context.Context, left remains) error {
	for call, answer := range left.consents {
		if answer.Ledger != nil {
			continue
		}
		rows, err := a.store.Consents(ctx, store.ConsentFilter{Call: call, Limit: 1})
		if err != nil {
			return fmt.Errorf("store: answer of call %s: %w", call, err)
		}
		if len(rows) > 0 && rows[0].State != string(policy.StateNotAsked) {
			left.consents[call] = event.CDRConsent{State: rows[0].State, Method: rows[0].Method, Ledger: &rows[0].LedgerIndex}
		}
	}
	return nil
}
