package archive

import (
	"context"
	"crypto/sha512"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"assent/audit"
	"assent/consent"
	"assent/depot"
	"assent/event"
	"assent/evidence"
	"assent/evidence/vcon"
	"assent/recorder"
	"assent/store"
)

// ErrTooLong says that a recording's audio is too long for a document that carries it.
var ErrTooLong = errors.New("the audio is too long to be carried: refer to it by a URL")

// Prover takes the bundle of a call out of the ledger, with the entries that it proves.
type Prover func(recording, call string) (evidence.Bundle, []consent.Record, error)

// Export is how a recording leaves as a vCon.
type Export struct {
	URL     string // where the audio can be fetched, in clear; "" puts it inside
	Numbers bool   // phone numbers and the sidecar too
	Most    int64  // bytes of audio that may be inside
}

// Proof returns the bundle that proves a recording elsewhere, wherever it is stored
// and sealed or not. The audit log has it as an export.
func (a *Archive) Proof(ctx context.Context, by, id string) ([]byte, error) {
	stored, r, err := a.take(ctx, by, id, "proof")
	if err != nil {
		return nil, err
	}
	defer func() { _ = stored.Close() }() // only read
	var side struct{ Call string }
	if err := json.Unmarshal(stored.Sidecar, &side); err != nil {
		return nil, fmt.Errorf("the sidecar of recording %s: %w", id, err)
	}
	bundle, _, err := a.deps.Prove(r.ID, side.Call)
	if err != nil {
		return nil, fmt.Errorf("recording %s: %w", id, err)
	}
	return bundle.Encode()
}

// VCon returns a recording as a vCon with its proofs: the audio in clear, which the
// sidecar's plain_sha256 ties to what is stored. One that does not hold is not
// exported. The audit log has it as an export.
func (a *Archive) VCon(ctx context.Context, by, id string, e Export) ([]byte, error) {
	a.exports.Lock() // each holds its audio in memory
	defer a.exports.Unlock()
	stored, r, err := a.take(ctx, by, id, "vcon")
	if err != nil {
		return nil, err
	}
	defer func() { _ = stored.Close() }() // only read
	report, err := recorder.VerifyStored(ctx, stored, a.deps.Keys)
	if err != nil {
		return nil, fmt.Errorf("recording %s: %w", id, err)
	}
	bundle, entries, err := a.deps.Prove(r.ID, report.Sidecar.Call)
	if err == nil {
		err = evidence.Case{Report: report, Entries: entries}.Verdict()
	}
	if err != nil {
		return nil, fmt.Errorf("recording %s: %w", id, err)
	}
	source := vcon.Source{Sidecar: report.Sidecar, Raw: stored.Sidecar, File: stored.Name, Bundle: bundle, Entries: entries,
		Numbers: e.Numbers, At: a.deps.Now(), URL: e.URL}
	if err := a.sound(ctx, stored, e, &source); err != nil {
		return nil, fmt.Errorf("recording %s: %w", id, err)
	}
	v, err := vcon.New(source)
	if err != nil {
		return nil, err
	}
	return v.Encode()
}

// sound puts the audio, or its hash, into what a vCon is made of.
func (a *Archive) sound(ctx context.Context, stored *depot.Recording, e Export, to *vcon.Source) error {
	plain, size, err := stored.Plain(ctx, a.deps.Keys)
	if err != nil {
		return err
	}
	audio := io.NewSectionReader(plain, 0, size)
	switch {
	case e.URL != "":
		sum := sha512.New()
		_, err = io.Copy(sum, audio)
		to.SHA512 = sum.Sum(nil)
	case size > e.Most:
		return fmt.Errorf("%w: it has %d bytes, at most %d are right", ErrTooLong, size, e.Most)
	default:
		to.Audio, err = io.ReadAll(audio)
	}
	return err
}

// take opens a recording to be exported as what, and writes that down first.
func (a *Archive) take(ctx context.Context, by, id, what string) (*depot.Recording, store.Recording, error) {
	r, err := a.use(ctx, by, audit.Export, id, what)
	if err != nil {
		return nil, r, err
	}
	stored, err := a.deps.Open(ctx, r)
	if err != nil {
		return nil, r, fmt.Errorf("recording %s: %w", id, err)
	}
	a.tell(event.RecordingAccessed, r, by, audit.Export+" as "+what)
	return stored, r, nil
}
