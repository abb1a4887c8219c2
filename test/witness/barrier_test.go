package witness

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"assent/demo/phone"
	"assent/test/service"
)

// talkTime is how long the two talk in a test.
const talkTime = 1200 * time.Millisecond

// consented lives a call to its end: the question, then press, then the talk.
func (s *stage) consented(t *testing.T, from string, o phone.Options, w *weather, press func(*phone.Call)) *phone.Call {
	t.Helper()
	var network func([]byte, func([]byte))
	if w != nil {
		send, wait := w.network(uint64(len(from)) + 7)
		network = send
		t.Cleanup(wait)
	}
	if o.Voice == nil {
		o.Voice = phone.Tone(before, -16)
	}
	c := s.call(t, from, o, network)
	press(c)
	<-s.far
	service.Until(t, "the talk", func() bool { return phone.Level(tail(c.Heard(), 4000), agent) > -22 })
	time.Sleep(talkTime) // the talk itself
	ctx, done := context.WithTimeout(t.Context(), 10*time.Second)
	defer done()
	if err := c.Hangup(ctx); err != nil {
		t.Fatal(err)
	}
	return c
}

func tail(samples []int16, n int) []int16 { return samples[max(0, len(samples)-n):] }

// pressOne presses 1 by RFC 4733 and changes the tone with it.
func pressOne(c *phone.Call) {
	c.Press("1")
	c.Say(phone.Tone(after, -16))
}

func TestOnlyAudioFromAfterTheKeyIsRecorded(t *testing.T) {
	t.Parallel()
	calm := &weather{}
	for _, tc := range []struct {
		name    string
		o       settings
		options phone.Options
		weather *weather
		press   func(*phone.Call)
	}{
		{name: "a clean network", press: pressOne},
		{name: "jitter, reordering, loss and late packets", weather: &storm, press: pressOne},
		{name: "a new SSRC at the key", weather: &storm, press: func(c *phone.Call) {
			pressOne(c)
			time.Sleep(60 * time.Millisecond) // in the middle of the press
			c.ChangeSSRC()
		}},
		{name: "a key by SIP INFO", weather: calm, press: func(c *phone.Call) {
			if err := c.Info(context.Background(), '1'); err != nil {
				panic(err)
			}
			c.Say(phone.Tone(after, -16))
		}},
		{name: "a re-INVITE at the key", weather: &storm, press: func(c *phone.Call) {
			pressOne(c)
			time.Sleep(100 * time.Millisecond)
			if err := c.Hold(context.Background(), false); err != nil {
				panic(err)
			}
		}},
		{name: "PCMU on one side and PCMA on the other", options: phone.Options{Codec: "PCMU"},
			o: settings{codecs: "PCMU, PCMA", station: phone.Answer{Status: 200, Codec: "PCMA", Voice: phone.Tone(agent, -16)}}, press: pressOne},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			s := set(t, tc.o)
			if tc.options.Codec == "" {
				tc.options.Codec = "PCMA"
			}
			s.consented(t, "+493055501", tc.options, tc.weather, tc.press)
			s.checkRecorded(t)
		})
	}
}

// checkRecorded holds the one call's record, file, ledger and log against the
// promise.
func (s *stage) checkRecorded(t *testing.T) {
	t.Helper()
	cdr := s.CDR(1)
	if cdr.Consent.State != "granted" || cdr.Recording.Reason != "allowed" || cdr.Recording.File == "" {
		t.Fatalf("consent %+v, recording %+v", cdr.Consent, cdr.Recording)
	}
	left, right := wav(t, s.file(cdr.Recording.File))
	hears(t, "caller's channel", left, after, true)
	hears(t, "caller's channel", left, before, false)
	hears(t, "caller's channel", left, agent, false)
	hears(t, "agent's channel", right, agent, true)
	hears(t, "agent's channel", right, before, false)
	hears(t, "agent's channel", right, after, false)
	var types []string
	for _, r := range s.Ledger(cdr.ID) {
		types = append(types, r.Type)
	}
	if got := strings.Join(types, " "); got != "consent barrier started sealed" {
		t.Errorf("ledger entries %q", got)
	}
	if code, out := s.Verb("recording", "verify", cdr.Recording.ID); code != 0 {
		t.Errorf("verify: exit %d: %s", code, out)
	}
	if log := s.Log(); strings.Contains(log, "+493055501") || strings.Contains(log, "493055501") {
		t.Error("the log has the caller's number")
	}
	_, metrics := s.Get("/metrics")
	if !strings.Contains(metrics, "\nassent_recording_unconsented_samples_total 0\n") {
		t.Error("assent_recording_unconsented_samples_total is not 0")
	}
}

// Every 20 ms frame from before the key has bytes of its own; none may be in the
// file, at whatever place.
func TestNoFrameFromBeforeTheKeyIsInTheFile(t *testing.T) {
	t.Parallel()
	s := set(t, settings{})
	marked := func(n int64) []int16 { // loud and unlike anything else, frame by frame
		samples := make([]int16, 160)
		for i := range samples {
			samples[i] = alawLevel(int(n)*7 + i*i + i*int(n%13))
		}
		return samples
	}
	c := s.consented(t, "+493055509", phone.Options{Codec: "PCMA", Voice: marked}, &storm, pressOne)
	cdr := s.CDR(1)
	file, err := os.ReadFile(s.file(cdr.Recording.File))
	if err != nil {
		t.Fatal(err)
	}
	left, _ := wav(t, s.file(cdr.Recording.File))
	samples := littleEndian(left)
	frames := 0
	for _, p := range c.Sent() {
		if p.PayloadType != 8 {
			break // the key
		}
		frames++
		for _, part := range [][]byte{decoded(p.Payload)[:40], decoded(p.Payload)[160:200]} {
			if bytes.Contains(samples, part) {
				t.Fatalf("frame %d, sent before the key, is in the recording", frames)
			}
		}
	}
	if frames < 30 {
		t.Fatalf("only %d frames were sent before the key: this test shows nothing", frames)
	}
	if len(file) < 16000 {
		t.Fatalf("the recording has only %d bytes", len(file))
	}
}

// alawLevel is the n-th of the samples that A-law keeps exactly.
func alawLevel(n int) int16 {
	segment, low := n>>4&7, n&15
	v := low<<4 + 8
	if segment > 0 {
		v = (v + 0x100) << (segment - 1)
	}
	if n&128 != 0 {
		return int16(-v)
	}
	return int16(v)
}

// decoded is an A-law payload as a recording stores it: 16-bit little-endian.
func decoded(payload []byte) []byte {
	samples := make([]int16, len(payload))
	for i, b := range payload {
		b ^= 0x55
		v := int(b&15)<<4 + 8
		if segment := b >> 4 & 7; segment > 0 {
			v = (v + 0x100) << (segment - 1)
		}
		if b&0x80 == 0 {
			v = -v
		}
		samples[i] = int16(v)
	}
	return littleEndian(samples)
}

func littleEndian(samples []int16) []byte {
	b := make([]byte, 0, 2*len(samples))
	for _, s := range samples {
		b = append(b, byte(s), byte(uint16(s)>>8))
	}
	return b
}

// Recording never changes the live RTP.
func TestTheSameRTPLeavesWithRecordingOnAndOff(t *testing.T) {
	t.Parallel()
	var shapes [2]string
	for i, off := range []bool{false, true} {
		s := set(t, settings{off: off})
		ctx, done := context.WithTimeout(t.Context(), 20*time.Second)
		c := s.call(t, "+493055510", phone.Options{Codec: "PCMA", Voice: phone.Tone(before, -16)}, nil)
		pressOne(c)
		far := <-s.far
		service.Until(t, "the talk", func() bool { return len(far.Packets()) > 60 })
		if err := c.Hangup(ctx); err != nil {
			t.Fatal(err)
		}
		done()
		shapes[i] = shape(far.Packets()[:50])
		if recorded := s.CDR(1).Recording.File != ""; recorded == off {
			t.Fatalf("recording off is %v, recorded is %v", off, recorded)
		}
	}
	if shapes[0] != shapes[1] {
		t.Errorf("with recording:\n%s\nwithout:\n%s", shapes[0], shapes[1])
	}
}

// shape is what a receiver sees of a stream, without the numbers that are random.
func shape(packets []phone.Packet) string {
	var b strings.Builder
	for i, p := range packets {
		if i > 0 {
			fmt.Fprintf(&b, "%d/%d/%d/%v ", p.Sequence-packets[i-1].Sequence, p.Timestamp-packets[i-1].Timestamp, len(p.Payload), p.Marker)
		}
	}
	return b.String()
}

// A stranger's packets reach neither the agent nor the recording.
func TestAStrangersAudioIsNeitherHeardNorRecorded(t *testing.T) {
	t.Parallel()
	s := set(t, settings{})
	c := s.consented(t, "+493055511", phone.Options{Codec: "PCMA"}, nil, func(c *phone.Call) {
		stop := make(chan struct{})
		t.Cleanup(func() { close(stop) })
		go stranger(c, stop)
		pressOne(c)
	})
	_ = c
	cdr := s.CDR(1)
	left, right := wav(t, s.file(cdr.Recording.File))
	hears(t, "caller's channel", left, strange, false)
	hears(t, "agent's channel", right, strange, false)
	hears(t, "caller's channel", left, after, true)
}

func TestTheSidecarSaysWhatTheLedgerSays(t *testing.T) {
	t.Parallel()
	s := set(t, settings{})
	s.consented(t, "+493055512", phone.Options{Codec: "PCMA"}, nil, pressOne)
	cdr := s.CDR(1)
	b, err := os.ReadFile(strings.TrimSuffix(s.file(cdr.Recording.File), ".wav") + ".json")
	if err != nil {
		t.Fatal(err)
	}
	var sidecar struct {
		Call    string
		SHA256  string
		Barrier []struct {
			RTPTime uint64 `json:"rtp_time"`
			Source  string
		}
		FirstSample []struct {
			RTPTime uint64 `json:"rtp_time"`
			Channel int
		} `json:"first_sample"`
		Consent struct {
			State, Method, Key, Prompt string
			Ledger                     *int64
		}
	}
	if err := json.Unmarshal(b, &sidecar); err != nil {
		t.Fatal(err)
	}
	switch {
	case sidecar.Call != cdr.ID, sidecar.SHA256 != cdr.Recording.SHA256:
		t.Errorf("sidecar %s", b)
	case len(sidecar.Barrier) == 0 || sidecar.Barrier[0].Source != "key" && sidecar.Barrier[0].Source != "audio":
		t.Errorf("barrier %+v", sidecar.Barrier)
	case len(sidecar.FirstSample) != 2 || sidecar.FirstSample[0].RTPTime < sidecar.Barrier[0].RTPTime:
		t.Errorf("first samples %+v, barrier %+v", sidecar.FirstSample, sidecar.Barrier)
	case sidecar.Consent.State != "granted" || sidecar.Consent.Key != "1" || sidecar.Consent.Method != "rfc4733" || sidecar.Consent.Ledger == nil:
		t.Errorf("consent %+v", sidecar.Consent)
	}
}
