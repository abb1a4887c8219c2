package main

import (
	"fmt"
	"os"
	"strings"
	"time"

	"assent/app"
)

type recordingProofVerb struct {
	configFlag
	trustFlags
	ID         string `arg:"" help:"The recording's id, or the path of its file."`
	Checkpoint string `help:"Prove it by this checkpoint, such as one that witnesses have cosigned; by default the ledger's newest." placeholder:"FILE"`
	Out        string `help:"Write the proof to a file; beside the recording as ID.proof, recording verify finds it." placeholder:"FILE"`
}

// Run takes the proof of a recording out of the ledger.
func (v recordingProofVerb) Run(io streams) error {
	snapshot, err := v.load()
	if err != nil {
		return err
	}
	keys, err := v.keys(v.configFlag)
	if err != nil {
		return err
	}
	var note []byte
	if v.Checkpoint != "" {
		if note, err = os.ReadFile(v.Checkpoint); err != nil {
			return fmt.Errorf("--checkpoint: %w", err)
		}
	}
	path := recordingPath(snapshot.Config.Recordings.Dir, v.ID)
	bundle, err := app.Prove(path, snapshot.Config.Consent.Ledger, keys, note)
	if err != nil {
		return absent(v.ID, err)
	}
	text, err := bundle.Encode()
	if err != nil {
		return err
	}
	return deliver(io, v.Out, text)
}

// deliver writes to a file that only its owner can read, or to standard output.
func deliver(io streams, file string, text []byte) error {
	if file == "" {
		_, err := io.out.Write(text)
		return err
	}
	return os.WriteFile(file, text, 0o600)
}

type recordingExportVerb struct {
	configFlag
	trustFlags
	ID      string `arg:"" help:"The recording's id, or the path of its file."`
	VCon    bool   `name:"vcon" help:"As a vCon, the IETF's container for conversations, with consent and proof." required:""`
	URL     string `help:"Refer to the audio at this HTTPS address; by default the vCon carries it." placeholder:"URL"`
	Numbers bool   `help:"Phone numbers, the station's name and the sidecar too."`
	Out     string `help:"Write to a file." placeholder:"FILE"`
}

// Run exports a recording.
func (v recordingExportVerb) Run(io streams) error {
	if v.URL != "" && !strings.HasPrefix(v.URL, "https://") {
		return fmt.Errorf("--url %s: want an address that begins with https://", v.URL)
	}
	snapshot, err := v.load()
	if err != nil {
		return err
	}
	keys, err := v.keys(v.configFlag)
	if err != nil {
		return err
	}
	path := recordingPath(snapshot.Config.Recordings.Dir, v.ID)
	text, err := app.ExportVCon(path, snapshot.Config.Consent.Ledger, keys, app.Export{URL: v.URL, Numbers: v.Numbers, At: time.Now()})
	if err != nil {
		return absent(v.ID, err)
	}
	return deliver(io, v.Out, text)
}
