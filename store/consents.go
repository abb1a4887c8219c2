package store

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Consent is one answer to a consent question, kept so that it can serve later calls.
type Consent struct {
	ID          int64 // of the row; PutConsent gives it
	Call        string
	Caller      string // the number; kept normalised, and as "" if the caller is anonymous
	State       string
	Method      string
	Prompt      string
	Language    string
	At          time.Time
	ExpiresAt   time.Time // zero: it serves no later call
	LedgerIndex int64
	LedgerHash  string // with the index a checkpoint for the ledger; may be ""
}

const consentColumns = `call, caller, state, method, prompt, language, at, expires_at, ledger_index, ledger_hash`

// PutConsent keeps an answer.
func (s *Store) PutConsent(ctx context.Context, c Consent) error {
	caller, err := normalise(c.Caller)
	if err != nil && !errors.Is(err, ErrAnonymous) {
		return fmt.Errorf("put consent of call %s: %w", c.Call, err)
	}
	err = s.do(ctx, func(t *tx) error {
		return t.exec(`INSERT INTO consents (`+consentColumns+`) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
			c.Call, caller, c.State, c.Method, c.Prompt, c.Language, millis(c.At), millis(c.ExpiresAt), c.LedgerIndex, c.LedgerHash)
	})
	if err != nil {
		return fmt.Errorf("put consent of call %s: %w", c.Call, err)
	}
	return nil
}

// newest are the two orders in which an answer may be a caller's newest: by the wall clock, and as they were written down.
// They differ where the clock was set back, or where two calls overlap.
var newest = [...]string{"at DESC, id DESC", "id DESC"}

// FindConsent returns the consent that serves the caller at now. The newest of the caller's answers counts, in both orders: if it grants
// and has not expired it is returned; if it declines or withdraws, or has expired, the error is ErrNotFound. Questions
// that got no answer (no_input, invalid), and what was not an answer of the caller (not_asked, on_file), change nothing.
// For an anonymous caller the error is ErrAnonymous, which is an ErrNotFound.
func (s *Store) FindConsent(ctx context.Context, caller string, now time.Time) (Consent, error) {
	number, err := normalise(caller)
	if err != nil {
		return Consent{}, err
	}
	var c Consent
	for _, order := range newest {
		c, err = queryOne(ctx, s, scanConsent, `SELECT id, `+consentColumns+` FROM consents
		WHERE caller = ? AND caller <> '' AND state IN ('granted', 'declined', 'withdrawn') ORDER BY `+order+` LIMIT 1`, number)
		if err != nil {
			return Consent{}, fmt.Errorf("find consent: %w", err)
		}
		if c.State != "granted" || !now.Before(c.ExpiresAt) {
			return Consent{}, fmt.Errorf("find consent: %w", ErrNotFound)
		}
	}
	return c, nil
}

// ConsentFilter chooses consents. Zero fields choose all.
type ConsentFilter struct {
	Call   string
	Caller string // the number
	State  string
	Since  time.Time // given not before
	Until  time.Time // given before
	Before int64     // rows below this one: the last row of the page before
	Limit  int       // 0: defaultLimit
}

// Consents returns the answers that f chooses, newest first. The error is ErrAnonymous if f.Caller is not a number.
func (s *Store) Consents(ctx context.Context, f ConsentFilter) ([]Consent, error) {
	var w where
	if f.Caller != "" {
		number, err := normalise(f.Caller)
		if err != nil {
			return nil, fmt.Errorf("list consents: %w", err)
		}
		w.text("caller =", number)
	}
	w.text("call =", f.Call)
	w.text("state =", f.State)
	w.time("at >=", f.Since)
	w.time("at <", f.Until)
	w.number("id <", f.Before)
	consents, err := query(ctx, s, scanConsent,
		`SELECT id, `+consentColumns+` FROM consents`+w.sql()+` ORDER BY id DESC LIMIT ?`, w.with(limit(f.Limit))...)
	if err != nil {
		return nil, fmt.Errorf("list consents: %w", err)
	}
	return consents, nil
}

func scanConsent(scan func(...any) error) (Consent, error) {
	var c Consent
	var at, expires int64
	err := scan(&c.ID, &c.Call, &c.Caller, &c.State, &c.Method, &c.Prompt, &c.Language, &at, &expires, &c.LedgerIndex, &c.LedgerHash)
	c.At, c.ExpiresAt = fromMillis(at), fromMillis(expires)
	return c, err
}
