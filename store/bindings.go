package store

import (
	"context"
	"encoding/json"
	"fmt"

	"go.uber.org/zap"

	"assent/registrar"
)

// SaveBinding puts a station's binding in line to be written; it never blocks. One that finds no place, or is not
// written, is lost with a restart: its station registers again.
func (s *Store) SaveBinding(b registrar.Binding) {
	body, err := json.Marshal(b)
	if err == nil {
		err = s.offer(job{done: s.bindingWritten, do: func(t *tx) error {
			return t.exec(`INSERT INTO bindings (station, contact, expires, body) VALUES (?, ?, ?, ?)
				ON CONFLICT (station, contact) DO UPDATE SET expires = excluded.expires, body = excluded.body`,
				b.Station, b.Contact, millis(b.Expires), string(body))
		}})
	}
	s.bindingWritten(err)
}

// DropBinding puts the end of a binding in line to be written; it never blocks.
func (s *Store) DropBinding(station, contact string) {
	s.bindingWritten(s.offer(job{done: s.bindingWritten, do: func(t *tx) error {
		return t.exec(`DELETE FROM bindings WHERE station = ? AND contact = ?`, station, contact)
	}}))
}

func (s *Store) bindingWritten(err error) {
	if err != nil {
		s.log.Warn("binding of a station not stored", zap.Error(err))
	}
}

// Bindings returns what SaveBinding has written, the newest first.
func (s *Store) Bindings(ctx context.Context) ([]registrar.Binding, error) {
	bindings, err := query(ctx, s, scanBinding, `SELECT body FROM bindings ORDER BY expires DESC, station, contact`)
	if err != nil {
		return nil, fmt.Errorf("list bindings: %w", err)
	}
	return bindings, nil
}

func scanBinding(scan func(...any) error) (b registrar.Binding, err error) {
	var body string
	if err = scan(&body); err != nil {
		return b, err
	}
	return b, json.Unmarshal([]byte(body), &b)
}
