package vcon

import (
	"bytes"
	"encoding/json"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"assent/consent"
	"assent/evidence"
	"assent/recorder"
)

const golden = "testdata/call.vcon"

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// source is a recorded call whose caller agreed by key.
func source() Source {
	at := recorder.Timestamp{Time: noon}
	return Source{
		Sidecar: recorder.Sidecar{ID: "01JDREC00000000000000000000", Call: "01JDCALL0000000000000000000", Station: "agent-1", Direction: "inbound",
			From: "+493011223344", To: "+4980012345", StartedAt: at, EndedAt: at, DurationMS: 1500, SHA256: "f00d"},
		Raw: []byte("{}\n"), File: "01JDREC00000000000000000000.wav", Audio: []byte("RIFF"), At: noon.Add(time.Hour),
		Entries: []consent.Record{
			{Index: 4, Time: noon, Data: consent.ConsentData{State: "granted", Method: "rfc4733", Key: "1", Prompt: "question", PromptSHA256: "ab", Language: "en"}},
			{Index: 5, Time: noon, Data: consent.BarrierData{}},
		},
		Bundle: evidence.Bundle{Format: 1, Recording: "01JDREC00000000000000000000", Call: "01JDCALL0000000000000000000",
			Entries: []evidence.BundleEntry{{Line: "line 4", Proof: "proof 4"}, {Line: "line 5", Proof: "proof 5"}}},
	}
}

func encoded(t *testing.T, s Source) []byte {
	t.Helper()
	v, err := New(s)
	if err != nil {
		t.Fatal(err)
	}
	b, err := v.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// The golden file has the fields of the unsigned form, as the working group's JSON Schema names them.
func TestExportIsTheGoldenOne(t *testing.T) {
	got := encoded(t, source())
	want, err := os.ReadFile(golden)
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("%v; got\n%s", err, got)
	}
}

func TestPhoneNumbersAreInItOnlyByChoice(t *testing.T) {
	s := source()
	if got := encoded(t, s); bytes.Contains(got, []byte("49301")) || bytes.Contains(got, []byte("agent-1")) {
		t.Errorf("without a choice:\n%s", got)
	}
	s.Numbers = true
	var v VCon
	if err := json.Unmarshal(encoded(t, s), &v); err != nil {
		t.Fatal(err)
	}
	if v.Parties[0].Tel != "tel:+493011223344" || v.Parties[1].Tel != "tel:+4980012345" || v.Parties[1].Name != "agent-1" || v.Attachments[2].Purpose != "sidecar" {
		t.Errorf("%+v", v.Parties)
	}
}

func TestAudioElsewhereIsNamedByItsHash(t *testing.T) {
	s := source()
	s.Audio, s.URL, s.SHA512 = nil, "https://example.com/one.wav", bytes.Repeat([]byte{0xfb}, 64)
	got := encoded(t, s)
	if !regexp.MustCompile(`"content_hash": "sha512-[A-Za-z0-9_-]{86}"`).Match(got) || bytes.Contains(got, []byte("UklGRg")) {
		t.Errorf("%s", got)
	}
	s.Audio = []byte("RIFF")
	if _, err := New(s); err == nil {
		t.Error("audio inside and elsewhere")
	}
}

func TestWithdrawnConsentIsRevokedAndNobodyAskedIsNoConsent(t *testing.T) {
	s := source()
	s.Entries[1] = consent.Record{Index: 5, Time: noon.Add(time.Minute), Data: consent.WithdrawnData{By: "caller"}}
	if got := encoded(t, s); !bytes.Contains(got, []byte(`"status": "revoked"`)) || bytes.Contains(got, []byte(`"value": true`)) {
		t.Errorf("%s", got)
	}
	s.Entries[0].Data, s.Entries[1].Data = consent.ConsentData{State: "not_asked", Basis: consent.BasisNotRequired}, consent.BarrierData{}
	if got := encoded(t, s); strings.Contains(string(got), `"purpose": "consent"`) {
		t.Errorf("%s", got)
	}
}

func TestTheSameRecordingIsAlwaysTheSameVCon(t *testing.T) {
	a, b := source(), source()
	b.At = b.At.Add(time.Hour)
	if a.uuid() != b.uuid() || !regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`).MatchString(a.uuid()) {
		t.Errorf("%s and %s", a.uuid(), b.uuid())
	}
	b.Sidecar.SHA256 = "beef"
	if a.uuid() == b.uuid() {
		t.Error("another audio has the same UUID")
	}
}
