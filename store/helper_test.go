package store

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"go.uber.org/goleak"
	"go.uber.org/zap"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

const caller = "+4980012345"

// newStore opens a store in a folder of its own and returns it with its URL.
func newStore(t testing.TB) (*Store, string) {
	t.Helper()
	url := "sqlite:" + filepath.Join(t.TempDir(), "data", "assent.db")
	return reopen(t, url), url
}

func reopen(t testing.TB, url string) *Store {
	t.Helper()
	s, err := Open(context.Background(), url, zap.NewNop())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
