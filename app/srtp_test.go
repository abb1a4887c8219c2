package app_test

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"

	"assent/demo/phone"
	"assent/event"
)

// secured is a stage whose trunk and station encrypt as they are told.
func secured(t *testing.T, trunk, station string, answer phone.Answer) *stage {
	t.Helper()
	s := prepare(t)
	s.edit("assent.yaml", "    trust_caller: true\n", "    trust_caller: true\n    srtp: "+trunk+"\n")
	s.edit("assent.yaml", "ring: 5s }", "ring: 5s, srtp: "+station+" }")
	answer.Status = 200
	s.agent.OnCall = func(*phone.Call) phone.Answer { return answer }
	return s.start()
}

// dialWith calls like dial, with a caller of one's own making.
func (s *stage) dialWith(o phone.Options) (*phone.Call, error) {
	s.t.Helper()
	caller, err := phone.New(s.agent.Addr().Addr(), callerNumber)
	must(s.t, err)
	s.t.Cleanup(caller.Close)
	caller.Start()
	ctx, done := context.WithTimeout(s.t.Context(), patience)
	defer done()
	return caller.Dial(ctx, s.peer, calledNumber, o)
}

const (
	callerHz = 700
	agentHz  = 1900
)

// hears waits until a call hears a tone.
func (s *stage) hears(c *phone.Call, hz float64) {
	s.t.Helper()
	s.until(fmt.Sprintf("a tone of %v Hz", hz), func() bool {
		heard := c.Heard()
		return len(heard) > 4000 && phone.Level(heard[len(heard)-4000:], hz) > -24
	})
}

func TestEncryptedAndPlainLegsTalkAndTheRecordingIsClear(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ trunk, station, caller, agent string }{
		{"required", "off", phone.SRTPSHA1, ""},
		{"optional", "required", "", phone.SRTPGCM},
		{"required", "required", phone.SRTPGCM, phone.SRTPSHA1},
	} {
		t.Run(c.trunk+" "+c.station, func(t *testing.T) {
			t.Parallel()
			s := secured(t, c.trunk, c.station, phone.Answer{Voice: phone.Tone(agentHz, -16), Crypto: c.agent})
			call, err := s.dialWith(phone.Options{Voice: phone.Tone(callerHz, -16), Crypto: c.caller})
			must(t, err)
			s.press(call, "1")
			far := <-s.far
			s.hears(call, agentHz)
			s.hears(far, callerHz)
			s.saw(event.RecordingStarted)
			if c.caller != "" { // a new key of the caller's, in mid-call
				call.Encrypt(c.caller)
				ctx, done := context.WithTimeout(t.Context(), patience)
				must(t, call.Hold(ctx, false))
				done()
				before := len(far.Packets())
				s.until("audio under the new key", func() bool { return len(far.Packets()) > before+30 })
			}
			s.hangup(call)
			cdr := s.cdr()
			if q := cdr.Quality; q.Caller == nil || q.Agent == nil || q.Caller.SRTP != c.caller || q.Agent.SRTP != c.agent {
				t.Errorf("quality %+v %+v, want %q and %q", q.Caller, q.Agent, c.caller, c.agent)
			}
			if n := call.Unreadable() + far.Unreadable(); n != 0 {
				t.Errorf("%d packets could not be read", n)
			}
			left, right := samplesOf(t, cdr.Recording.File)
			if phone.Level(left, callerHz) < -24 || phone.Level(right, agentHz) < -24 {
				t.Errorf("the recording has %.0f and %.0f dB", phone.Level(left, callerHz), phone.Level(right, agentHz))
			}
			s.stop()
			for _, key := range []string{call.Key(), call.PeerKey(), far.Key(), far.PeerKey()} {
				s.nowhere(key)
			}
		})
	}
}

// samplesOf reads a recording of 16-bit PCM.
func samplesOf(t *testing.T, path string) (left, right []int16) {
	t.Helper()
	b, err := os.ReadFile(path)
	must(t, err)
	_, data, found := strings.Cut(string(b), "data")
	if !found {
		t.Fatalf("%s holds no data", path)
	}
	for data = data[4:]; len(data) >= 4; data = data[4:] {
		left = append(left, int16(uint16(data[0])|uint16(data[1])<<8))
		right = append(right, int16(uint16(data[2])|uint16(data[3])<<8))
	}
	return left, right
}

// nowhere checks that a key stands neither in the log nor in any file.
func (s *stage) nowhere(key string) {
	s.t.Helper()
	if key == "" {
		return
	}
	for _, e := range s.logs.All() {
		if text := e.Message + fmt.Sprint(e.ContextMap()); strings.Contains(text, key) {
			s.t.Errorf("the log shows a key: %s", text)
		}
	}
	for _, name := range []string{"cdr.jsonl", "ledger/ledger.jsonl", "assent.db"} {
		if b, err := os.ReadFile(s.path(name)); err != nil || strings.Contains(string(b), key) {
			s.t.Errorf("%s shows a key (%v)", name, err)
		}
	}
}

func TestMediaThatIsNotEncryptedAsItHasToBeIsRefused(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ trunk, caller, reason string }{
		{"required", "", "srtp_required"},
		{"off", phone.SRTPGCM, "no_audio"},
	} {
		t.Run(c.reason, func(t *testing.T) {
			t.Parallel()
			s := secured(t, c.trunk, "off", phone.Answer{})
			call, err := s.dialWith(phone.Options{Crypto: c.caller})
			if err == nil || call.Status() != 488 {
				t.Errorf("status %d, %v, want 488", call.Status(), err)
			}
			if cdr := s.cdr(); cdr.Ending.SIP != 488 || cdr.Ending.Reason != c.reason || cdr.Ending.By != event.BySystem {
				t.Errorf("ending %+v, want %s", cdr.Ending, c.reason)
			}
		})
	}
}

func TestAStationThatDoesNotEncryptWhereItHasToFails(t *testing.T) {
	t.Parallel()
	s := secured(t, "off", "required", phone.Answer{})
	call, err := s.dialWith(phone.Options{})
	must(t, err)
	s.press(call, "1")
	<-call.Ended()
	cdr := s.cdr()
	if left := s.saw(event.QueueLeft); left.Reason != "failure" || cdr.Station != "" || cdr.Recording.Result != event.ResultNone {
		t.Errorf("left the queue for %q, station %q, %+v", left.Reason, cdr.Station, cdr.Recording)
	}
}

func TestForgedPacketsEndNoEncryptedCall(t *testing.T) {
	t.Parallel()
	s := secured(t, "required", "off", phone.Answer{Voice: phone.Tone(agentHz, -16)})
	caller, err := phone.New(s.agent.Addr().Addr(), callerNumber)
	must(t, err)
	t.Cleanup(caller.Close)
	caller.Network = func(packet []byte, send func([]byte)) { // four forged packets before each good one
		for i := range 4 {
			forged := append([]byte(nil), packet...)
			forged[len(forged)-1-i] ^= 0x40
			send(forged)
		}
		send(packet)
	}
	caller.Start()
	ctx, done := context.WithTimeout(t.Context(), patience)
	defer done()
	call, err := caller.Dial(ctx, s.peer, calledNumber, phone.Options{Voice: phone.Tone(callerHz, -16), Crypto: phone.SRTPSHA1})
	must(t, err)
	s.press(call, "1")
	far := <-s.far
	s.hears(far, callerHz)
	s.hears(call, agentHz)
	s.until("200 forged packets", func() bool { return len(call.Sent()) > 60 })
	s.hangup(call)
	if cdr := s.cdr(); cdr.Ending.By != event.ByCaller || !cdr.Recording.AudioKept() || cdr.Quality.Caller.Packets < 50 {
		t.Errorf("%+v %+v", cdr.Ending, cdr.Quality.Caller)
	}
}
