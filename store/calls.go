package store

import (
	"context"
	"fmt"
	"time"
)

// Call is a call that runs, or ran when the process died.
type Call struct {
	ID            string
	Trunk         string
	Direction     string
	From          string
	To            string
	StartedAt     time.Time
	ConfigVersion string
}

// BeginCall notes that a call runs, until EndCall. A second call of the same id changes nothing.
func (s *Store) BeginCall(ctx context.Context, c Call) error {
	err := s.do(ctx, func(t *tx) error {
		return t.exec(`INSERT INTO running (id, trunk, direction, from_number, to_number, started_at, config_version)
			VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING`,
			c.ID, c.Trunk, c.Direction, c.From, c.To, millis(c.StartedAt), c.ConfigVersion)
	})
	if err != nil {
		return fmt.Errorf("begin call %s: %w", c.ID, err)
	}
	return nil
}

// Running returns the calls that began and did not end, oldest first. At start-up these are the ones that a crash left.
func (s *Store) Running(ctx context.Context) ([]Call, error) {
	calls, err := query(ctx, s, scanCall,
		`SELECT id, trunk, direction, from_number, to_number, started_at, config_version FROM running ORDER BY started_at, id`)
	if err != nil {
		return nil, fmt.Errorf("list running calls: %w", err)
	}
	return calls, nil
}

func scanCall(scan func(...any) error) (Call, error) {
	var c Call
	var started int64
	err := scan(&c.ID, &c.Trunk, &c.Direction, &c.From, &c.To, &started, &c.ConfigVersion)
	c.StartedAt = fromMillis(started)
	return c, err
}
