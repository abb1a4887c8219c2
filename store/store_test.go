package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/zap"

	"assent/event"
)

func TestMigrationsRunFromEmptyAndOnlyOnce(t *testing.T) {
	s, url := newStore(t)
	must(t, s.BeginCall(t.Context(), Call{ID: "c1", StartedAt: noon}))
	must(t, s.Close())
	for range 2 {
		again := reopen(t, url)
		running, err := again.Running(t.Context())
		if err != nil || len(running) != 1 {
			t.Errorf("after reopening: %v, %v", running, err)
		}
		must(t, again.Close())
	}
}

func TestSchemaOfANewerProgramIsRefused(t *testing.T) {
	s, url := newStore(t)
	must(t, s.do(t.Context(), func(tx *tx) error {
		return tx.exec(`INSERT INTO goose_db_version (version_id, is_applied) VALUES (?, 1)`, schema+1)
	}))
	must(t, s.Close())
	if _, err := Open(t.Context(), url, zap.NewNop()); err == nil || !strings.Contains(err.Error(), "newer assent") {
		t.Errorf("Open says %v", err)
	}
	if _, err := OpenReadOnly(t.Context(), url, zap.NewNop()); err == nil || !strings.Contains(err.Error(), "newer assent") {
		t.Errorf("OpenReadOnly says %v", err)
	}
}

func TestStoreURLsThatNameNoSQLiteFileAreRefused(t *testing.T) {
	for url, want := range map[string]string{
		"postgres://u:secret@db/assent": "not in this version",
		"mysql://db":                    "unknown kind",
		"./data/assent.db":              "not a URL",
		"sqlite:":                       "names no file",
		"sqlite::memory:":               "names no file",
	} {
		_, err := Open(t.Context(), url, zap.NewNop())
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error is %v", url, err)
		}
		if err != nil && strings.Contains(err.Error(), "secret") {
			t.Errorf("the error shows the password: %v", err)
		}
	}
}

func TestFileNamesMayHoldAnything(t *testing.T) {
	for _, name := range []string{"a b.db", "100%.db", "x#y.db", "ü.db"} {
		path := filepath.Join(t.TempDir(), name)
		must(t, reopen(t, "sqlite:"+path).Close())
		if _, err := os.Stat(path); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestDatabaseIsPrivate(t *testing.T) {
	s, url := newStore(t)
	must(t, s.BeginCall(t.Context(), Call{ID: "c1"}))
	path := strings.TrimPrefix(url, "sqlite:")
	for _, p := range []string{path, path + "-wal", path + "-shm"} {
		info, err := os.Stat(p)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %o", p, info.Mode().Perm())
		}
	}
}

func TestConcurrentWritersAllSucceedAndShareCommits(t *testing.T) {
	s, _ := newStore(t)
	const writers, each = 32, 20
	before := s.commits.Load()
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for i := range each {
				id := fmt.Sprintf("%02d-%02d", w, i)
				if err := s.BeginCall(context.Background(), Call{ID: id, StartedAt: noon}); err != nil {
					t.Error(err)
				}
				if err := s.EndCall(context.Background(), event.CDR{ID: id, StartedAt: noon}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	cdrs, err := s.CDRs(t.Context(), CDRFilter{Limit: maxLimit})
	if err != nil || len(cdrs) != writers*each {
		t.Errorf("%d CDRs, %v", len(cdrs), err)
	}
	if n := s.commits.Load() - before; n >= 2*writers*each {
		t.Errorf("%d commits for %d writes: nothing was shared", n, 2*writers*each)
	}
}

func TestOneFailingWriteDoesNotHurtItsNeighbours(t *testing.T) {
	s, _ := newStore(t)
	bad := errors.New("bad write")
	var results [3]error
	jobs := make([]job, 3)
	for i := range jobs {
		jobs[i] = job{
			do: func(tx *tx) error {
				err := tx.exec(`INSERT INTO running VALUES (?, '', '', '', '', 0, '')`, fmt.Sprint("c", i))
				if i == 1 {
					return errors.Join(err, bad)
				}
				return err
			},
			done: func(err error) { results[i] = err },
		}
	}
	must(t, s.await(t.Context(), job{bare: true, do: func(*tx) error { s.commit(jobs); return nil }}))
	if results[0] != nil || !errors.Is(results[1], bad) || results[2] != nil {
		t.Errorf("results are %v", results)
	}
	running, err := s.Running(t.Context())
	if err != nil || len(running) != 2 || running[0].ID != "c0" || running[1].ID != "c2" {
		t.Errorf("kept %v, %v", running, err)
	}
	if err := s.Ready(); err != nil {
		t.Errorf("a bad write made the store not ready: %v", err)
	}
}

func TestFullDatabaseMakesTheStoreNotReadyUntilWritesSucceedAgain(t *testing.T) {
	s, _ := newStore(t)
	pages := func(n int) {
		must(t, s.await(t.Context(), job{bare: true, do: func(tx *tx) error {
			var got int
			return tx.conn.QueryRowContext(context.Background(), fmt.Sprintf("PRAGMA max_page_count(%d)", n)).Scan(&got)
		}}))
	}
	pages(1) // as small as it already is
	big := Call{ID: "big", From: strings.Repeat("x", 1<<20)}
	if err := s.BeginCall(t.Context(), big); err == nil {
		t.Fatal("a full database took a write")
	}
	if s.Ready() == nil {
		t.Error("ready with a full database")
	}
	pages(1 << 20)
	s.Ready() // puts a probe in line
	must(t, s.Flush(t.Context()))
	if err := s.Ready(); err != nil {
		t.Errorf("not ready although writes succeed again: %v", err)
	}
	must(t, s.BeginCall(t.Context(), big))
}

func TestWriterWaitsForALockOfAnotherProcess(t *testing.T) {
	s, url := newStore(t)
	release := lockDatabase(t, url)
	result := make(chan error, 1)
	go func() { result <- s.BeginCall(context.Background(), Call{ID: "c1"}) }()
	for range 20 { // readers go on meanwhile
		if running, err := s.Running(t.Context()); err != nil || len(running) != 0 {
			t.Errorf("behind the lock: %v, %v", running, err)
		}
	}
	if len(result) != 0 {
		t.Fatalf("the write ended before the lock was released: %v", <-result)
	}
	release()
	must(t, <-result)
}

func TestLockThatIsNeverReleasedFailsTheWriteAndTellsReady(t *testing.T) {
	_, url := newStore(t)
	s, err := open(t.Context(), url, zap.NewNop(), time.Millisecond)
	must(t, err)
	defer s.Close()
	release := lockDatabase(t, url)
	if err := s.BeginCall(t.Context(), Call{ID: "c1"}); err == nil {
		t.Error("written through a lock")
	}
	if s.Ready() == nil {
		t.Error("ready although nothing can be written")
	}
	release()
	must(t, s.BeginCall(t.Context(), Call{ID: "c1"}))
	if err := s.Ready(); err != nil {
		t.Error(err)
	}
}

// lockDatabase takes the write lock as another process would, until release is called.
func lockDatabase(t *testing.T, url string) (release func()) {
	t.Helper()
	path, err := parseURL(url)
	must(t, err)
	db, err := sql.Open("sqlite", dsn(path, "rw", busyTimeout))
	must(t, err)
	conn, err := db.Conn(t.Context())
	must(t, err)
	_, err = conn.ExecContext(t.Context(), `BEGIN IMMEDIATE`)
	must(t, err)
	return sync.OnceFunc(func() {
		_, err := conn.ExecContext(context.Background(), `ROLLBACK`)
		must(t, errors.Join(err, conn.Close(), db.Close()))
	})
}

func TestWriteGivesUpWaitingWithItsContext(t *testing.T) {
	s, url := newStore(t)
	release := lockDatabase(t, url)
	defer release()
	ctx, cancel := context.WithCancelCause(t.Context())
	late := errors.New("too late")
	cancel(late)
	if err := s.BeginCall(ctx, Call{ID: "c1"}); !errors.Is(err, late) {
		t.Errorf("error is %v", err)
	}
}

func TestClosedStoreRefusesWrites(t *testing.T) {
	s, _ := newStore(t)
	must(t, s.Close())
	must(t, s.Close())
	if err := s.BeginCall(t.Context(), Call{ID: "c1"}); !errors.Is(err, ErrClosed) {
		t.Errorf("error is %v", err)
	}
}

func TestCloseCommitsWhatWaits(t *testing.T) {
	s, url := newStore(t)
	for i := range 50 {
		must(t, s.PutDecision(t.Context(), "c1", noon, fmt.Sprint(i), someDecision()))
	}
	must(t, s.Close())
	decisions, err := reopen(t, url).Decisions(t.Context(), "c1")
	if err != nil || len(decisions) != 50 {
		t.Errorf("%d decisions, %v", len(decisions), err)
	}
}
