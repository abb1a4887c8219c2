package archive

import (
	"context"
	"errors"
	"time"

	"go.uber.org/zap"

	"assent/retention"
	"assent/store"
)

// planPage is how many recordings are looked at at once.
const planPage = 500

// Due is a recording that may be deleted, or may be one day.
type Due struct {
	Recording string    `json:"recording"`
	Call      string    `json:"call"`
	Trunk     string    `json:"trunk"`
	Queue     string    `json:"queue"`
	Made      time.Time `json:"made"`
	Keep      string    `json:"keep"`
	Rule      string    `json:"rule"`    // the rule that decided
	Due       time.Time `json:"due"`     // when it may be deleted
	Blocked   string    `json:"blocked"` // why it is not, "" if nothing blocks it
}

// Kept lists recordings with what decides how long they are kept; *store.Store does.
type Kept interface {
	KeptRecordings(ctx context.Context, until time.Time, after store.Kept, limit int) ([]store.Kept, error)
}

// Plan calls found for each recording that is due before until by the rules,
// oldest first, those that are held included. It changes nothing.
func Plan(ctx context.Context, s Kept, rules retention.Rules, until time.Time, found func(Due) error) error {
	shortest, ever := rules.Shortest()
	if !ever {
		return nil
	}
	made, after := until.Add(-shortest), store.Kept{}
	for {
		page, err := s.KeptRecordings(ctx, made, after, planPage)
		if err != nil {
			return err
		}
		for _, k := range page {
			if due, ok := dueOf(k, rules, until); ok {
				if err := found(due); err != nil {
					return err
				}
			}
		}
		if len(page) < planPage {
			return nil
		}
		after = page[len(page)-1]
	}
}

// dueOf tells whether a recording is due before until.
func dueOf(k store.Kept, rules retention.Rules, until time.Time) (Due, bool) {
	facts := retention.Facts{Trunk: k.Trunk, Queue: k.Queue, Station: k.Station, Direction: k.Direction, Reason: k.Reason,
		Duration: time.Duration(k.DurationMS) * time.Millisecond, Made: k.CreatedAt}
	verdict := rules.Decide(facts)
	at, ever := verdict.Due(facts)
	if !ever || !at.Before(until) {
		return Due{}, false
	}
	d := Due{Recording: k.ID, Call: k.Call, Trunk: k.Trunk, Queue: k.Queue, Made: k.CreatedAt, Keep: verdict.Keep.String(), Rule: verdict.Rule, Due: at}
	if k.Held != "" {
		d.Blocked = "held: " + k.Held
	}
	return d, true
}

// System is who deletes by the rules.
const System = "system"

// Sweep takes up what was left, and deletes what is due and not held. It
// returns how many recordings it deleted.
func (a *Archive) Sweep(ctx context.Context, rules retention.Rules) (deleted int, err error) {
	if err := a.Resume(ctx); err != nil {
		return 0, err
	}
	err = Plan(ctx, a.deps.Store, rules, a.deps.Now(), func(d Due) error {
		if d.Blocked != "" {
			return nil
		}
		err := a.Delete(ctx, System, d.Recording, "retention: "+d.Rule+", "+d.Keep)
		switch {
		case errors.Is(err, store.ErrHeld), errors.Is(err, store.ErrDeleting), errors.Is(err, store.ErrNotFound):
			return nil // somebody was faster
		case err == nil:
			deleted++
		}
		return err
	})
	if deleted > 0 {
		a.deps.Log.Info("recordings deleted by retention", zap.Int("recordings", deleted))
	}
	return deleted, err
}
