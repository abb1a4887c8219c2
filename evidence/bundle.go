package evidence

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"

	"assent/consent"
	"assent/consent/merkle"
)

const (
	// format is the version of a bundle. A reader refuses any other.
	format = 1
	// maxBundle bounds a bundle that is read: some thousand entries.
	maxBundle = 16 << 20
)

// Bundle is what proves a recording elsewhere, years later: the ledger's entries of its call, each with its proof. With
// file, sidecar and the ledger's public key nothing else is needed. It can't prove that the ledger has no further entry of
// the call: that shows the ledger alone.
type Bundle struct {
	Format    int           `json:"format"`
	Recording string        `json:"recording"`
	Call      string        `json:"call"`
	Entries   []BundleEntry `json:"entries"`
	// SHA256 is of the bundle's text with this field empty: it names damage that no signature covers.
	SHA256 string `json:"sha256"`
}

// BundleEntry is one line of the ledger, without its end, and its proof (C2SP tlog-proof).
type BundleEntry struct {
	Line  string `json:"line"`
	Proof string `json:"proof"`
}

// Collect makes the bundle of a recording: every entry of its call that the checkpoint covers.
func Collect(dir, recording, call string, by consent.Signed) (Bundle, error) {
	p, err := consent.OpenProver(dir)
	if err != nil {
		return Bundle{}, err
	}
	defer p.Close()
	indexes, err := p.EntriesOf(call)
	if err != nil {
		return Bundle{}, err
	}
	b := Bundle{Format: format, Recording: recording, Call: call}
	for _, index := range indexes {
		if index >= by.Size {
			break
		}
		proven, err := p.Prove(index, by)
		if err != nil {
			return Bundle{}, err
		}
		b.Entries = append(b.Entries, BundleEntry{string(proven.Line), proven.Proof.Text()})
	}
	if len(b.Entries) == 0 {
		return Bundle{}, fmt.Errorf("the checkpoint of %d entries covers none of call %s", by.Size, call)
	}
	return b, nil
}

// Encode returns the bundle as DecodeBundle reads it.
func (b Bundle) Encode() ([]byte, error) {
	b.SHA256 = ""
	text, err := b.text()
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(text)
	b.SHA256 = hex.EncodeToString(sum[:])
	return b.text()
}

func (b Bundle) text() ([]byte, error) {
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(b); err != nil {
		return nil, fmt.Errorf("encode bundle: %w", err)
	}
	return out.Bytes(), nil
}

// DecodeBundle reads a bundle in the one form that Encode gives it.
func DecodeBundle(text []byte) (Bundle, error) {
	var b Bundle
	if len(text) > maxBundle {
		return b, fmt.Errorf("bundle: %d bytes, at most %d", len(text), maxBundle)
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&b); err != nil {
		return b, fmt.Errorf("bundle: %w", err)
	}
	if b.Format != format {
		return b, fmt.Errorf("bundle: it has format %d; this program reads format %d", b.Format, format)
	}
	again, err := b.Encode()
	if err != nil {
		return b, err
	}
	if !bytes.Equal(again, text) {
		return b, errors.New("bundle: its checksum does not hold, or it is not written as this program writes it: it was changed")
	}
	return b, nil
}

// Open checks every proof and returns the entries that it proves, and the newest checkpoint that proves them.
func (b Bundle) Open(keys merkle.Keys) ([]consent.Record, merkle.Seen, error) {
	var newest merkle.Seen
	records := make([]consent.Record, 0, len(b.Entries))
	for i, e := range b.Entries {
		r, seen, err := e.open(keys)
		if err == nil && r.Call != b.Call {
			err = fmt.Errorf("of call %s, the bundle is of %s", r.Call, b.Call)
		}
		if err == nil && i > 0 && r.Index <= records[i-1].Index {
			err = fmt.Errorf("entry %d stands behind entry %d", r.Index, records[i-1].Index)
		}
		if err != nil {
			return nil, newest, fmt.Errorf("bundle: entry %d of %d: %w", i+1, len(b.Entries), err)
		}
		if seen.Size >= newest.Size {
			newest = seen
		}
		records = append(records, r)
	}
	return records, newest, nil
}

func (e BundleEntry) open(keys merkle.Keys) (consent.Record, merkle.Seen, error) {
	r, err := consent.ParseLine([]byte(e.Line))
	if err != nil {
		return r, merkle.Seen{}, fmt.Errorf("line: %w", err)
	}
	p, err := merkle.ParseProof(e.Proof)
	if err != nil {
		return r, merkle.Seen{}, err
	}
	if p.Index != r.Index {
		return r, merkle.Seen{}, fmt.Errorf("the proof is of entry %d, the line is entry %d", p.Index, r.Index)
	}
	seen, err := p.Verify(merkle.LeafHash([]byte(e.Line)), keys)
	return r, seen, err
}
