package app

import (
	"crypto/sha512"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"assent/consent"
	"assent/consent/merkle"
	"assent/evidence"
	"assent/evidence/vcon"
	"assent/recorder"
)

// maxInline bounds audio that an export carries in itself: beyond, give a URL.
const maxInline = 256 << 20

// ProofPath returns where the bundle of a recording's file is looked for.
func ProofPath(file string) string {
	return strings.TrimSuffix(file, filepath.Ext(file)) + ".proof"
}

// Prove takes the bundle of a recording out of the ledger in dir, by a checkpoint of
// it; where none is given, by its newest. The recording's own sidecar names its call.
func Prove(path, dir string, keys merkle.Keys, checkpoint []byte) (evidence.Bundle, error) {
	report, err := unopened(recorder.Verify(path))
	if err != nil {
		return evidence.Bundle{}, err
	}
	by, err := headOf(dir, keys, checkpoint)
	if err != nil {
		return evidence.Bundle{}, err
	}
	return evidence.Collect(dir, report.ID, report.Sidecar.Call, by)
}

// headOf opens a checkpoint, or the newest of the ledger.
func headOf(dir string, keys merkle.Keys, checkpoint []byte) (consent.Signed, error) {
	if checkpoint != nil {
		seen, err := merkle.OpenCheckpoint(checkpoint, keys)
		return consent.Signed{Seen: seen, Note: checkpoint}, err
	}
	history, err := consent.ReadHistory(dir, keys)
	if err != nil {
		return consent.Signed{}, err
	}
	if len(history) == 0 {
		return consent.Signed{}, fmt.Errorf("the ledger in %s was never signed: start the service once", dir)
	}
	return history[len(history)-1], nil
}

// Export is how a recording leaves as a vCon.
type Export struct {
	URL     string // where the audio can be fetched; "" puts it inside
	Numbers bool   // phone numbers and the sidecar too
	At      time.Time
}

// ExportVCon makes the vCon of a recording with its proofs. A recording that does not
// hold is not exported.
func ExportVCon(path, dir string, keys merkle.Keys, e Export) ([]byte, error) {
	bundle, err := Prove(path, dir, keys, nil)
	if err != nil {
		return nil, err
	}
	records, _, err := bundle.Open(keys)
	if err != nil {
		return nil, err
	}
	report, err := recorder.Verify(path)
	if err != nil {
		return nil, err
	}
	if err := verdict(evidence.Case{Report: report, Entries: records}); err != nil {
		return nil, err
	}
	source := vcon.Source{Sidecar: report.Sidecar, File: filepath.Base(path), Bundle: bundle, Entries: records, Numbers: e.Numbers, At: e.At, URL: e.URL}
	info, err := os.Stat(path)
	if err == nil && info.Size() > maxInline && e.URL == "" {
		return nil, fmt.Errorf("the audio has %d bytes, at most %d go into a vCon: give --url", info.Size(), maxInline)
	}
	audio, failed := os.ReadFile(path)
	source.Raw, err = os.ReadFile(strings.TrimSuffix(path, filepath.Ext(path)) + ".json")
	if err := errors.Join(err, failed); err != nil {
		return nil, err
	}
	if e.URL == "" {
		source.Audio = audio
	} else {
		sum := sha512.Sum512(audio)
		source.SHA512 = sum[:]
	}
	v, err := vcon.New(source)
	if err != nil {
		return nil, err
	}
	return v.Encode()
}
