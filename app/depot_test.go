package app_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"io/fs"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"

	"assent/app"
	"assent/configs"
	"assent/event"
	"assent/vault"
)

// cloud is an object store in process with a bucket "calls".
type cloud struct {
	*httptest.Server
	backend *s3mem.Backend
}

func newCloud(t *testing.T) *cloud {
	t.Helper()
	backend := s3mem.New()
	must(t, backend.CreateBucket("calls"))
	c := &cloud{httptest.NewServer(gofakes3.New(backend, gofakes3.WithLogger(gofakes3.DiscardLog())).Server()), backend}
	t.Cleanup(c.Close)
	return c
}

// objects are what the bucket holds, by name.
func (c *cloud) objects(t *testing.T) map[string][]byte {
	t.Helper()
	prefix := gofakes3.NewPrefix(nil, nil)
	list, err := c.backend.ListBucket("calls", &prefix, gofakes3.ListBucketPage{})
	must(t, err)
	all := map[string][]byte{}
	for _, o := range list.Contents {
		object, err := c.backend.GetObject("calls", o.Key, nil)
		must(t, err)
		all[o.Key], err = io.ReadAll(object.Contents)
		must(t, err)
		must(t, object.Contents.Close())
	}
	return all
}

// written are all files below the stage's folder.
func (s *stage) written() map[string][]byte {
	s.t.Helper()
	all := map[string][]byte{}
	must(s.t, filepath.WalkDir(s.dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		all[path], err = os.ReadFile(path)
		return err
	}))
	return all
}

// config is the stage's configuration as it is loaded.
func (s *stage) config() configs.Config {
	s.t.Helper()
	snapshot, err := configs.Load(s.path("assent.yaml"), nil)
	must(s.t, err)
	return snapshot.Config
}

// heard opens a recording as a listener would, after it was verified.
func (s *stage) heard(id string) []byte {
	s.t.Helper()
	ctx := context.Background()
	r, err := app.OpenRecordings(ctx, s.config())
	must(s.t, err)
	defer r.Close()
	stored, err := r.Open(ctx, id)
	must(s.t, err)
	defer stored.Close()
	must(s.t, app.VerifyStored(ctx, stored, r.Keys(), s.path("ledger")))
	plain, size, err := stored.Plain(ctx, r.Keys())
	must(s.t, err)
	b := make([]byte, size)
	if n, err := plain.ReadAt(b, 0); n < len(b) {
		s.t.Fatal(n, err)
	}
	return b
}

// frames are pieces of the sound in a WAV file, 24 bytes each.
func frames(audio []byte) (list [][]byte) {
	for at := 1000; at+24 <= len(audio); at += 24 {
		piece, different := audio[at:at+24], map[byte]bool{}
		for _, b := range piece {
			different[b] = true
		}
		if len(different) > 6 { // no silence
			list = append(list, piece)
		}
	}
	return list
}

const encrypted = "recordings: { dir: ./recordings, store: \"s3://calls/eu\", layout: \"{{trunk}}/{{id}}\", " +
	"s3: { endpoint: \"%s\", access_key: a, secret_key: b, tls: false }, encryption: { key: \"file:kek\" } }"

func TestAnEncryptedCallReachesTheObjectStoreAndIsInClearNowhere(t *testing.T) {
	t.Parallel()
	c, kek := newCloud(t), vault.NewKeyText()
	s := prepare(t)
	s.file("kek", kek)
	s.edit("assent.yaml", "recordings: { dir: ./recordings }", fmt.Sprintf(encrypted, strings.TrimPrefix(c.URL, "http://")))
	s.start()
	call := s.dial()
	s.press(call, "1")
	s.saw(event.RecordingStarted)
	during := s.growing()
	s.hangup(call)
	cdr := s.cdr()
	stored := s.saw(event.RecordingStored)
	id := cdr.Recording.ID
	if stored.Recording.ID != id || stored.Call != cdr.ID || stored.Recording.File != "s3://calls/eu/carrier/"+id+".wav" || stored.Recording.SHA256 != cdr.Recording.SHA256 {
		t.Errorf("%+v", stored.Recording)
	}
	s.until("an empty spool", func() bool {
		list, err := filepath.Glob(s.path("recordings/" + id + "*"))
		return err == nil && len(list) == 0
	})
	if code, body := s.get("/readyz"); code != 200 || !strings.Contains(body, `"depot":"ok"`) || !strings.Contains(body, `"recordings":"ok"`) {
		t.Errorf("/readyz: %d %s", code, body)
	}
	s.until("the metrics to count it", func() bool {
		_, body := s.get("/metrics")
		return strings.Contains(body, "assent_recordings_stored_total 1")
	})
	audio := s.heard(id)
	sound := frames(audio)
	if len(sound) < 20 || string(audio[:4]) != "RIFF" {
		t.Fatalf("%d pieces of sound in %d bytes", len(sound), len(audio))
	}
	s.stop()
	delete(during, s.path("kek"))
	after := s.written()
	delete(after, s.path("kek"))
	for _, files := range []map[string][]byte{during, after, c.objects(t)} {
		for name, b := range files {
			for _, secret := range append(sound, []byte(kek)) {
				if bytes.Contains(b, secret) {
					t.Fatalf("%s holds % x", name, secret)
				}
			}
		}
	}
	if n := len(c.objects(t)); n != 3 {
		t.Errorf("the bucket holds %d objects, want audio, facts and key", n)
	}
}

// growing are the files while a recording has some audio in it.
func (s *stage) growing() map[string][]byte {
	s.t.Helper()
	s.until("a growing file", func() bool {
		list, err := filepath.Glob(s.path("recordings/*.wav.part"))
		must(s.t, err)
		if len(list) == 0 {
			return false
		}
		info, err := os.Stat(list[0])
		return err == nil && info.Size() > 8000
	})
	return s.written()
}

func TestAWrongKeyForbidsRecordingAndNotCalls(t *testing.T) {
	t.Parallel()
	s := prepare(t)
	s.edit("assent.yaml", "recordings: { dir: ./recordings }", "recordings: { dir: ./recordings, encryption: { key: \"file:kek\" } }")
	old := vault.NewKeyText()
	s.file("kek", old)
	s.start().stop()
	for _, kek := range []string{vault.NewKeyText(), "no key at all"} {
		s.file("kek", kek)
		s.start()
		if code, body := s.get("/readyz"); code != 200 || strings.Contains(body, `"recordings":"ok"`) || !strings.Contains(body, "encryption") {
			t.Errorf("/readyz: %d %s", code, body)
		}
		bridged, ended := len(s.all(event.CallBridged)), len(s.all(event.CallEnded))
		c := s.dial()
		s.press(c, "1")
		s.until("an agent", func() bool { return len(s.all(event.CallBridged)) > bridged })
		s.hangup(c)
		s.until("the end", func() bool { return len(s.all(event.CallEnded)) > ended })
		s.stop()
	}
	for _, cdr := range s.cdrs() {
		if cdr.Ending.By != "caller" || cdr.Recording.Reason != "recorder_unavailable" || cdr.Recording.Result != "blocked" {
			t.Errorf("%+v %+v", cdr.Ending, cdr.Recording)
		}
	}
	s.file("kek", vault.NewKeyText())
	s.file("old", old)
	s.edit("assent.yaml", "\"file:kek\"", "\"file:kek\", old_keys: [\"file:old\"]")
	s.start()
	if _, body := s.get("/readyz"); !strings.Contains(body, `"recordings":"ok"`) {
		t.Errorf("after a rotation: %s", body)
	}
}

func TestRecordingsAreHeardAfterARotationWithoutTheOldKey(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	s := prepare(t)
	s.file("kek", vault.NewKeyText())
	s.edit("assent.yaml", "recordings: { dir: ./recordings }", fmt.Sprintf(encrypted, strings.TrimPrefix(c.URL, "http://")))
	s.start()
	call := s.dial()
	s.press(call, "1")
	s.saw(event.RecordingStarted)
	s.hangup(call)
	id := s.saw(event.RecordingStored).Recording.ID
	before := s.heard(id)
	s.stop()
	objects := c.objects(t)
	s.file("old", string(must2(os.ReadFile(s.path("kek")))(t)))
	s.file("kek", vault.NewKeyText())
	s.edit("assent.yaml", "\"file:kek\"", "\"file:kek\", old_keys: [\"file:old\"]")
	for _, want := range []int{1, 0} {
		done, err := app.RotateKeys(t.Context(), s.config())
		if err != nil || done.Recordings != 1 || done.Rewrapped != want {
			t.Fatalf("%+v, %v", done, err)
		}
	}
	s.edit("assent.yaml", ", old_keys: [\"file:old\"]", "")
	if !bytes.Equal(s.heard(id), before) {
		t.Error("something else is heard")
	}
	for name, b := range c.objects(t) {
		if bytes.Equal(b, objects[name]) == strings.HasSuffix(name, ".key") {
			t.Errorf("%s: only the key may change", name)
		}
	}
}

func must2[T any](v T, err error) func(*testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		must(t, err)
		return v
	}
}
