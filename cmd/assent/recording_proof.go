package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"assent/app"
	"assent/archive"
	"assent/consent"
)

// exporting is a verb by which a recording leaves. It asks the running service,
// whose audit log has every export; where none runs it does all of it by itself.
type exporting struct {
	apiFlag
	trustFlags
	ID  string `arg:"" help:"The recording's id, or the path of its file in the recordings folder."`
	Out string `help:"Write to a file." placeholder:"FILE"`
}

// byShell is who exported in the audit log where nobody had to show a token.
const byShell = "shell"

// maxAlone bounds the audio in a vCon that is made without the service.
const maxAlone = 256 << 20

// id returns the recording's id.
func (v exporting) id() string {
	name := filepath.Base(v.ID)
	return strings.TrimSuffix(name, filepath.Ext(name))
}

// alone opens what exporting needs, and returns nil where the service runs.
func (v exporting) alone(checkpoint []byte) (*app.Exports, error) {
	snapshot, keys, err := v.trusting(v.trustFlags)
	if err != nil {
		return nil, err
	}
	exports, err := app.OpenExports(context.Background(), snapshot.Config, keys, checkpoint)
	if errors.Is(err, consent.ErrInUse) {
		return nil, nil //nolint:nilnil // the service has it
	}
	return exports, err
}

// ask asks the running service for a document of the recording.
func (v exporting) ask(what string, query url.Values) (text []byte, err error) {
	c, err := v.client()
	if err == nil {
		err = c.ask(http.MethodGet, "/v1/recordings/"+url.PathEscape(v.id())+"/"+what, query, nil, &text)
	}
	return text, err
}

// deliver writes to a file that only its owner can read, or to standard output.
func (v exporting) deliver(io streams, text []byte) error {
	if v.Out == "" {
		_, err := io.out.Write(text)
		return err
	}
	return os.WriteFile(v.Out, text, 0o600)
}

type recordingProofVerb struct {
	exporting
	Checkpoint string `help:"Prove it by this checkpoint, such as one that witnesses have cosigned; by default the ledger's newest." placeholder:"FILE"`
}

// Run takes the proof of a recording out of the ledger. Beside the recording as
// ID.proof, recording verify finds it.
func (v recordingProofVerb) Run(io streams) error {
	var note []byte
	if v.Checkpoint != "" {
		var err error
		if note, err = os.ReadFile(v.Checkpoint); err != nil {
			return fmt.Errorf("--checkpoint: %w", err)
		}
	}
	text, err := v.proof(note)
	if err != nil {
		return absent(v.ID, err)
	}
	return v.deliver(io, text)
}

// proof returns the bundle by a checkpoint, nil for the newest.
func (v recordingProofVerb) proof(note []byte) ([]byte, error) {
	exports, err := v.alone(note)
	switch {
	case err != nil:
		return nil, err
	case exports != nil:
		text, err := exports.Proof(context.Background(), byShell, v.id())
		return text, errors.Join(err, exports.Close())
	}
	text, err := v.ask("proof", nil)
	if err != nil || note == nil {
		return text, err
	}
	snapshot, keys, err := v.trusting(v.trustFlags)
	if err != nil {
		return nil, err
	}
	return app.ProveBy(text, snapshot.Config.Consent.Ledger, keys, note)
}

type recordingExportVerb struct {
	exporting
	VCon    bool   `name:"vcon" help:"As a vCon, the IETF's container for conversations, with consent and proof." required:""`
	URL     string `help:"Refer to the audio at this HTTPS address; by default the vCon carries it." placeholder:"URL"`
	Numbers bool   `help:"Phone numbers, the station's name and the sidecar too."`
}

// Run exports a recording.
func (v recordingExportVerb) Run(io streams) error {
	if v.URL != "" && !strings.HasPrefix(v.URL, "https://") {
		return fmt.Errorf("--url %s: want an address that begins with https://", v.URL)
	}
	exports, err := v.alone(nil)
	if err != nil {
		return absent(v.ID, err)
	}
	var text []byte
	if exports == nil {
		query := chosen("url", v.URL)
		query.Set("numbers", fmt.Sprint(v.Numbers))
		text, err = v.ask("vcon", query)
	} else {
		text, err = exports.VCon(context.Background(), byShell, v.id(), archive.Export{URL: v.URL, Numbers: v.Numbers, Most: maxAlone})
		err = errors.Join(err, exports.Close())
	}
	if err != nil {
		return absent(v.ID, err)
	}
	return v.deliver(io, text)
}
