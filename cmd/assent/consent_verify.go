package main

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"assent/consent"
	"assent/consent/merkle"
)

// trustFlags say whose signatures are believed.
type trustFlags struct {
	Key     string   `help:"The ledger's public key, or a file with it; by default the one beside consent.key." placeholder:"KEY|FILE"`
	Witness []string `help:"Public key of a witness, or a file with it, who must have cosigned; may be repeated." placeholder:"KEY|FILE"`
}

// keys reads the keys. config is asked for the place of the ledger's own key where none is given.
func (f trustFlags) keys(config configFlag) (merkle.Keys, error) {
	var keys merkle.Keys
	key := f.Key
	if key == "" {
		snapshot, err := config.load()
		if err != nil {
			return keys, err
		}
		key = consent.PublicPath(snapshot.Config.Consent.Key)
	}
	var err error
	if keys.Log, err = consent.ReadVerifier(key); err != nil {
		return keys, fmt.Errorf("--key: %w", err)
	}
	if keys.Log.Witness() {
		return keys, fmt.Errorf("--key: %s is the key of a witness, not of a ledger", keys.Log.Name())
	}
	for _, w := range f.Witness {
		k, err := consent.ReadVerifier(w)
		if err != nil {
			return keys, fmt.Errorf("--witness: %w", err)
		}
		if !k.Witness() {
			return keys, fmt.Errorf("--witness: %s is the key of a ledger, not of a witness", k.Name())
		}
		keys.Witnesses = append(keys.Witnesses, k)
	}
	return keys, nil
}

type consentVerifyVerb struct {
	configFlag
	outputFlag
	trustFlags
	Ledger     string       `help:"A ledger's folder, such as a backup; by default the configured one." placeholder:"DIR"`
	Checkpoint []checkpoint `help:"A checkpoint kept elsewhere: a file with a signed one, or INDEX:HASH. May be repeated." placeholder:"FILE|INDEX:HASH"`
}

// Run verifies lines, chain, tree and checkpoints, and prints the head, which is
// worth keeping elsewhere.
func (v consentVerifyVerb) Run(io streams) error {
	dir := v.Ledger
	if dir == "" {
		snapshot, err := v.load()
		if err != nil {
			return err
		}
		dir = snapshot.Config.Consent.Ledger
	}
	against, err := v.against(dir, io)
	if err != nil {
		return err
	}
	report, err := consent.VerifyAgainst(dir, against)
	if err != nil {
		return err
	}
	return v.print(io.out, report, []string{"FILE", "ENTRIES", "SIGNED", "HEAD", "ROOT"},
		[][]string{{report.File, strconv.FormatInt(report.Entries, 10), strconv.FormatInt(report.Signed, 10), report.Head.String(), report.Root}})
}

// against collects what the ledger is held against: its own signed checkpoints, and
// those that were kept elsewhere. Witnesses must have cosigned each of the latter; a
// ledger's own history is there before its witnesses have seen it.
func (v consentVerifyVerb) against(dir string, io streams) (consent.Against, error) {
	var a consent.Against
	keys, err := v.keys(v.configFlag)
	_, unsigned := os.Stat(consent.HistoryPath(dir))
	switch {
	case err != nil && errors.Is(unsigned, os.ErrNotExist) && errors.Is(err, os.ErrNotExist) && v.Key == "":
		fmt.Fprintln(io.err, "assent: the ledger was never signed: what only a checkpoint can show stays unseen")
	case err != nil:
		return a, err
	case len(keys.Witnesses) > 0 && len(v.Checkpoint) == 0:
		return a, errors.New("--witness: give the checkpoint that was cosigned with --checkpoint FILE")
	}
	history, err := consent.ReadHistory(dir, merkle.Keys{Log: keys.Log})
	if err != nil {
		return a, err
	}
	for _, s := range history {
		a.Heads = append(a.Heads, s.Checkpoint)
	}
	for _, c := range v.Checkpoint {
		if c.note == nil {
			a.Entries = append(a.Entries, c.entry)
			continue
		}
		seen, err := merkle.OpenCheckpoint(c.note, keys)
		if err != nil {
			return a, fmt.Errorf("--checkpoint %s: %w", c.file, err)
		}
		a.Heads = append(a.Heads, seen.Checkpoint)
	}
	return a, nil
}

// checkpoint is one that was kept elsewhere: a signed note, or an entry by index and hash.
type checkpoint struct {
	entry consent.Checkpoint
	file  string
	note  []byte
}

// UnmarshalText reads INDEX:HASH, or the file of a signed checkpoint.
func (c *checkpoint) UnmarshalText(text []byte) error {
	entry, err := consent.ParseCheckpoint(string(text))
	if err == nil {
		c.entry = entry
		return nil
	}
	note, failed := os.ReadFile(string(text))
	if failed != nil {
		return fmt.Errorf("no file with a signed checkpoint (%w), and no INDEX:HASH: %w", failed, err)
	}
	c.file, c.note = string(text), note
	return nil
}

type consentKeyVerb struct{ configFlag }

// Run prints the key that checkpoints and proofs are verified by.
func (v consentKeyVerb) Run(io streams) error {
	snapshot, err := v.load()
	if err != nil {
		return err
	}
	key, err := consent.ReadVerifier(consent.PublicPath(snapshot.Config.Consent.Key))
	if errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("%w: the first start makes the key", errors.Join(errNotFound, err))
	}
	if err != nil {
		return err
	}
	fmt.Fprintln(io.out, key)
	return nil
}

type consentCheckpointVerb struct {
	configFlag
	trustFlags
	Ledger string `help:"A ledger's folder; by default the configured one." placeholder:"DIR"`
	Old    string `help:"Print what a witness wants to see: a proof that the ledger goes on from this checkpoint of it, and the newest one." placeholder:"FILE|0"`
}

// Run prints the newest signed checkpoint: for a witness, or to be kept elsewhere.
// With an old one it is the request of a C2SP witness.
func (v consentCheckpointVerb) Run(io streams) error {
	dir := v.Ledger
	if dir == "" {
		snapshot, err := v.load()
		if err != nil {
			return err
		}
		dir = snapshot.Config.Consent.Ledger
	}
	keys, err := v.keys(v.configFlag)
	if err != nil {
		return err
	}
	history, err := consent.ReadHistory(dir, merkle.Keys{Log: keys.Log})
	if err != nil {
		return err
	}
	if len(history) == 0 {
		return fmt.Errorf("%w: no checkpoint in %s", errNotFound, dir)
	}
	newest := history[len(history)-1]
	if v.Old == "" {
		fmt.Fprintf(io.out, "%s", newest.Note)
		return nil
	}
	older := merkle.Seen{}
	if v.Old != "0" {
		note, err := os.ReadFile(v.Old)
		if err != nil {
			return fmt.Errorf("--old: %w", err)
		}
		if older, err = merkle.OpenCheckpoint(note, keys); err != nil {
			return fmt.Errorf("--old %s: %w", v.Old, err)
		}
	}
	return printConsistency(io, dir, newest, older.Checkpoint)
}

// printConsistency prints old size, proof, and newest checkpoint.
func printConsistency(io streams, dir string, newest consent.Signed, older merkle.Checkpoint) error {
	p, err := consent.OpenProver(dir)
	if err != nil {
		return err
	}
	defer p.Close()
	path, err := p.Consistency(newest.Checkpoint, older)
	if err != nil {
		return err
	}
	var b strings.Builder
	fmt.Fprintf(&b, "old %d\n", older.Size)
	for _, h := range path {
		fmt.Fprintf(&b, "%s\n", h)
	}
	fmt.Fprintf(io.out, "%s\n%s", b.String(), newest.Note)
	return nil
}
