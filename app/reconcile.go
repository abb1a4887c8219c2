package app

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"time"

	"assent/configs"
	"assent/consent"
	"assent/event"
	"assent/evidence"
	"assent/store"
)

const (
	// settleTime is how long after its end a call's traces may still come.
	settleTime = time.Minute
	// auditPage is how many rows are read at a time.
	auditPage = 500
)

// Mismatches compares decisions, ledger, files and store. Calls that ended after
// settled, or run, are passed over.
func Mismatches(ctx context.Context, s *store.Store, cfg configs.Config, settled time.Time) ([]evidence.Mismatch, error) {
	decided, err := decidedCalls(ctx, s, settled)
	if err != nil {
		return nil, err
	}
	ledgered, err := ledgeredRecordings(cfg.Consent.Ledger)
	if err != nil {
		return nil, err
	}
	filed, err := filedRecordings(cfg.Recordings.Dir)
	if err != nil {
		return nil, err
	}
	listed, err := listedRecordings(ctx, s, cfg.Recordings.Dir)
	if err != nil {
		return nil, err
	}
	return evidence.Reconcile(decided, ledgered, filed, listed), nil
}

func decidedCalls(ctx context.Context, s *store.Store, settled time.Time) ([]evidence.Decided, error) {
	running, err := s.Running(ctx)
	if err != nil {
		return nil, err
	}
	var list []evidence.Decided
	for _, c := range running {
		list = append(list, evidence.Decided{Call: c.ID})
	}
	for before := ""; ; {
		page, err := s.CDRs(ctx, store.CDRFilter{Before: before, Limit: auditPage})
		if err != nil || len(page) == 0 {
			return list, err
		}
		for _, c := range page {
			list = append(list, evidence.Decided{Call: c.ID, Recording: c.Recording.ID, Decision: c.Recording.Decision,
				Result: c.Recording.Result, Settled: c.EndedAt.Before(settled)})
		}
		before = page[len(page)-1].ID
	}
}

func ledgeredRecordings(dir string) ([]evidence.Ledgered, error) {
	var list []evidence.Ledgered
	places := map[string]int{}
	of := func(call, id string) *evidence.Ledgered {
		at, known := places[id]
		if !known {
			at = len(list)
			places[id] = at
			list = append(list, evidence.Ledgered{Call: call, Recording: id})
		}
		return &list[at]
	}
	for r, err := range consent.Entries(dir, consent.Filter{}) {
		if err != nil {
			return nil, err
		}
		switch d := r.Data.(type) {
		case consent.StartedData:
			of(r.Call, d.Recording).Started = true
		case consent.SealedData:
			l := of(r.Call, d.Recording)
			l.Sealed, l.SHA256 = true, d.SHA256
		case consent.ErasedData:
			if d.Recording != "" {
				of(r.Call, d.Recording).Erased = true
			}
		}
	}
	return list, nil
}

// filedRecordings lists what lies in the recordings folder and below: the layout
// is the recorder's, the name is the recording's id.
func filedRecordings(dir string) ([]evidence.Filed, error) {
	var list []evidence.Filed
	places := map[string]int{}
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		ext := filepath.Ext(path)
		id := strings.TrimSuffix(filepath.Base(path), ext)
		audio := ext == ".wav" || ext == ".opus" || ext == ".flac"
		if !event.IsID(id) || !audio && ext != ".json" {
			return nil
		}
		at, known := places[id]
		if !known {
			at = len(list)
			places[id] = at
			list = append(list, evidence.Filed{Recording: id})
		}
		list[at].Audio, list[at].Sidecar = list[at].Audio || audio, list[at].Sidecar || ext == ".json"
		return nil
	})
	return list, err
}

func listedRecordings(ctx context.Context, s *store.Store, dir string) ([]evidence.Listed, error) {
	var list []evidence.Listed
	err := eachRecording(ctx, s, func(page []store.Recording) error {
		for _, r := range page {
			list = append(list, evidence.Listed{Call: r.Call, Recording: r.ID, SHA256: r.SHA256, Elsewhere: r.Location != "" || !inFolder(dir, r.File)})
		}
		return nil
	})
	return list, err
}

// inFolder reports whether the file lies in the folder or below it.
func inFolder(dir, file string) bool {
	base, err := filepath.Abs(dir)
	if err != nil {
		return false
	}
	path, err := filepath.Abs(file)
	rel, failed := filepath.Rel(base, path)
	return err == nil && failed == nil && filepath.IsLocal(rel)
}

// eachRecording hands out the store's recordings, newest first, page by page.
func eachRecording(ctx context.Context, s *store.Store, f func([]store.Recording) error) error {
	for before := ""; ; {
		page, err := s.Recordings(ctx, store.RecordingFilter{Before: before, Limit: auditPage})
		if err != nil || len(page) == 0 {
			return err
		}
		if err := f(page); err != nil {
			return err
		}
		before = page[len(page)-1].ID
	}
}
