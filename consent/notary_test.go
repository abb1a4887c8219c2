package consent

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/zap"

	"assent/consent/merkle"
)

func newSigner(t testing.TB) merkle.Signer {
	t.Helper()
	s, err := LoadSigner(filepath.Join(t.TempDir(), "ledger.key"), "")
	must(t, err)
	return s
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// signs opens a ledger with its notary; the returned function closes both.
func signs(t testing.TB, dir string, signer merkle.Signer) (*Ledger, *Notary, func()) {
	t.Helper()
	l := openLedger(t, dir)
	n, err := NewNotary(l, dir, signer, time.Minute, zap.NewNop())
	must(t, err)
	return l, n, func() { must(t, n.Close(t.Context())); must(t, l.Close()) }
}

// signed returns a closed folder of n entries, signed in two runs, and its signer.
func signed(t testing.TB, n int) (string, merkle.Signer) {
	t.Helper()
	dir, signer := t.TempDir(), newSigner(t)
	for _, part := range []int{n / 2, n - n/2} {
		l, _, end := signs(t, dir, signer)
		for range part {
			mustAppend(t, l, answer("01JDCALL0000000000000000000"))
		}
		end()
	}
	return dir, signer
}

// heads are the folder's checkpoints, as a verifier takes them.
func heads(t testing.TB, dir string, signer merkle.Signer) (list []merkle.Checkpoint) {
	t.Helper()
	all, err := ReadHistory(dir, merkle.Keys{Log: signer.Verifier()})
	must(t, err)
	for _, s := range all {
		list = append(list, s.Checkpoint)
	}
	return list
}

func TestEveryRunEndsWithASignedHeadThatTheLedgerHas(t *testing.T) {
	dir, signer := signed(t, 9)
	list := heads(t, dir, signer)
	if len(list) != 3 || list[0].Size != 0 || list[1].Size != 4 || list[2].Size != 9 {
		t.Fatalf("checkpoints %+v, want of 0, 4 and 9 entries", list)
	}
	report, err := VerifyAgainst(dir, Against{Heads: list})
	if err != nil || report.Signed != 9 {
		t.Errorf("%+v, %v", report, err)
	}
}

func TestEntriesAreSignedAtTheIntervalAndSealedOnesAtOnce(t *testing.T) {
	signer := newSigner(t)
	synctest.Test(t, func(t *testing.T) {
		l, n, end := signs(t, t.TempDir(), signer)
		defer end()
		size := func(after time.Duration) int64 { time.Sleep(after); synctest.Wait(); return n.Last().Size }
		mustAppend(t, l, answer("a"))
		if got := size(10 * lookEvery); got != 0 {
			t.Errorf("%d entries signed before it was time", got)
		}
		if got := size(time.Minute); got != 1 {
			t.Errorf("%d entries signed after the interval, want 1", got)
		}
		mustAppend(t, l, Entry{Type: TypeSealed, Call: "a", Data: SealedData{Recording: "r", Result: "ok"}})
		if got := size(2 * lookEvery); got != 2 {
			t.Errorf("%d entries signed soon after a recording was sealed, want 2", got)
		}
	})
}

func TestEveryEntryIsProvedByTheNewestCheckpoint(t *testing.T) {
	dir, signer := signed(t, 37)
	keys := merkle.Keys{Log: signer.Verifier()}
	all, err := ReadHistory(dir, keys)
	must(t, err)
	newest := all[len(all)-1]
	p, err := OpenProver(dir)
	must(t, err)
	defer p.Close()
	for index := range int64(37) {
		proven, err := p.Prove(index, newest)
		must(t, err)
		again, err := merkle.ParseProof(proven.Proof.Text())
		must(t, err)
		if _, err := again.Verify(merkle.LeafHash(proven.Line), keys); err != nil || !bytes.Contains(readFile(t, dir), append(proven.Line, '\n')) {
			t.Fatalf("entry %d: %v", index, err)
		}
	}
	for _, older := range all {
		if _, err := p.Consistency(newest.Checkpoint, older.Checkpoint); err != nil {
			t.Error(err)
		}
	}
	if _, err := p.Prove(37, newest); err == nil {
		t.Error("an entry that was never made is proved")
	}
}

// A million lines are found in twenty steps, so the places of lines need no list.
func TestEntriesAreFoundAmongLinesOfAllLengths(t *testing.T) {
	dir := t.TempDir()
	l := openLedger(t, dir)
	for i := range 300 {
		mustAppendLater(t, l, strings.Repeat("x", i*i%3000))
	}
	must(t, l.Close())
	f, size, err := openToRead(dir)
	must(t, err)
	defer f.Close()
	for index, line := range lines(readFile(t, dir)) {
		got, err := lineOf(f, size, int64(index))
		if err != nil || !bytes.Equal(append(got.raw, '\n'), line) {
			t.Fatalf("entry %d: %v", index, err)
		}
	}
	if _, err := lineOf(f, size, 300); err == nil {
		t.Error("an entry behind the end is found")
	}
}

func mustAppendLater(t *testing.T, l *Ledger, text string) {
	t.Helper()
	if p := l.Append(Entry{Type: TypeConsent, Call: "c" + text, Data: ConsentData{State: "granted"}}); p.Index() < 0 {
		t.Fatal(p.Err())
	}
}

func TestTreeThatIsLostOrSpoiledIsMadeAgain(t *testing.T) {
	for name, spoil := range map[string]func(path string) error{
		"removed": os.Remove,
		"cut":     func(path string) error { return os.Truncate(path, 100) },
		"longer":  func(path string) error { return os.Truncate(path, 5000) },
		"zeros":   func(path string) error { return os.WriteFile(path, make([]byte, 2000), 0o600) },
	} {
		t.Run(name, func(t *testing.T) {
			dir, signer := signed(t, 13)
			want, err := os.ReadFile(nodesPath(dir))
			must(t, err)
			must(t, spoil(nodesPath(dir)))
			l, _, end := signs(t, dir, signer)
			mustAppend(t, l, answer("a"))
			end()
			got, err := os.ReadFile(nodesPath(dir))
			must(t, err)
			if !bytes.HasPrefix(got, want) {
				t.Error("another tree than before")
			}
			if _, err := VerifyAgainst(dir, Against{Heads: heads(t, dir, signer)}); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestAnotherLedgerThanTheSignedOneIsNotSigned(t *testing.T) {
	for name, spoil := range map[string]func(t *testing.T, dir string){
		"shorter": func(t *testing.T, dir string) {
			b := readFile(t, dir)
			must(t, os.WriteFile(Path(dir), bytes.Join(lines(b)[:7], nil), 0o600))
		},
		"rewritten": func(t *testing.T, dir string) {
			l := openLedger(t, filepath.Join(dir, "other"))
			for range 20 {
				mustAppend(t, l, answer("another"))
			}
			must(t, l.Close())
			must(t, os.Rename(Path(filepath.Join(dir, "other")), Path(dir)))
		},
		"checkpoint of another key": func(t *testing.T, dir string) {
			c, err := merkle.Checkpoint{Origin: "x", Size: 3}.Sign(newSigner(t))
			must(t, err)
			must(t, os.WriteFile(HistoryPath(dir), c, 0o600))
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir, signer := signed(t, 11)
			spoil(t, dir)
			if _, err := NewNotary(openLedger(t, dir), dir, signer, time.Minute, zap.NewNop()); !errors.Is(err, ErrNotSigned) {
				t.Errorf("%v, want ErrNotSigned", err)
			}
		})
	}
}

// The chain alone can't find these: a line that was rewritten together with all that follow, and a removed end.
func TestWhatTheChainCannotShowTheSignedHeadsDo(t *testing.T) {
	dir, signer := signed(t, 12)
	list := heads(t, dir, signer)
	b := readFile(t, dir)
	tree, err := os.ReadFile(nodesPath(dir))
	must(t, err)
	check := func(changed []byte) error {
		_, err := verify(bytes.NewReader(changed), fileName, bytes.NewReader(tree), Against{Heads: list})
		return err
	}
	must(t, check(b))
	for line := 1; line <= 12; line++ {
		if err := check(rechained(t, b, line)); err == nil || !strings.HasPrefix(err.Error(), fileName+":"+strconv.Itoa(line)+": ") {
			t.Errorf("line %d was rewritten with all after it: %v", line, err)
		}
	}
	if err := check(bytes.Join(lines(b)[:10], nil)); err == nil || !strings.Contains(err.Error(), "its end was removed") {
		t.Errorf("the end was removed: %v", err)
	}
}

// rechained returns the ledger with one entry's call changed and everything after it chained anew.
func rechained(t *testing.T, b []byte, line int) []byte {
	t.Helper()
	var out []byte
	prev := genesis
	for i, raw := range lines(b) {
		f, err := parseLine(bytes.TrimSuffix(raw, []byte("\n")))
		must(t, err)
		e := Entry{Type: f.typ, Call: f.call, Time: f.time}
		if i+1 == line {
			e.Call = "forged"
		}
		start := len(out)
		out = appendLine(out, f.index, prev, e, f.data)
		prev = merkle.LeafHash(out[start : len(out)-1])
	}
	return out
}

func TestFlippedBitOfTheTreeIsFound(t *testing.T) {
	dir, signer := signed(t, 6)
	tree, err := os.ReadFile(nodesPath(dir))
	must(t, err)
	for i := range tree {
		changed := bytes.Clone(tree)
		changed[i] ^= 4
		_, err := verify(bytes.NewReader(readFile(t, dir)), fileName, bytes.NewReader(changed), Against{Heads: heads(t, dir, signer)})
		if err == nil || !strings.HasPrefix(err.Error(), "tree: the node of entry ") {
			t.Fatalf("byte %d: %v", i, err)
		}
	}
}

func TestFlippedBitOfTheHistoryIsNamedByItsCheckpoint(t *testing.T) {
	dir, signer := signed(t, 6)
	b, err := os.ReadFile(HistoryPath(dir))
	must(t, err)
	notes, _ := merkle.SplitNotes(b)
	for i := range b {
		changed := bytes.Clone(b)
		changed[i] ^= 1
		must(t, os.WriteFile(HistoryPath(dir), changed, 0o600))
		list, err := ReadHistory(dir, merkle.Keys{Log: signer.Verifier()})
		if err == nil && len(list) == len(notes) {
			t.Fatalf("byte %d (%q) may be changed", i, b[i])
		}
		if err == nil && i == len(b)-1 {
			continue // a last note without its end is what a crash leaves
		}
		if err == nil {
			t.Fatalf("byte %d (%q): a checkpoint is passed over", i, b[i])
		}
		if !strings.Contains(err.Error(), historyName+": checkpoint ") {
			t.Fatalf("byte %d: %v", i, err)
		}
	}
}

func TestHistoryIsBoundedAndKeepsItsFirstAndItsNewest(t *testing.T) {
	dir, signer := t.TempDir(), newSigner(t)
	h, err := openHistory(dir)
	must(t, err)
	h.max = 16
	for size := range int64(50) {
		c, err := merkle.Checkpoint{Origin: signer.Name(), Size: size}.Sign(signer)
		must(t, err)
		must(t, h.add(c))
	}
	must(t, h.file.Close())
	list := heads(t, dir, signer)
	if len(list) > 16 || len(list) < 8 || list[0].Size != 0 || list[len(list)-1].Size != 49 {
		t.Errorf("%d checkpoints, from %d to %d", len(list), list[0].Size, list[len(list)-1].Size)
	}
}

func TestKeyIsMadeOnceAndForItsOwnerAlone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keys", "ledger.key")
	first, err := LoadSigner(path, "example.com/ledger")
	must(t, err)
	second, err := LoadSigner(path, "")
	must(t, err)
	public, err := ReadVerifier(PublicPath(path))
	must(t, err)
	if first.Verifier().String() != second.Verifier().String() || public.String() != first.Verifier().String() || first.Name() != "example.com/ledger" {
		t.Errorf("%s, %s, %s", first.Verifier(), second.Verifier(), public)
	}
	if _, err := LoadSigner(path, "example.com/another"); err == nil {
		t.Error("the key passes for that of another log")
	}
	info, err := os.Stat(path)
	must(t, err)
	if info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v", info.Mode())
	}
	must(t, os.Chmod(path, 0o640))
	if _, err := LoadSigner(path, ""); !errors.Is(err, os.ErrPermission) {
		t.Errorf("a key that others can read: %v", err)
	}
}
