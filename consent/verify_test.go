package consent

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/crc32"
	"os"
	"slices"
	"strings"
	"testing"

	"assent/consent/merkle"
)

// badLine returns the line that Verify names, or 0.
func badLine(t *testing.T, b []byte, expected ...Checkpoint) int64 {
	t.Helper()
	report, err := verify(bytes.NewReader(b), fileName, nil, Against{Entries: expected})
	var bad *BadLine
	if errors.As(err, &bad) {
		if !strings.HasPrefix(err.Error(), fmt.Sprintf("%s:%d: ", fileName, bad.Line)) {
			t.Errorf("the error does not begin with file and line: %v", err)
		}
		return bad.Line
	}
	if err != nil {
		t.Fatal(err)
	}
	if report.Torn.Bytes > 0 {
		return report.Torn.Line
	}
	return 0
}

func TestUntouchedLedgerVerifies(t *testing.T) {
	dir := filled(t, 9)
	r, err := Verify(dir)
	if err != nil {
		t.Fatal(err)
	}
	var tree merkle.Tree
	var last Hash
	for _, line := range lines(readFile(t, dir)) {
		last = merkle.LeafHash(bytes.TrimSuffix(line, []byte("\n")))
		tree.Add(last)
	}
	root := tree.Root()
	if want := hex.EncodeToString(root[:]); r.Root != want {
		t.Errorf("root is %s, want %s", r.Root, want)
	}
	if r.Entries != 9 || r.Head.Index != 8 || r.Head.Hash != hex.EncodeToString(last[:]) || r.Types[TypeConsent] != 9 || r.Torn.Bytes != 0 {
		t.Errorf("report is %+v", r)
	}
}

func TestEveryFlippedByteIsNamedByItsLine(t *testing.T) {
	b := readFile(t, filled(t, 3))
	for i := range b {
		line := int64(1 + bytes.Count(b[:i], []byte("\n")))
		for _, mask := range []byte{0x01, 0x20, 0x80} {
			changed := slices.Clone(b)
			changed[i] ^= mask
			if got := badLine(t, changed); got != line {
				t.Fatalf("byte %d (%q) of line %d flipped by %#x: line %d is named", i, b[i], line, mask, got)
			}
		}
	}
}

func TestRemovedLineIsNamed(t *testing.T) {
	all := lines(readFile(t, filled(t, 6)))
	for i := range len(all) - 1 { // the last one: see the checkpoint test
		if got := badLine(t, bytes.Join(slices.Delete(slices.Clone(all), i, i+1), nil)); got != int64(i+1) {
			t.Errorf("line %d removed: line %d is named", i+1, got)
		}
	}
}

func TestSwappedAndRepeatedLinesAreNamed(t *testing.T) {
	all := lines(readFile(t, filled(t, 5)))
	for i := range len(all) - 1 {
		swapped := slices.Clone(all)
		swapped[i], swapped[i+1] = swapped[i+1], swapped[i]
		if got := badLine(t, bytes.Join(swapped, nil)); got != int64(i+1) {
			t.Errorf("lines %d and %d swapped: line %d is named", i+1, i+2, got)
		}
		if got := badLine(t, bytes.Join(slices.Insert(slices.Clone(all), i, all[i]), nil)); got != int64(i+2) {
			t.Errorf("line %d repeated: line %d is named", i+1, got)
		}
	}
}

// forge replaces text in a line and gives it a right checksum, as someone who knows the format would.
func forge(line []byte, old, new string) []byte {
	line = bytes.TrimSuffix(line, []byte("\n"))
	body := bytes.ReplaceAll(line[:len(line)-crcLen], []byte(old), []byte(new))
	return fmt.Appendf(nil, "%s%s%08x\"}\n", body, crcField, crc32.Checksum(body, castagnoli))
}

func TestRewrittenLineWithARightChecksumIsNamed(t *testing.T) {
	all := lines(readFile(t, filled(t, 6)))
	for i := range len(all) - 1 {
		forged := slices.Clone(all)
		forged[i] = forge(all[i], "granted", "declined")
		if got := badLine(t, bytes.Join(forged, nil)); got != int64(i+1) {
			t.Errorf("line %d rewritten: line %d is named", i+1, got)
		}
	}
}

func TestLineWithAForgedLinkIsNamed(t *testing.T) {
	all := lines(readFile(t, filled(t, 6)))
	forged := slices.Clone(all)
	forged[3] = forge(all[3], `"prev":"`, `"prev":"00`)
	if got := badLine(t, bytes.Join(forged, nil)); got != 4 {
		t.Errorf("link of line 4 forged: line %d is named", got)
	}
}

func TestTruncatedAndRewrittenLineIsNamed(t *testing.T) {
	b := readFile(t, filled(t, 4))
	all := lines(b)
	short := append(slices.Clone(all[2][:40]), '\n')
	if got := badLine(t, slices.Concat(all[0], all[1], short, all[3])); got != 3 {
		t.Errorf("line 3 cut: line %d is named", got)
	}
	if got := badLine(t, slices.Concat(all[0], all[1], short)); got != 3 {
		t.Errorf("last line cut and ended: line %d is named", got)
	}
}

func TestOnlyACheckpointShowsARemovedOrRewrittenEnd(t *testing.T) {
	dir := filled(t, 6)
	before, err := Verify(dir)
	if err != nil {
		t.Fatal(err)
	}
	all := lines(readFile(t, dir))
	cut := bytes.Join(all[:4], nil)
	if got := badLine(t, cut); got != 0 {
		t.Errorf("a removed end was named without a checkpoint: line %d", got)
	}
	if got := badLine(t, cut, before.Head); got != 5 {
		t.Errorf("a removed end with a checkpoint: line %d is named, want 5", got)
	}
	rewritten := slices.Concat(bytes.Join(all[:5], nil), forge(all[5], "granted", "declined"))
	if got := badLine(t, rewritten, before.Head); got != 6 {
		t.Errorf("a rewritten end with a checkpoint: line %d is named, want 6", got)
	}
	if got := badLine(t, cut, Checkpoint{Index: 5}); got != 5 {
		t.Errorf("a removed end with an index only: line %d is named, want 5", got)
	}
	if _, err := Verify(dir, before.Head, Checkpoint{Index: -1}, Checkpoint{Index: 3}); err != nil {
		t.Errorf("the right checkpoint is refused: %v", err)
	}
}

func TestFormatsOfLaterVersionsAreRefused(t *testing.T) {
	all := lines(readFile(t, filled(t, 2)))
	for _, c := range [][2]string{{`"v":1`, `"v":2`}, {`"type":"consent"`, `"type":"opinion"`}, {`"v":1`, `"v":1,"x":1`}} {
		if got := badLine(t, slices.Concat(forge(all[0], c[0], c[1]), all[1])); got != 1 {
			t.Errorf("%s: line %d is named", c[1], got)
		}
	}
}

func TestVerifyOfAMissingLedgerSaysSo(t *testing.T) {
	if _, err := Verify(t.TempDir()); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("error is %v", err)
	}
}

func TestEntriesStopsAtTheFirstBadLine(t *testing.T) {
	b := readFile(t, filled(t, 3))
	b[len(b)/2] ^= 1
	var got []error
	for _, err := range Entries(holding(t, b), Filter{}) {
		got = append(got, err)
	}
	var bad *BadLine
	if len(got) != 2 || got[0] != nil || !errors.As(got[1], &bad) || bad.Line != 2 {
		t.Errorf("yielded %v", got)
	}
}

// TestReadersSeeAConsistentPrefixWhileTheWriterRuns verifies a live ledger again and again.
func TestReadersSeeAConsistentPrefixWhileTheWriterRuns(t *testing.T) {
	dir := t.TempDir()
	l := openLedger(t, dir)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for i := range 2000 {
			p := l.Append(answer(fmt.Sprint(i)))
			if i%50 == 0 {
				<-p.Done()
			}
		}
	}()
	last := Report{Head: Checkpoint{Index: -1}}
	for running := true; running; {
		select {
		case <-done:
			running = false
		default:
		}
		head := l.Head()
		r, err := Verify(dir, head, last.Head)
		if err != nil {
			t.Fatal(err)
		}
		if r.Entries < last.Entries {
			t.Fatalf("%d entries after %d", r.Entries, last.Entries)
		}
		last = r
	}
}
