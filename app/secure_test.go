package app_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"assent/call"
	"assent/consent"
	"assent/demo/phone"
	"assent/event"
	"assent/recorder"
)

// The two groups of tones of a key (ITU-T Q.23).
var (
	lowTones  = []float64{697, 770, 852, 941}
	highTones = []float64{1209, 1336, 1477, 1633}
)

const keypad = "123A456B789C*0#D"

// talk is a voice that is no key.
var talk = phone.Tone(1000, -16)

// dialled says keys as tones of 100 ms with 100 ms between them, then talks.
func dialled(keys string) phone.Voice {
	return func(n int64) []int16 {
		i := int(n / 10)
		if i >= len(keys) {
			return talk(n)
		}
		if n%10 >= 5 {
			return nil
		}
		at := strings.IndexByte(keypad, keys[i])
		low, high := phone.Tone(lowTones[at/4], -12)(n), phone.Tone(highTones[at%4], -12)(n)
		for j := range low {
			low[j] += high[j]
		}
		return low
	}
}

// tonesIn counts the tenths of a second in which tones of both groups sound.
func tonesIn(samples []int16) (count int) {
	const block, hop = 800, 400
	loudest := func(part []int16, tones []float64) float64 {
		var levels []float64
		for _, hz := range tones {
			levels = append(levels, phone.Level(part, hz))
		}
		return slices.Max(levels)
	}
	for ; len(samples) >= block; samples = samples[hop:] {
		if loudest(samples[:block], lowTones) > -35 && loudest(samples[:block], highTones) > -35 {
			count++
		}
	}
	return count
}

// channels reads a recording of 16-bit PCM.
func channels(t *testing.T, path string) (left, right []int16) {
	t.Helper()
	b, err := os.ReadFile(path)
	must(t, err)
	at := bytes.Index(b, []byte("data"))
	for b = b[at+8:]; len(b) >= 4; b = b[4:] {
		left = append(left, int16(binary.LittleEndian.Uint16(b)))
		right = append(right, int16(binary.LittleEndian.Uint16(b[2:])))
	}
	return left, right
}

// sidecar reads a recording's facts.
func sidecar(t *testing.T, file string) (s recorder.Sidecar) {
	t.Helper()
	b, err := os.ReadFile(strings.TrimSuffix(file, filepath.Ext(file)) + ".json")
	must(t, err)
	must(t, json.Unmarshal(b, &s))
	return s
}

// everything yields everything that the service wrote, by name: its folder and its log.
func (s *stage) everything() map[string]string {
	s.t.Helper()
	all := map[string]string{}
	must(s.t, filepath.WalkDir(s.dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		all[path] = string(b)
		return err
	}))
	for i, e := range s.logs.All() {
		all[fmt.Sprint("log line ", i)] = e.Message + fmt.Sprint(e.ContextMap())
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, e := range s.events {
		b, err := json.Marshal(e)
		must(s.t, err)
		all[fmt.Sprint("event ", i)] = string(b)
	}
	return all
}

// spoken waits until a phone has sent so many packets more.
func (s *stage) spoken(c *phone.Call, packets int) {
	s.t.Helper()
	from := len(c.Sent())
	s.until("the phone to speak", func() bool { return len(c.Sent()) >= from+packets })
}

// talking brings a call to where it is recorded.
func (s *stage) talking() (caller, agent *phone.Call) {
	s.t.Helper()
	caller = s.dial()
	caller.Say(talk)
	s.press(caller, "1")
	agent = <-s.far
	s.saw(event.RecordingStarted)
	return caller, agent
}

func TestCardDataIsNowhere(t *testing.T) {
	t.Parallel()
	s := prepare(t)
	s.edit("assent.yaml", "log: {", "control: { pause_keys: \"*7\", resume_keys: \"*8\", pause_timeout: 1h }\nlog: {")
	s.start()
	caller, agent := s.talking()
	caller.Say(dialled("5")) // in band, and nobody listens for that: it is in the file, or this test hears nothing
	s.spoken(caller, 50)
	agent.Press("*7")
	paused := s.saw(event.RecordingPaused)
	const card, code = "4539578763621486", "737"
	caller.Press(card + code)
	s.spoken(caller, 10*len(card+code)+20)
	caller.Say(dialled(card + code))
	s.spoken(caller, 10*len(card+code)+20)
	agent.Press("*8")
	resumed := s.saw(event.RecordingResumed)
	s.spoken(caller, 50)
	s.hangup(caller)
	cdr := s.cdr()
	if paused.By != event.ByAgent || paused.Reason != "secure_pause" || resumed.By != event.ByAgent || resumed.Reason != "" {
		t.Errorf("paused by %q (%s), resumed by %q (%s)", paused.By, paused.Reason, resumed.By, resumed.Reason)
	}
	left, right := channels(t, cdr.Recording.File)
	if heard := tonesIn(left); heard < 1 || heard > 4 {
		t.Errorf("tones of keys in %d places of the caller's channel, want those of one key before the pause", heard)
	}
	if heard := tonesIn(right); heard > 0 {
		t.Errorf("tones of keys in %d places of the agent's channel", heard)
	}
	facts := sidecar(t, cdr.Recording.File)
	if !slices.ContainsFunc(facts.Gaps, func(g recorder.SidecarGap) bool {
		return g.Type == "secure_pause" && g.Channel == 0 && g.EndMS-g.StartMS > 7000
	}) {
		t.Errorf("the sidecar tells no pause: %+v", facts.Gaps)
	}
	for name, text := range s.everything() {
		for part := 0; part+6 <= len(card); part++ {
			if digits := card[part : part+6]; strings.Contains(text, digits) {
				t.Errorf("%s holds %s", name, digits)
			}
		}
	}
}

func TestAForgottenPauseEnds(t *testing.T) {
	t.Parallel()
	s := prepare(t)
	s.edit("assent.yaml", "log: {", "control: { pause_timeout: 1s }\nlog: {")
	s.start()
	caller, _ := s.talking()
	running := ask[page[call.View]](s, http.MethodGet, "/v1/calls").Items[0]
	if v := ask[call.View](s, http.MethodPost, "/v1/calls/"+running.Recording.ID+"/pause"); v.Recording.State != "paused" || v.Recording.Reason != "secure_pause" {
		t.Errorf("%+v", v)
	}
	if e := s.saw(event.RecordingPaused); e.By != event.ByAPI {
		t.Errorf("%+v", e)
	}
	if e := s.saw(event.RecordingResumed); e.By != event.BySystem || e.Reason != "timeout" {
		t.Errorf("%+v", e)
	}
	s.hangup(caller)
	if cdr := s.cdr(); cdr.Recording.Reason != "allowed" || !s.kept(cdr) {
		t.Errorf("%+v", cdr)
	}
	if uses := s.uses(); len(uses) != 1 || uses[0].Action != "pause" || uses[0].Recording != running.Recording.ID {
		t.Errorf("%+v", uses)
	}
}

func TestAStationPausesBySIPINFOToo(t *testing.T) {
	t.Parallel()
	s := prepare(t)
	s.edit("assent.yaml", "log: {", "control: { pause_keys: \"*#\", resume_keys: \"*#\", pause_timeout: 1h }\nlog: {") // one sequence toggles
	s.start()
	caller, agent := s.talking()
	ctx, end := context.WithTimeout(t.Context(), patience)
	defer end()
	for _, want := range []event.Type{event.RecordingPaused, event.RecordingResumed} {
		for _, key := range "*#" {
			must(t, agent.Info(ctx, byte(key)))
		}
		if e := s.saw(want); e.By != event.ByAgent {
			t.Errorf("%+v", e)
		}
	}
	s.hangup(caller)
	s.cdr()
}

// withdrawn lives a call whose caller withdraws after some time, and talks on.
func withdrawn(t *testing.T, effect string) (s *stage, id string) {
	t.Helper()
	s = prepare(t)
	s.edit("assent.yaml", "consent: required }", "consent: required, on_withdrawal: "+effect+" }")
	s.edit("assent.yaml", "log: {", "control: { withdraw_keys: \"**9\" }\nlog: {")
	s.start()
	caller, _ := s.talking()
	s.spoken(caller, 30)
	running := ask[page[call.View]](s, http.MethodGet, "/v1/calls").Items[0]
	caller.Press("**9")
	if e := s.saw(event.ConsentWithdrawn); e.By != event.ByCaller || e.Consent.State != "withdrawn" || e.Consent.Ledger == nil {
		t.Errorf("%+v", e)
	}
	s.spoken(caller, 50)
	s.hangup(caller)
	return s, running.Recording.ID
}

// loudMS is how many tenths of a second of a channel hold the talk, in ms.
func loudMS(samples []int16) (ms int) {
	for ; len(samples) >= 800; samples = samples[800:] {
		if phone.Level(samples[:800], 1000) > -30 {
			ms += 100
		}
	}
	return ms
}

func TestWithdrawalKeepsTruncatesOrErasesAsTheTrunkSays(t *testing.T) {
	for _, effect := range []string{"keep", "truncate", "erase"} {
		t.Run(effect, func(t *testing.T) {
			t.Parallel()
			s, id := withdrawn(t, effect)
			cdr := s.cdr()
			if cdr.Consent.State != "withdrawn" {
				t.Errorf("consent %+v", cdr.Consent)
			}
			entries := s.entries(cdr.ID)
			i := slices.Index(entries, "withdrawn")
			if i < 0 || slices.Contains(entries[:i], "sealed") {
				t.Errorf("ledger %v", entries)
			}
			if effect == "erase" {
				if left, err := filepath.Glob(s.path("recordings/*" + id + "*")); err != nil || len(left) > 0 {
					t.Errorf("%v is left (%v)", left, err)
				}
				if s.saw(event.RecordingDeleted).Recording.ID != id || !slices.Contains(entries[i:], "erased") || cdr.Recording.File != "" || cdr.Recording.Reason != "consent_withdrawn" {
					t.Errorf("ledger %v, record %+v", entries, cdr.Recording)
				}
				return
			}
			facts := sidecar(t, cdr.Recording.File)
			left, _ := channels(t, cdr.Recording.File)
			gap := slices.ContainsFunc(facts.Gaps, func(g recorder.SidecarGap) bool {
				return g.Type == "withdrawn" && g.Channel == 0 && g.EndMS-g.StartMS > 700
			})
			if gap != (effect == "keep") || loudMS(left) > 1600 || loudMS(left) < 300 || !slices.Contains(entries[i:], "sealed") {
				t.Errorf("gaps %+v, %d ms of talk, ledger %v", facts.Gaps, loudMS(left), entries)
			}
			s.heard(id) // file, sidecar and ledger agree on where it took effect
			records, err := consent.ByCall(s.path("ledger"), cdr.ID)
			must(t, err)
			if d := records[i].Data.(consent.WithdrawnData); d.PositionMS < 300 || d.PositionMS > facts.EndedAt.Sub(facts.StartedAt.Time).Milliseconds()+20 { // a frame may reach over the barrier
				t.Errorf("the ledger says that it took effect at %d ms of %+v", d.PositionMS, facts)
			}
			if effect == "truncate" && facts.DurationMS > 2500 {
				t.Errorf("%d ms long: the file does not end at the barrier", facts.DurationMS)
			}
		})
	}
}

func TestConsentGrantedAgainOpensABarrierOfItsOwn(t *testing.T) {
	t.Parallel()
	s := prepare(t)
	s.edit("assent.yaml", "consent: required }", "consent: required, on_withdrawal: truncate }")
	s.start()
	caller, _ := s.talking()
	running := ask[page[call.View]](s, http.MethodGet, "/v1/calls").Items[0]
	at := "/v1/calls/" + running.ID
	if v := ask[call.View](s, http.MethodPost, at+"/withdraw"); v.Consent != "withdrawn" || v.GateOpen || v.Recording.ID != "" {
		t.Errorf("%+v", v)
	}
	s.until("the truncated recording", func() bool { return len(s.all(event.RecordingStored)) == 1 })
	if v := ask[call.View](s, http.MethodPost, at+"/grant"); v.Consent != "granted" || !v.GateOpen || v.Recording.ID == running.Recording.ID {
		t.Errorf("%+v", v)
	}
	s.until("another recording", func() bool { return len(s.all(event.RecordingStarted)) == 2 })
	s.spoken(caller, 20)
	s.hangup(caller)
	cdr := s.cdr()
	want := []string{"consent", "barrier", "started", "withdrawn", "sealed", "consent", "barrier", "started", "sealed"}
	if got := s.entries(cdr.ID); !slices.Equal(got, want) {
		t.Errorf("ledger %v, want %v", got, want)
	}
	if cdr.Consent.State != "granted" || cdr.Consent.Method != "api" || cdr.Recording.ID == running.Recording.ID {
		t.Errorf("%+v %+v", cdr.Consent, cdr.Recording)
	}
	if len(s.all(event.RecordingStored)) != 2 {
		t.Errorf("%d recordings stored, want two", len(s.all(event.RecordingStored)))
	}
	var actions []string
	for _, u := range s.uses() {
		actions = append(actions, u.Action)
	}
	if !slices.Equal(actions, []string{"withdraw", "grant"}) {
		t.Errorf("audit log %v", actions)
	}
	c := s.dial() // the yes told to an agent serves its own call; the withdrawal revoked the one before
	defer s.hangup(c)
	s.until("the question", func() bool { return len(s.all(event.ConsentAsked)) == 2 })
}
