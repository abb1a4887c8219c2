package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"assent/app"
	"assent/consent"
	"assent/depot"
	"assent/evidence"
	"assent/recorder"
	"assent/store"
)

type recordingVerb struct {
	Ls      recordingLsVerb      `cmd:"" help:"List recordings, newest first."`
	Show    recordingShowVerb    `cmd:"" help:"Show a recording's sidecar and its ledger entries."`
	Verify  recordingVerifyVerb  `cmd:"" help:"Check a recording against its sidecar and the ledger, or, with its proof and a key, anywhere."`
	Proof   recordingProofVerb   `cmd:"" help:"Take what proves a recording elsewhere out of the ledger."`
	Export  recordingExportVerb  `cmd:"" help:"Export a recording with its evidence."`
	Pause   recordingPauseVerb   `cmd:"" help:"Pause the recording of a running call, as before card data is told."`
	Resume  recordingResumeVerb  `cmd:"" help:"Resume it."`
	Hold    recordingHoldVerb    `cmd:"" help:"Keep a recording from any deletion."`
	Release recordingReleaseVerb `cmd:"" help:"End a hold."`
	Delete  recordingDeleteVerb  `cmd:"" help:"Delete a recording for good."`
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
	return v.print(io.out, listed(list), []string{"ID", "CREATED", "CALL", "TRUNK", "QUEUE", "STATION", "LENGTH", "RESULT", "FILE"}, rows)
}

type recordingShowVerb struct {
	configFlag
	outputFlag
	ID string `arg:"" help:"The recording's id."`
}

// shown is what was written down about a recording.
type shown struct {
	Sidecar json.RawMessage  `json:"sidecar"`
	Ledger  []consent.Record `json:"ledger"`
}

// Run prints the sidecar and what the ledger says of the call.
func (v recordingShowVerb) Run(io streams) error {
	snapshot, err := v.load()
	if err != nil {
		return err
	}
	recordings, err := app.OpenRecordings(context.Background(), snapshot.Config)
	if err != nil {
		return err
	}
	defer recordings.Close()
	stored, err := recordings.Open(context.Background(), v.ID)
	if err != nil {
		return absent(v.ID, err)
	}
	defer stored.Close()
	var of recorder.Sidecar
	if err := json.Unmarshal(stored.Sidecar, &of); err != nil {
		return fmt.Errorf("the sidecar of recording %s: %w", v.ID, err)
	}
	if of.Call == "" {
		return fmt.Errorf("the sidecar of recording %s names no call", v.ID)
	}
	records, err := entries(snapshot.Config.Consent.Ledger, consent.Filter{Call: of.Call})
	if err != nil {
		return err
	}
	if v.Output == "json" {
		return v.print(io.out, shown{stored.Sidecar, records}, nil, nil)
	}
	fmt.Fprintf(io.out, "%s\n", stored.Sidecar)
	return v.entries(io, records)
}

// recordingPath finds the file of an id, or takes a path as it is.
func recordingPath(dir, idOrPath string) string {
	if strings.ContainsRune(idOrPath, filepath.Separator) || strings.HasSuffix(idOrPath, ".wav") {
		return idOrPath
	}
	return filepath.Join(dir, idOrPath+".wav")
}

// absent tells a recording that is not there from one that can't be read.
func absent(id string, err error) error {
	if errors.Is(err, os.ErrNotExist) || errors.Is(err, depot.ErrNotFound) {
		return fmt.Errorf("%w: recording %s: %w", errNotFound, id, err)
	}
	return fmt.Errorf("recording %s: %w", id, err)
}

type recordingVerifyVerb struct {
	configFlag
	outputFlag
	trustFlags
	IDs   []string `arg:"" name:"ids" optional:"" help:"Ids, or paths of files."`
	All   bool     `help:"Every recording of the store, and whether decisions, ledger, files and store agree."`
	Proof string   `help:"A recording's proof; with --key no ledger is asked. By default ID.proof beside the file." placeholder:"FILE"`
}

// proof is what verifying one recording found.
type proof struct {
	File    string `json:"file"`
	Valid   bool   `json:"valid"`
	Problem string `json:"problem"` // empty where it is valid
}

// verifier is how recordings are found and verified.
type verifier struct {
	open   func(id string) (*depot.Recording, error)
	verify func(*depot.Recording) error
	close  func() error
}

// verifier returns how recordings are verified: against the ledger, or, where a key
// is given, against proofs, without configuration, service and store.
func (v recordingVerifyVerb) verifier() (verifier, error) {
	if v.Key != "" {
		return v.offline()
	}
	if v.Proof != "" {
		return verifier{}, errors.New("--proof: give the ledger's public key with --key")
	}
	snapshot, err := v.load()
	if err != nil {
		return verifier{}, err
	}
	recordings, err := app.OpenRecordings(context.Background(), snapshot.Config)
	if err != nil {
		return verifier{}, err
	}
	return verifier{
		open: func(id string) (*depot.Recording, error) { return recordings.Open(context.Background(), id) },
		verify: func(r *depot.Recording) error {
			return app.VerifyStored(context.Background(), r, recordings.Keys(), snapshot.Config.Consent.Ledger)
		},
		close: recordings.Close,
	}, nil
}

// offline verifies files against proofs.
func (v recordingVerifyVerb) offline() (verifier, error) {
	keys, err := v.keys(v.configFlag)
	if err != nil {
		return verifier{}, err
	}
	return verifier{
		open: func(id string) (*depot.Recording, error) { return depot.OpenFile(recordingPath(".", id)) },
		verify: func(r *depot.Recording) error {
			proof := v.Proof
			if proof == "" {
				proof = app.ProofPath(r.Location)
			}
			bundle, err := os.ReadFile(proof)
			if err != nil {
				return fmt.Errorf("proof: %w", err)
			}
			_, err = app.VerifyOffline(r.Location, bundle, keys)
			return err
		},
		close: func() error { return nil },
	}, nil
}

// Validate asks for either ids or --all.
func (v recordingVerifyVerb) Validate() error {
	if v.All == (len(v.IDs) > 0) {
		return errors.New("give ids of recordings, or --all")
	}
	return nil
}

// everything is what --all found.
type everything struct {
	Recordings []proof             `json:"recordings"`
	Mismatches []evidence.Mismatch `json:"mismatches"`
}

// all verifies what the store lists, and the lists themselves.
func (v recordingVerifyVerb) all(io streams) error {
	snapshot, err := v.load()
	if err != nil {
		return err
	}
	s, err := v.open()
	if err != nil {
		return err
	}
	defer s.Close()
	result, failed := everything{Recordings: []proof{}}, 0
	var rows [][]string
	found, err := app.VerifyAll(context.Background(), s, snapshot.Config, func(file string, problem error) {
		p, answer := proof{File: file, Valid: problem == nil}, "valid"
		if problem != nil {
			p.Problem, answer = problem.Error(), "NOT VALID"
			failed++
		}
		result.Recordings, rows = append(result.Recordings, p), append(rows, []string{file, answer, p.Problem})
	})
	if err != nil {
		return err
	}
	result.Mismatches = listed(found)
	for _, m := range found {
		rows = append(rows, []string{m.Recording, strings.ToUpper(m.Kind), m.What})
	}
	if err := v.print(io.out, result, []string{"FILE", "IS", "PROBLEM"}, rows); err != nil {
		return err
	}
	if failed+len(found) > 0 {
		return fmt.Errorf("%d of %d recordings are not what was sealed, and %d things do not agree", failed, len(result.Recordings), len(found))
	}
	return nil
}

// Run checks each file against its sidecar, and both against the ledger or a proof.
func (v recordingVerifyVerb) Run(io streams) error {
	if v.All {
		return v.all(io)
	}
	by, err := v.verifier()
	if err != nil {
		return err
	}
	defer by.close()
	proofs, rows := make([]proof, 0, len(v.IDs)), make([][]string, 0, len(v.IDs))
	failed, missing := 0, error(nil)
	for _, id := range v.IDs {
		p, answer := proof{File: id, Valid: true}, "valid"
		if stored, err := by.open(id); err != nil {
			missing = errors.Join(missing, absent(id, err))
			p.Valid, p.Problem, answer = false, err.Error(), "NOT THERE"
		} else {
			p.File = stored.Location
			if err := errors.Join(by.verify(stored), stored.Close()); err != nil {
				p.Valid, p.Problem, answer = false, err.Error(), "NOT VALID"
				failed++
			}
		}
		proofs, rows = append(proofs, p), append(rows, []string{p.File, answer, p.Problem})
	}
	if err := v.print(io.out, proofs, []string{"FILE", "IS", "PROBLEM"}, rows); err != nil {
		return err
	}
	if failed > 0 {
		return fmt.Errorf("%d of %d recordings are not what was sealed", failed, len(v.IDs))
	}
	return missing
}
