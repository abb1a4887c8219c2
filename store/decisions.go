package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"go.uber.org/zap"

	"assent/policy"
)

// Decision is one evaluation of the recording rules in a call.
type Decision struct {
	Call     string
	At       time.Time
	Trigger  string // what made the call evaluate
	Decision policy.Decision
}

// PutDecision puts a decision in line and does not wait for it: it is for explaining, and a call must not wait for that.
// The error says that it could not be put in line; a later failure is logged. A crash may lose the last ones.
func (s *Store) PutDecision(_ context.Context, call string, at time.Time, trigger string, d policy.Decision) error {
	body, err := json.Marshal(d)
	if err != nil {
		return fmt.Errorf("put decision of call %s: %w", call, err)
	}
	insert := func(t *tx) error {
		return t.exec(`INSERT INTO decisions (call, at, trigger, body) VALUES (?, ?, ?, ?)`, call, millis(at), trigger, string(body))
	}
	failed := func(err error) {
		if err != nil {
			s.log.Warn("decision not kept", zap.String("call", call), zap.Error(err))
		}
	}
	if err := s.offer(job{do: insert, done: failed}); err != nil {
		return fmt.Errorf("put decision of call %s: %w", call, err)
	}
	return nil
}

// Decisions returns the decisions of a call in the order they were made, those still in line included.
func (s *Store) Decisions(ctx context.Context, call string) ([]Decision, error) {
	if err := s.Flush(ctx); err != nil {
		return nil, fmt.Errorf("list decisions of call %s: %w", call, err)
	}
	decisions, err := query(ctx, s, scanDecision, `SELECT call, at, trigger, body FROM decisions WHERE call = ? ORDER BY id`, call)
	if err != nil {
		return nil, fmt.Errorf("list decisions of call %s: %w", call, err)
	}
	return decisions, nil
}

func scanDecision(scan func(...any) error) (Decision, error) {
	var d Decision
	var at int64
	var body string
	if err := scan(&d.Call, &at, &d.Trigger, &body); err != nil {
		return d, err
	}
	d.At = fromMillis(at)
	if err := json.Unmarshal([]byte(body), &d.Decision); err != nil {
		return d, fmt.Errorf("read decision: %w", err)
	}
	return d, nil
}
