package merkle

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
)

// maxNote bounds a checkpoint with the lines of all its witnesses.
const maxNote = 16 << 10

// strict is base64 of which each text has one form only.
var strict = base64.StdEncoding.Strict()

// Checkpoint is the head of a log's tree (C2SP tlog-checkpoint).
type Checkpoint struct {
	Origin string // the log's name
	Size   int64  // leaves
	Root   Hash
}

// text is what is signed: three lines.
func (c Checkpoint) text() string {
	return fmt.Sprintf("%s\n%d\n%s\n", c.Origin, c.Size, c.Root)
}

// Sign returns the checkpoint as a signed note.
func (c Checkpoint) Sign(by Signer) ([]byte, error) {
	signed, err := note.Sign(&note.Note{Text: c.text()}, by.signer)
	if err != nil {
		return nil, fmt.Errorf("sign checkpoint of %s: %w", c.Origin, err)
	}
	return signed, nil
}

// Seen is a checkpoint whose signatures were checked.
type Seen struct {
	Checkpoint
	Witnesses []string // whose cosignatures hold
	Unknown   []string // whose signatures nobody could check, because their keys were not given
}

// OpenCheckpoint checks a signed note: it must be a checkpoint, signed by the log's key, and cosigned by every witness of
// keys. Signatures of others are named and otherwise ignored, as the format asks.
func OpenCheckpoint(signed []byte, keys Keys) (Seen, error) {
	if len(signed) > maxNote {
		return Seen{}, fmt.Errorf("checkpoint: %d bytes, at most %d", len(signed), maxNote)
	}
	n, err := note.Open(signed, keys.verifiers())
	if err != nil {
		return Seen{}, keys.explain(err)
	}
	if err := checkForm(signed); err != nil {
		return Seen{}, err
	}
	c, err := parseText(n.Text)
	if err != nil {
		return Seen{}, err
	}
	seen := Seen{Checkpoint: c}
	signers := map[string]bool{}
	for _, s := range n.Sigs {
		signers[id(s.Name, s.Hash)] = true
	}
	for _, s := range n.UnverifiedSigs {
		seen.Unknown = append(seen.Unknown, id(s.Name, s.Hash))
	}
	return seen, keys.require(&seen, signers)
}

// explain says of a note that did not open what is wrong with it.
func (k Keys) explain(err error) error {
	if unverified, ok := errors.AsType[*note.UnverifiedNoteError](err); ok {
		var by []string
		for _, s := range unverified.Note.UnverifiedSigs {
			by = append(by, id(s.Name, s.Hash))
		}
		return fmt.Errorf("checkpoint: signed by %s, not by %s", strings.Join(by, ", "), k.Log)
	}
	if wrong, ok := errors.AsType[*note.InvalidSignatureError](err); ok {
		return fmt.Errorf("checkpoint: the signature of %s does not hold: text, signature or key was changed", id(wrong.Name, wrong.Hash))
	}
	return fmt.Errorf("checkpoint: %w", err)
}

// require finds the signatures that must be there among those that hold.
func (k Keys) require(seen *Seen, signers map[string]bool) error {
	if seen.Origin != k.Log.Name() {
		return fmt.Errorf("checkpoint: of the log %s, the key is of %s", seen.Origin, k.Log.Name())
	}
	if !signers[k.Log.ID()] {
		return fmt.Errorf("checkpoint: not signed by the log's key %s", k.Log.ID())
	}
	for _, w := range k.Witnesses {
		if !signers[w.ID()] {
			return fmt.Errorf("checkpoint of %d entries: no cosignature of witness %s", seen.Size, w.ID())
		}
		seen.Witnesses = append(seen.Witnesses, w.ID())
	}
	return nil
}

// parseText reads the three lines of a checkpoint in the one form that text gives them.
func parseText(text string) (Checkpoint, error) {
	lines := strings.Split(text, "\n")
	if len(lines) != 4 || lines[0] == "" {
		return Checkpoint{}, errors.New("checkpoint: want three lines: origin, size, root")
	}
	c := Checkpoint{Origin: lines[0]}
	var err error
	if c.Size, err = strconv.ParseInt(lines[1], 10, 64); err != nil || c.Size < 0 {
		return Checkpoint{}, fmt.Errorf("checkpoint: size %q is no number of entries", lines[1])
	}
	root, err := strict.DecodeString(lines[2])
	if err != nil || len(root) != HashBytes {
		return Checkpoint{}, fmt.Errorf("checkpoint: root %q is no hash", lines[2])
	}
	c.Root = Hash(root)
	if c.text() != text {
		return Checkpoint{}, errors.New("checkpoint: not written as a log writes it")
	}
	return c, nil
}

// checkForm refuses signature lines whose bytes could be others without a change of meaning.
func checkForm(signed []byte) error {
	_, signatures, _ := cutLast(signed, "\n\n")
	for line := range bytes.Lines(signatures) {
		_, encoded, _ := cutLast(bytes.TrimSuffix(line, []byte("\n")), " ")
		if _, err := strict.DecodeString(string(encoded)); err != nil {
			return fmt.Errorf("checkpoint: signature line %q is not written as a signer writes it", line)
		}
	}
	return nil
}

func cutLast(b []byte, sep string) (before, after []byte, found bool) {
	i := bytes.LastIndex(b, []byte(sep))
	if i < 0 {
		return b, nil, false
	}
	return b[:i], b[i+len(sep):], true
}
