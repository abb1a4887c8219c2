package app_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"assent/app"
	"assent/consent"
	"assent/consent/merkle"
)

// exhibit is a recording taken elsewhere: file, sidecar, proof, and the ledger's key.
type exhibit struct {
	file   string
	bundle []byte
	keys   merkle.Keys
	ledger string // a copy of its folder
}

// recorded lives a recorded call and takes what proves it to another place.
func recorded(t *testing.T) exhibit {
	t.Helper()
	s := ended(t)
	key, err := consent.ReadVerifier(s.path("ledger.key.pub"))
	must(t, err)
	e := exhibit{keys: merkle.Keys{Log: key}, ledger: filepath.Join(t.TempDir(), "ledger")}
	file := s.cdr().Recording.File
	exports, err := app.OpenExports(t.Context(), s.config(), e.keys, nil)
	must(t, err)
	e.bundle, err = exports.Proof(t.Context(), "shell", s.cdr().Recording.ID)
	must(t, err)
	must(t, exports.Close())
	must(t, os.CopyFS(e.ledger, os.DirFS(s.path("ledger"))))
	dir := t.TempDir()
	e.file = filepath.Join(dir, filepath.Base(file))
	for _, name := range []string{file, strings.TrimSuffix(file, ".wav") + ".json"} {
		text, err := os.ReadFile(name)
		must(t, err)
		must(t, os.WriteFile(filepath.Join(dir, filepath.Base(name)), text, 0o600))
	}
	must(t, os.RemoveAll(s.dir)) // nothing of the service is left
	return e
}

func (e exhibit) verify() error {
	_, err := app.VerifyOffline(e.file, e.bundle, e.keys)
	return err
}

// A flipped bit, anywhere, is found by somebody who has the exhibit and the key and nothing else, and its place is named.
func TestFlippedBitIsFoundAndNamedWhereverItIs(t *testing.T) {
	t.Parallel()
	e := recorded(t)
	must(t, e.verify())
	flip := func(path string, at int, bit byte) (undo func()) {
		b, err := os.ReadFile(path)
		must(t, err)
		b[at] ^= bit
		must(t, os.WriteFile(path, b, 0o600))
		return func() { b[at] ^= bit; must(t, os.WriteFile(path, b, 0o600)) }
	}
	expect := func(what, place string, err error) {
		t.Helper()
		if err == nil || !strings.Contains(err.Error(), place) {
			t.Errorf("%s: %v, want a finding in %s", what, err, place)
		}
	}
	audio, err := os.ReadFile(e.file)
	must(t, err)
	data := bytes.Index(audio, []byte("data"))
	for at := range data + 8 { // each byte of the header
		undo := flip(e.file, at, 1)
		expect("WAV header", "file: ", e.verify())
		undo()
	}
	for _, at := range []int{data + 8, data + 9, len(audio) / 2, len(audio) - 1} {
		undo := flip(e.file, at, 0x80)
		expect("audio", "file: its SHA-256", e.verify())
		undo()
	}
	e.flipSidecar(t, flip, expect)
	for at := 0; at < len(e.bundle); at += 7 {
		changed := exhibit{file: e.file, bundle: bytes.Clone(e.bundle), keys: e.keys}
		changed.bundle[at] ^= 2
		expect("proof", "bundle: ", changed.verify())
	}
	e.flipLedger(t, flip, expect)
	must(t, e.verify())
}

// flipSidecar changes the value of every field.
func (e exhibit) flipSidecar(t *testing.T, flip func(string, int, byte) func(), expect func(string, string, error)) {
	path := strings.TrimSuffix(e.file, ".wav") + ".json"
	b, err := os.ReadFile(path)
	must(t, err)
	var fields map[string]json.RawMessage
	must(t, json.Unmarshal(b, &fields))
	for name := range fields {
		at := bytes.Index(b, []byte("\n  \""+name+"\": ")) + len("\n  \""+name+"\": ") + 1
		undo := flip(path, at, 1)
		expect("sidecar's "+name, "sidecar", e.verify())
		undo()
	}
	if len(fields) < 20 {
		t.Errorf("the sidecar has only the fields %v", fields)
	}
}

// flipLedger changes the copy of the ledger's folder: each line, each checkpoint, the tree.
func (e exhibit) flipLedger(t *testing.T, flip func(string, int, byte) func(), expect func(string, string, error)) {
	verify := func() error {
		history, err := consent.ReadHistory(e.ledger, e.keys)
		if err != nil {
			return err
		}
		var against consent.Against
		for _, s := range history {
			against.Heads = append(against.Heads, s.Checkpoint)
		}
		_, err = consent.VerifyAgainst(e.ledger, against)
		return err
	}
	must(t, verify())
	for file, step := range map[string]int{"ledger.jsonl": 5, "checkpoints": 3, "tree": 11} {
		path := filepath.Join(e.ledger, file)
		b, err := os.ReadFile(path)
		must(t, err)
		for at := 0; at < len(b)-1; at += step {
			undo := flip(path, at, 1)
			expect(file, strings.TrimSuffix(file, "s"), verify())
			undo()
		}
	}
}
