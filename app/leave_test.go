package app_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"assent/app"
	"assent/consent"
	"assent/consent/merkle"
	"assent/event"
	"assent/vault"
)

// kept is a place where recordings of a test end up.
type kept struct {
	keys  string                                         // of the configuration, in place of the plain folder
	cloud *cloud                                         // nil where it is no object store
	files func(t *testing.T, s *stage) map[string][]byte // what is stored, by name without folder
}

// places are all kinds of them.
func places(t *testing.T) map[string]kept {
	t.Helper()
	below := func(dir string) func(*testing.T, *stage) map[string][]byte {
		return func(t *testing.T, s *stage) map[string][]byte {
			t.Helper()
			all := map[string][]byte{}
			for path, b := range s.written() {
				if strings.HasPrefix(path, s.path(dir)+"/") && !strings.Contains(path, "/.") {
					all[filepath.Base(path)] = b
				}
			}
			return all
		}
	}
	c := newCloud(t)
	return map[string]kept{
		"encrypted in the folder": {keys: `recordings: { dir: ./recordings, encryption: { key: "file:kek" } }`, files: below("recordings")},
		"in another folder":       {keys: `recordings: { dir: ./recordings, store: ./elsewhere, layout: "{{trunk}}/{{id}}" }`, files: below("elsewhere")},
		"encrypted in an object store": {keys: fmt.Sprintf(encrypted, strings.TrimPrefix(c.URL, "http://")), cloud: c, files: func(t *testing.T, _ *stage) map[string][]byte {
			t.Helper()
			all := map[string][]byte{}
			for name, b := range c.objects(t) {
				all[filepath.Base(name)] = b
			}
			return all
		}},
	}
}

// A recording is heard, proved, exported and deleted by its id, wherever it is, sealed or not.
func TestARecordingIsHeardProvedExportedAndDeletedWhereverItIs(t *testing.T) {
	t.Parallel()
	for name, place := range places(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := prepare(t)
			s.file("kek", vault.NewKeyText())
			s.edit("assent.yaml", "recordings: { dir: ./recordings }", place.keys)
			s.start()
			c, _ := s.talking()
			s.spoken(c, 50)
			s.hangup(c)
			id := s.cdr().Recording.ID
			s.saw(event.RecordingStored)
			s.until("the stored files", func() bool { return len(place.files(t, s)) >= 2 })
			at := "/v1/recordings/" + id
			sound := s.heard(id)
			if code, body := s.request(http.MethodGet, at+"/audio", "Range", "bytes=1000-8999"); code != http.StatusPartialContent || body != string(sound[1000:9000]) {
				t.Errorf("a part of the sound: %d, %d bytes", code, len(body))
			}
			stored := s.proves(id, place.files(t, s))
			s.exports(id, sound, stored)
			if code, body := s.tell(at+"/delete", `{"reason":"test"}`); code != http.StatusNoContent {
				t.Fatalf("delete: %d %s", code, body)
			}
			for name := range place.files(t, s) {
				if strings.Contains(name, id) && strings.HasSuffix(name, ".wav") || strings.HasSuffix(name, ".key") {
					t.Errorf("%s is left", name)
				}
			}
			if code, _ := s.request(http.MethodGet, at+"/audio"); code != http.StatusNotFound {
				t.Errorf("the sound of a deleted recording: %d", code)
			}
			var did []string
			for _, u := range s.uses() {
				if u.Action == "export" && u.Recording == id && u.By == "loopback" && u.Result == "ok" {
					did = append(did, u.Detail)
				}
			}
			if len(did) < 2 || did[0] != "proof" || did[len(did)-1] != "vcon" {
				t.Errorf("the audit log has the exports %v", did)
			}
		})
	}
}

// proves takes the proof and the key by the API, and verifies the stored files elsewhere with nothing else.
func (s *stage) proves(id string, files map[string][]byte) (sidecar []byte) {
	s.t.Helper()
	dir := s.t.TempDir()
	for name, b := range files {
		must(s.t, os.WriteFile(filepath.Join(dir, name), b, 0o600))
	}
	_, key := s.get("/v1/ledger/key")
	verifier, err := consent.ReadVerifier(strings.TrimSpace(key))
	must(s.t, err)
	keys := merkle.Keys{Log: verifier}
	s.until("a checkpoint that covers the recording's end", func() bool {
		code, bundle := s.get("/v1/recordings/" + id + "/proof")
		if code != http.StatusOK {
			return false
		}
		_, err := app.VerifyOffline(filepath.Join(dir, id+".wav"), []byte(bundle), keys)
		return err == nil
	})
	s.until("the newest checkpoint, which is told once it is on disk", func() bool {
		_, note := s.get("/v1/ledger/checkpoint")
		seen, err := merkle.OpenCheckpoint([]byte(note), keys)
		return err == nil && seen.Size >= 4
	})
	return files[id+".json"]
}

// exports takes the vCon by the API: it holds the sound in clear, and a sidecar that ties it to what is stored.
func (s *stage) exports(id string, sound, sidecar []byte) {
	s.t.Helper()
	v := ask[struct {
		Dialog      []struct{ Body string }
		Attachments []struct {
			Purpose string
			Body    json.RawMessage
		}
	}](s, http.MethodGet, "/v1/recordings/"+id+"/vcon?numbers=true")
	audio, err := base64.RawURLEncoding.DecodeString(v.Dialog[0].Body)
	if err != nil || !bytes.Equal(audio, sound) {
		s.t.Errorf("the vCon holds %d bytes of sound, want %d (%v)", len(audio), len(sound), err)
	}
	for _, a := range v.Attachments {
		if a.Purpose != "sidecar" {
			continue
		}
		text, err := base64.RawURLEncoding.DecodeString(strings.Trim(string(a.Body), `"`))
		if err != nil || !bytes.Equal(text, sidecar) {
			s.t.Errorf("the vCon's sidecar is not the stored one (%v)", err)
		}
		return
	}
	s.t.Error("the vCon has no sidecar")
}
