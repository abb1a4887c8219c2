package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"assent/app"
	"assent/consent"
	"assent/recorder"
	"assent/store"
)

type recordingVerb struct {
	Ls     recordingLsVerb     `cmd:"" help:"List recordings, newest first."`
	Show   recordingShowVerb   `cmd:"" help:"Show a recording's sidecar and its ledger entries."`
	Verify recordingVerifyVerb `cmd:"" help:"Check a recording against its sidecar and the ledger."`
}

type recordingLsVerb struct {
	configFlag
	outputFlag
	Trunk string `help:"Only of this trunk."`
	Queue string `help:"Only of this queue."`
	Call  string `help:"Only of this call."`
	Limit int    `help:"At most so many." default:"50"`
}

// Run lists what the store knows.
func (v recordingLsVerb) Run(io streams) error {
	s, err := v.open()
	if err != nil {
		return err
	}
	defer s.Close()
	list, err := s.Recordings(context.Background(), store.RecordingFilter{Trunk: v.Trunk, Queue: v.Queue, Call: v.Call, Limit: v.Limit})
	if err != nil {
		return err
	}
	rows := make([][]string, 0, len(list))
	for _, r := range list {
		length := (time.Duration(r.DurationMS) * time.Millisecond).String()
		rows = append(rows, []string{r.ID, r.CreatedAt.Format(time.RFC3339), r.Call, r.Trunk, r.Queue, r.Station, length, r.Result, r.File})
	}
	return v.print(io.out, list, []string{"ID", "CREATED", "CALL", "TRUNK", "QUEUE", "STATION", "LENGTH", "RESULT", "FILE"}, rows)
}

type recordingShowVerb struct {
	configFlag
	ID string `arg:"" help:"The recording's id."`
}

// Run prints the sidecar and what the ledger says of the call.
func (v recordingShowVerb) Run(io streams) error {
	snapshot, err := v.load()
	if err != nil {
		return err
	}
	path := recordingPath(snapshot.Config.Recordings.Dir, v.ID)
	sidecar, err := os.ReadFile(strings.TrimSuffix(path, filepath.Ext(path)) + ".json")
	if err != nil {
		return fmt.Errorf("%w: recording %s: %w", errNotFound, v.ID, err)
	}
	fmt.Fprintf(io.out, "%s\n", sidecar)
	report, err := recorder.Verify(path)
	if err != nil {
		return err
	}
	return printEntries(io, outputFlag{"table"}, snapshot.Config.Consent.Ledger, consent.Filter{Call: report.Sidecar.Call})
}

// recordingPath finds the file of an id, or takes a path as it is.
func recordingPath(dir, idOrPath string) string {
	if strings.ContainsRune(idOrPath, filepath.Separator) || strings.HasSuffix(idOrPath, ".wav") {
		return idOrPath
	}
	return filepath.Join(dir, idOrPath+".wav")
}

type recordingVerifyVerb struct {
	configFlag
	IDs []string `arg:"" help:"Ids, or paths of files."`
}

// Run checks each file against its sidecar, and both against the ledger.
func (v recordingVerifyVerb) Run(io streams) error {
	snapshot, err := v.load()
	if err != nil {
		return err
	}
	failed := 0
	for _, id := range v.IDs {
		path := recordingPath(snapshot.Config.Recordings.Dir, id)
		if _, err := os.Stat(path); err != nil {
			return fmt.Errorf("%w: recording %s: %w", errNotFound, id, err)
		}
		if err := app.VerifyRecording(path, snapshot.Config.Consent.Ledger); err != nil {
			fmt.Fprintf(io.out, "%s: NOT VALID: %v\n", path, err)
			failed++
			continue
		}
		fmt.Fprintf(io.out, "%s: valid\n", path)
	}
	if failed > 0 {
		return fmt.Errorf("%d of %d recordings are not what was sealed", failed, len(v.IDs))
	}
	return nil
}
