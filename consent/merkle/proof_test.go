package merkle

import (
	"bytes"
	"crypto/ed25519"
	"fmt"
	"strings"
	"testing"
	"time"
)

const origin = "assent.internal/ledger/test"

// keyed is a log of its own with a witness.
type keyed struct {
	signer  Signer
	witness Witness
	keys    Keys
}

func newKeyed(t testing.TB) keyed {
	t.Helper()
	secret, err := GenerateSigner(origin)
	must(t, err)
	signer, err := ParseSigner(secret)
	must(t, err)
	witness := NewWitness("witness.example/w1", ed25519.NewKeyFromSeed(bytes.Repeat([]byte{7}, 32)), func() time.Time { return time.Unix(1_790_000_000, 0) })
	key, err := witness.Verifier()
	must(t, err)
	return keyed{signer, witness, Keys{Log: signer.Verifier(), Witnesses: []VerifierKey{key}}}
}

// grown returns a tree of n leaves and its nodes.
func grown(n int) (Tree, Stored) {
	var tree Tree
	var nodes []byte
	for i := range n {
		nodes = tree.AddTo(nodes, leaf(i))
	}
	return tree, NewStored(bytes.NewReader(nodes))
}

// cosigned returns the checkpoint of a tree with both signatures.
func (k keyed) cosigned(t testing.TB, tree Tree) []byte {
	t.Helper()
	signed, err := Checkpoint{origin, tree.Size(), tree.Root()}.Sign(k.signer)
	must(t, err)
	both, err := k.witness.Cosign(signed, Keys{Log: k.keys.Log})
	must(t, err)
	return both
}

func TestEveryLeafOfEveryTreeIsProved(t *testing.T) {
	k := newKeyed(t)
	for size := 1; size < 40; size++ {
		tree, stored := grown(size)
		checkpoint := k.cosigned(t, tree)
		for index := range size {
			path, err := stored.Inclusion(int64(size), int64(index))
			must(t, err)
			p, err := ParseProof(Proof{int64(index), path, checkpoint}.Text())
			must(t, err)
			seen, err := p.Verify(leaf(index), k.keys)
			if err != nil || seen.Size != int64(size) || len(seen.Witnesses) != 1 {
				t.Fatalf("leaf %d of %d: %+v, %v", index, size, seen, err)
			}
			if _, err := p.Verify(leaf(index+1), k.keys); err == nil {
				t.Fatalf("leaf %d of %d is proved by the proof of another", index+1, size)
			}
		}
	}
}

func TestEveryTreeIsTheBeginningOfLargerOnesAndOfNoOther(t *testing.T) {
	for size := 1; size < 30; size++ {
		tree, stored := grown(size)
		newer := Checkpoint{origin, int64(size), tree.Root()}
		for old := 1; old <= size; old++ {
			before, _ := grown(old)
			older := Checkpoint{origin, int64(old), before.Root()}
			path, err := stored.Consistency(int64(size), int64(old))
			must(t, err)
			must(t, CheckConsistency(path, newer, older))
			older.Root[3] ^= 1
			if CheckConsistency(path, newer, older) == nil {
				t.Fatalf("%d leaves begin with %d others", size, old)
			}
		}
	}
}

// Whoever changes one bit of a proof or of its checkpoint is found out.
func TestEveryBitOfAProofCounts(t *testing.T) {
	k := newKeyed(t)
	tree, stored := grown(21)
	path, err := stored.Inclusion(21, 9)
	must(t, err)
	text := Proof{9, path, k.cosigned(t, tree)}.Text()
	for i := range len(text) {
		for bit := range 8 {
			b := []byte(text)
			b[i] ^= 1 << bit
			p, err := ParseProof(string(b))
			if err == nil {
				_, err = p.Verify(leaf(9), k.keys)
			}
			if err == nil {
				t.Errorf("bit %d of byte %d (%q) may be changed", bit, i, text[i])
			}
		}
	}
}

func TestCheckpointIsBelievedOnlyWithTheRightSignatures(t *testing.T) {
	k, other := newKeyed(t), newKeyed(t)
	tree, _ := grown(5)
	signed, err := Checkpoint{origin, 5, tree.Root()}.Sign(k.signer)
	must(t, err)
	foreign, err := Checkpoint{"another.example/log", 5, tree.Root()}.Sign(k.signer)
	must(t, err)
	for name, c := range map[string]struct {
		note []byte
		keys Keys
		want string // in the error; "" for none
	}{
		"by the log":           {signed, Keys{Log: k.keys.Log}, ""},
		"by another log":       {signed, Keys{Log: other.keys.Log}, "not by"},
		"without the witness":  {signed, k.keys, "no cosignature of witness"},
		"of another origin":    {foreign, Keys{Log: k.keys.Log}, "of the log another.example/log"},
		"by the witness alone": {bytes.Replace(k.cosigned(t, tree), signed[bytes.Index(signed, []byte("— ")):], nil, 1), k.keys, "not signed by the log's key"},
		"without a key":        {signed, Keys{}, "signed by"},
		"by nobody":            {[]byte("a\n1\nb\n"), k.keys, "malformed"},
		"too long":             {make([]byte, maxNote+1), k.keys, "at most"},
	} {
		_, err := OpenCheckpoint(c.note, c.keys)
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

func TestCosignaturesOfStrangersAreNamedAndChangeNothing(t *testing.T) {
	k := newKeyed(t)
	tree, _ := grown(3)
	seen, err := OpenCheckpoint(k.cosigned(t, tree), Keys{Log: k.keys.Log})
	if err != nil || len(seen.Unknown) != 1 || !strings.HasPrefix(seen.Unknown[0], "witness.example/w1+") {
		t.Errorf("%+v, %v", seen, err)
	}
}

func TestWitnessLinesAreAddedOnce(t *testing.T) {
	k := newKeyed(t)
	tree, _ := grown(3)
	signed, err := Checkpoint{origin, 3, tree.Root()}.Sign(k.signer)
	must(t, err)
	both := k.cosigned(t, tree)
	got := AddCosignatures(AddCosignatures(signed, string(both)), string(both))
	if _, err := OpenCheckpoint(got, k.keys); err != nil || !bytes.Equal(got, both) {
		t.Errorf("%v:\n%s", err, got)
	}
}

func TestKeysAreReadAsTheyAreWritten(t *testing.T) {
	k := newKeyed(t)
	for _, key := range []VerifierKey{k.keys.Log, k.keys.Witnesses[0]} {
		again, err := ParseVerifierKey(key.String() + "\n")
		if err != nil || again.ID() != key.ID() || again.Witness() != key.Witness() {
			t.Errorf("%s: %+v, %v", key, again, err)
		}
		for i := range len(key.String()) {
			b := []byte(key.String())
			b[i] ^= 1
			if other, err := ParseVerifierKey(string(b)); err == nil && other.ID() == key.ID() {
				t.Errorf("%s passes for %s", b, key)
			}
		}
	}
}

func TestNotesAreTakenApartUpToATornEnd(t *testing.T) {
	k := newKeyed(t)
	var all []byte
	for n := range 3 {
		tree, _ := grown(n)
		all = append(all, k.cosigned(t, tree)...)
	}
	for cut := range len(all) + 1 {
		notes, rest := SplitNotes(all[:cut])
		if !bytes.Equal(append(bytes.Join(notes, nil), rest...), all[:cut]) {
			t.Fatalf("cut at %d: bytes were lost", cut)
		}
		for _, n := range notes {
			if _, err := OpenCheckpoint(n, Keys{Log: k.keys.Log}); err != nil {
				t.Fatalf("cut at %d: %v", cut, err)
			}
		}
	}
	if notes, rest := SplitNotes(all); len(notes) != 3 || len(rest) != 0 {
		t.Errorf("%d notes and %d bytes", len(notes), len(rest))
	}
}

func FuzzProof(f *testing.F) {
	k := newKeyed(f)
	tree, stored := grown(6)
	path, err := stored.Inclusion(6, 2)
	must(f, err)
	text := Proof{2, path, k.cosigned(f, tree)}.Text()
	f.Add(text)
	f.Add(strings.Replace(text, "index 2", "index 3", 1))
	f.Add(fmt.Sprintf("%s\nindex 0\n\n%s", proofHeader, "x\n0\n\n\n— x AAAAAAA=\n"))
	f.Fuzz(func(t *testing.T, changed string) {
		p, err := ParseProof(changed)
		if err != nil {
			return
		}
		if _, err := p.Verify(leaf(2), k.keys); err == nil && changed != text {
			t.Errorf("another proof holds:\n%s", changed)
		}
	})
}

func FuzzVerifierKey(f *testing.F) {
	k := newKeyed(f)
	f.Add(k.keys.Log.String())
	f.Add(k.keys.Witnesses[0].String())
	f.Add("a+00000000+BA==")
	f.Fuzz(func(t *testing.T, text string) {
		if key, err := ParseVerifierKey(text); err == nil && key.Name() == "" {
			t.Error("a key without a name")
		}
	})
}
