package store

import (
	"context"
	"fmt"
	"time"

	"assent/toll"
)

// accountsKept is how long an account is kept after its period began: longer than any period.
const accountsKept = 30 * 24 * time.Hour

// PutAccount keeps what was spent of a budget in one period, in place of what was stored of it; accounts long over go.
func (s *Store) PutAccount(ctx context.Context, a toll.Account) error {
	err := s.do(ctx, func(t *tx) error {
		if err := t.exec(`DELETE FROM accounts WHERE period < ?`, millis(a.Period.Add(-accountsKept))); err != nil {
			return err
		}
		return t.exec(`INSERT OR REPLACE INTO accounts (owner, class, period, calls, minutes) VALUES (?, ?, ?, ?, ?)`,
			a.Owner, a.Class, millis(a.Period), a.Calls, a.Minutes)
	})
	if err != nil {
		return fmt.Errorf("account of %s: %w", a.Owner, err)
	}
	return nil
}

// Accounts returns what was spent in periods that began at or after since.
func (s *Store) Accounts(ctx context.Context, since time.Time) ([]toll.Account, error) {
	list, err := query(ctx, s, scanAccount, `SELECT owner, class, period, calls, minutes FROM accounts WHERE period >= ? ORDER BY owner, class, period`, millis(since))
	if err != nil {
		return nil, fmt.Errorf("accounts: %w", err)
	}
	return list, nil
}

func scanAccount(scan func(...any) error) (a toll.Account, err error) {
	var period int64
	err = scan(&a.Owner, &a.Class, &period, &a.Calls, &a.Minutes)
	a.Period = fromMillis(period)
	return a, err
}
