package evidence

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"

	"assent/consent"
	"assent/consent/merkle"
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// bundled returns the bundle of a call among others, and the ledger's key.
func bundled(t testing.TB) (Bundle, merkle.Keys) {
	t.Helper()
	dir := t.TempDir()
	signer, err := consent.LoadSigner(filepath.Join(dir, "key"), "")
	must(t, err)
	folder := filepath.Join(dir, "ledger")
	l, err := consent.Open(folder, zap.NewNop())
	must(t, err)
	n, err := consent.NewNotary(l, folder, signer, time.Minute, zap.NewNop())
	must(t, err)
	for i, data := range story() {
		l.Append(consent.Entry{Type: consent.TypeConsent, Call: "another", Time: noon, Data: consent.ConsentData{State: "declined"}})
		typ := []string{consent.TypeConsent, consent.TypeBarrier, consent.TypeStarted, consent.TypeStarted, consent.TypeSealed}[i]
		if p := l.Append(consent.Entry{Type: typ, Call: callID, Time: noon, Data: data}); p.Index() < 0 {
			t.Fatal(p.Err())
		}
	}
	must(t, n.Close(t.Context()))
	must(t, l.Close())
	b, err := Collect(folder, recordingID, callID, n.Last())
	must(t, err)
	return b, merkle.Keys{Log: signer.Verifier()}
}

func TestBundleProvesTheStoryOfItsCallAlone(t *testing.T) {
	b, keys := bundled(t)
	text, err := b.Encode()
	must(t, err)
	again, err := DecodeBundle(text)
	must(t, err)
	records, seen, err := again.Open(keys)
	must(t, err)
	if seen.Size != 10 || len(records) != 5 || records[4].Index != 9 {
		t.Fatalf("%+v, %d records", seen, len(records))
	}
	c := told()
	c.Entries = records
	c.Report.Sidecar.Consent.Ledger = &records[0].Index
	if found := c.Findings(); len(found) != 0 {
		t.Error(found)
	}
}

func TestEveryBitOfABundleCounts(t *testing.T) {
	b, keys := bundled(t)
	text, err := b.Encode()
	must(t, err)
	for i := range text {
		changed := append([]byte(nil), text...)
		changed[i] ^= 1 << (i % 8)
		got, err := DecodeBundle(changed)
		if err == nil {
			_, _, err = got.Open(keys)
		}
		if err == nil || !strings.HasPrefix(err.Error(), "bundle: ") {
			t.Fatalf("byte %d (%q): %v", i, text[i], err)
		}
	}
}

// Whoever makes the checksum right again is found by the proofs.
func TestForgedBundleIsNamedByItsEntry(t *testing.T) {
	for name, forge := range map[string]func(b *Bundle){
		"an entry of another call": func(b *Bundle) { b.Call = "another" },
		"a changed proof":          func(b *Bundle) { b.Entries[1].Proof = b.Entries[2].Proof },
		"a changed line":           func(b *Bundle) { b.Entries[0].Line = strings.Replace(b.Entries[0].Line, "granted", "on_file", 1) },
		"another order":            func(b *Bundle) { b.Entries[0], b.Entries[1] = b.Entries[1], b.Entries[0] },
		"an entry twice":           func(b *Bundle) { b.Entries = append(b.Entries, b.Entries[4]) },
	} {
		t.Run(name, func(t *testing.T) {
			b, keys := bundled(t)
			forge(&b)
			text, err := b.Encode()
			must(t, err)
			got, err := DecodeBundle(text)
			must(t, err)
			if _, _, err := got.Open(keys); err == nil || !strings.HasPrefix(err.Error(), "bundle: entry ") {
				t.Error(err)
			}
		})
	}
	b, _ := bundled(t)
	_, other := bundled(t)
	if _, _, err := b.Open(other); err == nil {
		t.Error("it is proved by the key of another ledger")
	}
}

func FuzzBundle(f *testing.F) {
	b, keys := bundled(f)
	text, err := b.Encode()
	must(f, err)
	f.Add(text)
	f.Add([]byte(`{"format":1}`))
	f.Add([]byte(`{"format":2,"entries":[{"line":"","proof":""}]}`))
	f.Fuzz(func(t *testing.T, changed []byte) {
		got, err := DecodeBundle(changed)
		if err != nil {
			return
		}
		if _, _, err := got.Open(keys); err == nil && len(got.Entries) > 0 && string(changed) != string(text) {
			t.Errorf("another bundle holds:\n%s", changed)
		}
	})
}
