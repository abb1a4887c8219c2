package app_test

import (
	"bytes"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"assent/demo/phone"
	"assent/event"
	"assent/media/codec"
	"assent/recorder"
	"assent/vault"
)

// paused lives a call whose recording pauses for more than a second, and returns its facts.
func (s *stage) paused() (caller *phone.Call, file string, facts recorder.Sidecar) {
	s.t.Helper()
	caller, agent := s.talking()
	agent.Say(talk)
	s.spoken(caller, 50)
	at := "/v1/calls/" + s.saw(event.CallAnswered).Call
	ask[any](s, http.MethodPost, at+"/pause")
	s.saw(event.RecordingPaused)
	s.spoken(caller, 75)
	ask[any](s, http.MethodPost, at+"/resume")
	s.saw(event.RecordingResumed)
	s.spoken(caller, 50)
	s.hangup(caller)
	cdr := s.cdr()
	return caller, cdr.Recording.File, sidecar(s.t, cdr.Recording.File)
}

// pauses returns the pauses of a channel that a sidecar tells of, in ms.
func pauses(facts recorder.Sidecar, channel int) (ms int64) {
	for _, g := range facts.Gaps {
		if g.Type == "secure_pause" && g.Channel == channel {
			ms += g.EndMS - g.StartMS
		}
	}
	return ms
}

func TestAQueueKeepsItsCallsAsSealedOpusWithoutTheirPauses(t *testing.T) {
	if !codec.HasOpus {
		t.Skip("this build has no Opus")
	}
	t.Parallel()
	s := prepare(t)
	s.file("kek", vault.NewKeyText())
	s.edit("assent.yaml", "recordings: { dir: ./recordings }", `recordings: { dir: ./recordings, format: g711, gaps: omit, encryption: { key: "file:kek" } }`)
	s.edit("assent.yaml", "recording: { enabled: true } }", "recording: { enabled: true, format: opus } }")
	s.start()
	_, file, facts := s.paused()
	if filepath.Ext(file) != ".opus" || facts.Format != recorder.FormatOpus || facts.GapsAs != recorder.GapsOmit {
		t.Errorf("%s is %s, its gaps are %s", file, facts.Format, facts.GapsAs)
	}
	length := facts.EndedAt.Sub(facts.StartedAt.Time).Milliseconds()
	left := int64(0)
	for _, o := range facts.Omitted {
		left += o.EndMS - o.StartMS
	}
	if left < 1000 || length-left-facts.DurationMS > 2 || facts.DurationMS-length+left > 2 || pauses(facts, 0) < left || pauses(facts, 1) < left {
		t.Errorf("%d ms of %d are left out, and the file has %d; gaps %+v", left, length, facts.DurationMS, facts.Gaps)
	}
	stored, err := os.ReadFile(file)
	must(t, err)
	sound := s.heard(strings.TrimSuffix(filepath.Base(file), ".opus"))
	if bytes.Contains(stored, []byte("OpusHead")) || !bytes.HasPrefix(sound, []byte("OggS")) {
		t.Errorf("stored % x, opened % x", stored[:16], sound[:16])
	}
	if _, err := exec.LookPath("opusdec"); err != nil {
		t.Skip("opusdec is missing: make unit installs it")
	}
	s.file("plain.opus", string(sound))
	if out, err := exec.Command("opusdec", "--quiet", "--rate", "8000", s.path("plain.opus"), s.path("plain.wav")).CombinedOutput(); err != nil {
		t.Fatalf("opusdec: %v %s", err, out)
	}
	one, other := channels(t, s.path("plain.wav"))
	for i, samples := range [][]int16{one, other} {
		decoded := time.Duration(len(samples)) * time.Second / 8000
		if off := decoded.Milliseconds() - facts.DurationMS; off < -1 || off > 1 {
			t.Errorf("channel %d decodes to %s, want %d ms", i, decoded, facts.DurationMS)
		}
		if ms := loudMS(samples); int64(ms) < facts.DurationMS-700 {
			t.Errorf("channel %d holds %d ms of talk in %d", i, ms, facts.DurationMS)
		}
	}
}

func TestG711IsKeptAsItCameAndItsPauseIsAQuietTone(t *testing.T) {
	t.Parallel()
	s := prepare(t)
	s.edit("assent.yaml", "recordings: { dir: ./recordings }", "recordings: { dir: ./recordings, format: g711, gaps: tone }")
	s.start()
	caller, file, facts := s.paused()
	if filepath.Ext(file) != ".wav" || facts.Codec != "pcmu" || facts.GapsAs != recorder.GapsTone || len(facts.Omitted) > 0 || pauses(facts, 0) < 1000 {
		t.Fatalf("%s is %s, its gaps are %s: %+v", file, facts.Codec, facts.GapsAs, facts.Gaps)
	}
	b, err := os.ReadFile(file)
	must(t, err)
	data := b[bytes.Index(b, []byte("data"))+8:]
	left := make([]byte, 0, len(data)/2)
	for i := 0; i+1 < len(data); i += 2 {
		left = append(left, data[i])
	}
	found := 0
	for _, p := range caller.Sent() {
		if len(p.Payload) == 160 && bytes.Contains(left, p.Payload) {
			found++
		}
	}
	if found < 90 {
		t.Errorf("%d packets are in the file as they were sent", found)
	}
	gap := facts.Gaps[0]
	if quiet := left[8*(gap.StartMS+200) : 8*(gap.EndMS-200)]; bytes.Count(quiet, quiet[:1]) == len(quiet) {
		t.Error("the pause is silence")
	}
	s.heard(strings.TrimSuffix(filepath.Base(file), ".wav")) // file, sidecar and ledger are one story
}
