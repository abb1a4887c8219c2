package call_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/zap/zapcore"

	"assent/call"
	"assent/demo/phone"
	"assent/event"
	"assent/queue"
	"assent/store"
	"assent/trunk"
)

func TestUnknownNumberIsRefusedWith404(t *testing.T) {
	t.Parallel()
	n := start(t, plan{})
	c, err := n.tryDial("+1555", phone.Options{})
	if err == nil || c.Status() != 404 {
		t.Fatalf("error %v, want a 404", err)
	}
	cdr := n.wantEnding(ended("system", 404, 1, "unknown_number"))
	if cdr.Trunk != "carrier" || !cdr.AnsweredAt.IsZero() || cdr.Recording.Result != "none" {
		t.Errorf("%+v", cdr)
	}
	if len(n.all(event.CallRefused)) != 1 {
		t.Errorf("events %v, want one call.refused", n.types())
	}
}

func TestNobodyTakesThePlaceOfAnotherInACall(t *testing.T) {
	t.Parallel()
	n := start(t, plan{})
	c, err := n.tryDial(calledNumber, phone.Options{Headers: []string{"Replaces: a@b;to-tag=c;from-tag=d"}})
	if err == nil || c.Status() != 603 {
		t.Fatalf("error %v, want a 603", err)
	}
	n.wantEnding(ended("system", 603, 21, "replaces"))
}

func TestTrunkLimitOfCallsIsRefusedWith503AndRetryAfter(t *testing.T) {
	t.Parallel()
	n := start(t, plan{flow: waitTasks, trunk: func(c *trunk.Config) { c.Limits.Calls = 1 }})
	first := n.dial(phone.Options{})
	second, err := n.tryDial(calledNumber, phone.Options{})
	if err == nil || second.Status() != 503 {
		t.Fatalf("error %v, want a 503", err)
	}
	n.saw(event.TrunkLimitReached)
	n.hangup(first)
	for _, c := range n.records(2) {
		if c.AnsweredAt.IsZero() && c.Ending != ended("system", 503, 34, "trunk_calls_limit") {
			t.Errorf("ending %+v", c.Ending)
		}
	}
}

func TestTrunkLimitOfCallsPerSecondIsRefused(t *testing.T) {
	t.Parallel()
	n := start(t, plan{flow: waitTasks, trunk: func(c *trunk.Config) { c.Limits.PerSecond = 0.01 }})
	first := n.dial(phone.Options{})
	if second, err := n.tryDial(calledNumber, phone.Options{}); err == nil || second.Status() != 503 {
		t.Fatalf("error %v, want a 503", err)
	}
	n.hangup(first)
	for _, c := range n.records(2) {
		if c.AnsweredAt.IsZero() && c.Ending != ended("system", 503, 42, "trunk_rate_limit") {
			t.Errorf("ending %+v", c.Ending)
		}
	}
}

func TestHangupInTheFlowEndsByTheCaller(t *testing.T) {
	t.Parallel()
	n := start(t, plan{flow: waitTasks})
	c := n.dial(phone.Options{})
	n.saw(event.FlowEntered)
	n.hangup(c)
	n.wantEnding(ended("caller", 200, 16, "bye"))
}

func TestHangupDuringTheConsentQuestionCountsAsNoInput(t *testing.T) {
	t.Parallel()
	n := start(t, plan{})
	c := n.dial(phone.Options{})
	n.saw(event.ConsentAsked)
	n.hangup(c)
	cdr := n.wantEnding(ended("caller", 200, 16, "bye"))
	if cdr.Consent.State != "no_input" || len(n.files()) != 0 {
		t.Errorf("consent %+v, files %v", cdr.Consent, n.files())
	}
	if types, _ := n.entries(cdr.ID); fmt.Sprint(types) != "[consent]" {
		t.Errorf("ledger %v, want one consent entry", types)
	}
}

func TestHangupWhileAStationRingsCancelsIt(t *testing.T) {
	t.Parallel()
	n := start(t, plan{flow: queueTasks, answer: phone.Answer{After: time.Hour}})
	c := n.dial(phone.Options{})
	n.until("the station to ring", func() bool { return n.board.Taken("agent-1") == 1 && len(n.agent.Seen()) > 0 })
	n.hangup(c)
	n.wantEnding(ended("caller", 200, 16, "bye"))
	n.until("CANCEL", func() bool { return strings.HasPrefix(last(n.agent.Seen()), "CANCEL") })
	if left := n.saw(event.QueueLeft); left.Reason != "abandoned" {
		t.Errorf("queue.left says %q", left.Reason)
	}
}

func last(list []string) string { return list[len(list)-1] }

func TestHangupInTheTalkEndsBoth(t *testing.T) {
	t.Parallel()
	n := start(t, plan{flow: queueTasks})
	c := n.dial(phone.Options{})
	far := n.talk()
	n.saw(event.CallBridged)
	n.hangup(c)
	n.wantEnding(ended("caller", 200, 16, "bye"))
	<-far.Ended()
}

func TestTheAgentsHangupEndsTheCall(t *testing.T) {
	t.Parallel()
	n := start(t, plan{flow: queueTasks})
	c := n.dial(phone.Options{})
	far := n.talk()
	n.saw(event.CallBridged)
	n.hangup(far)
	n.wantEnding(ended("agent", 200, 16, "bye"))
	<-c.Ended()
}

func TestTheFlowsDisconnectIsTheFlowsEnding(t *testing.T) {
	t.Parallel()
	n := start(t, plan{flow: "start: end\ntasks:\n  end:\n    - disconnect: { name: End }\n"})
	c := n.dial(phone.Options{})
	<-c.Ended()
	n.wantEnding(ended("flow", 200, 16, "normal"))
}

func TestStationFailuresLeadToTheQueuesOutcome(t *testing.T) {
	t.Parallel()
	for _, status := range []int{486, 480, 503, 603, 302} {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			t.Parallel()
			n := start(t, plan{flow: queueTasks, answer: phone.Answer{Status: status, Contact: "sip:else@127.0.0.1:9"}})
			c := n.dial(phone.Options{})
			<-c.Ended()
			n.wantEnding(ended("flow", 200, 16, "normal"))
			if left := n.saw(event.QueueLeft); left.Reason != "failure" {
				t.Errorf("queue.left says %q", left.Reason)
			}
		})
	}
}

func TestSilentStationGivesItsPlaceBack(t *testing.T) {
	t.Parallel()
	n := start(t, plan{flow: queueTasks, answer: phone.Answer{After: time.Hour},
		station: func(c *queue.StationConfig) { c.Ring = 100 * time.Millisecond }})
	<-n.dial(phone.Options{}).Ended()
	n.wantEnding(ended("flow", 200, 16, "normal"))
	if left := n.saw(event.QueueLeft); left.Reason != "failure" {
		t.Errorf("queue.left says %q", left.Reason)
	}
}

func TestQueueTimeoutAndFullAreOutcomes(t *testing.T) {
	t.Parallel()
	n := start(t, plan{flow: queueTasks, answer: phone.Answer{After: time.Hour},
		queue: func(c *queue.Config) { c.MaxWait, c.MaxWaiting = 400*time.Millisecond, 1 }})
	first := n.dial(phone.Options{})
	n.saw(event.QueueEntered)
	second := n.dial(phone.Options{})
	<-second.Ended()
	<-first.Ended()
	for _, c := range n.records(2) {
		if c.Ending != ended("flow", 200, 16, "normal") {
			t.Errorf("ending %+v", c.Ending)
		}
	}
	if left := n.all(event.QueueLeft); len(left) != 1 || left[0].Reason != "timeout" {
		t.Errorf("queue.left %+v", left)
	}
}

func TestFlowErrorIsToldAndEndsTheCall(t *testing.T) {
	t.Parallel()
	n := start(t, plan{flow: "start: a\ntasks:\n  a:\n    - play_audio: { name: Missing, prompt: nothing_there }\n"})
	<-n.dial(phone.Options{}).Ended()
	n.wantEnding(ended("system", 200, 41, "flow_failed"))
	n.saw(event.FlowFailed)
}

func TestCallWithoutRTPEnds(t *testing.T) {
	t.Parallel()
	n := start(t, plan{flow: waitTasks, trunk: func(c *trunk.Config) { c.RTPTimeout = 200 * time.Millisecond }})
	c := n.dial(phone.Options{})
	c.Mute(true)
	<-c.Ended()
	n.wantEnding(ended("system", 200, 41, "rtp_timeout"))
}

func TestCallEndsAfterMaxDuration(t *testing.T) {
	t.Parallel()
	n := start(t, plan{flow: waitTasks, trunk: func(c *trunk.Config) { c.MaxDuration = 300 * time.Millisecond }})
	<-n.dial(phone.Options{}).Ended()
	n.wantEnding(ended("system", 200, 16, "max_duration"))
}

func TestDrainWaitsForCallsAndRefusesNewOnes(t *testing.T) {
	t.Parallel()
	n := start(t, plan{flow: waitTasks})
	running := n.dial(phone.Options{})
	ctx, end := context.WithCancel(t.Context())
	drained := make(chan struct{})
	go func() {
		n.calls.Drain(ctx)
		close(drained)
	}()
	n.until("draining", n.calls.Draining)
	line := newLine(t, n)
	line.send("INVITE", "1", line.sdp())
	if answer := line.final(); !strings.HasPrefix(answer, "SIP/2.0 503") || !strings.Contains(answer, "Retry-After: 10\r\n") {
		t.Errorf("want a 503 that says when to come back, have %s", answer)
	}
	line.send("ACK", "1", "")
	select {
	case <-drained:
		t.Error("drained with a call running")
	default:
	}
	end()
	<-running.Ended()
	<-drained
	for _, c := range n.records(2) {
		want := ended("system", 200, 41, "shutdown")
		if c.AnsweredAt.IsZero() {
			want = ended("system", 503, 42, "draining")
		}
		if c.Ending != want {
			t.Errorf("ending %+v, want %+v", c.Ending, want)
		}
	}
}

func TestOfferThatCannotBeReadIsRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		sdp  string
		want event.Ending
	}{
		"garbage":   {"this is no SDP\r\n", ended("system", 400, 111, "bad_sdp")},
		"no codec":  {"v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 18\r\n", ended("system", 488, 88, "no_common_codec")},
		"host name": {"v=0\r\no=- 1 1 IN IP4 x\r\ns=-\r\nc=IN IP4 pbx.example.com\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n", ended("system", 488, 88, "bad_media_address")},
		"fax only":  {"v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=image 4000 udptl t38\r\n", ended("system", 488, 65, "no_audio")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n := start(t, plan{})
			line := newLine(t, n)
			line.send("INVITE", "1", c.sdp)
			line.final()
			line.send("ACK", "1", "")
			n.wantEnding(c.want)
		})
	}
}

func TestCancelBeforeTheAnswerEndsByTheCaller(t *testing.T) {
	t.Parallel()
	n := start(t, plan{flow: queueTasks, answer: phone.Answer{After: time.Hour},
		trunk: func(c *trunk.Config) { c.Answer = trunk.AnswerOnAgent }})
	line := newLine(t, n)
	line.send("INVITE", "1", line.sdp())
	line.until("SIP/2.0 183")
	line.send("CANCEL", "1", "")
	line.until("SIP/2.0 487")
	cdr := n.wantEnding(ended("caller", 487, 16, "cancelled"))
	if !cdr.AnsweredAt.IsZero() || len(n.all(event.CallRefused)) != 0 {
		t.Errorf("answered at %v, events %v", cdr.AnsweredAt, n.types())
	}
}

// A caller who was never answered is told why nobody was reached.
func TestTransferInVainNamesTheCauseOfAnUnansweredCall(t *testing.T) {
	t.Parallel()
	for status, want := range map[int]event.Ending{
		486: ended("flow", 486, 17, "busy"),
		480: ended("flow", 480, 18, "no_answer"),
		500: ended("flow", 480, 20, "no_station"),
	} {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			t.Parallel()
			n := start(t, plan{flow: stationTasks, answer: phone.Answer{Status: status},
				trunk: func(c *trunk.Config) { c.Answer = trunk.AnswerOnAgent }})
			if c, err := n.tryDial(calledNumber, phone.Options{}); err == nil || c.Status() != want.SIP {
				t.Errorf("error %v, want a %d", err, want.SIP)
			}
			n.wantEnding(want)
		})
	}
}

// stationTasks ring the station and give up.
const stationTasks = `
start: route
tasks:
  route:
    - transfer_to_station: { name: Ring, station: agent-1, outcomes: {} }
    - disconnect: { name: End }
`

func TestHoldIsToldBeforeAnybodyTalks(t *testing.T) {
	t.Parallel()
	n := start(t, plan{flow: waitTasks})
	c := n.dial(phone.Options{})
	n.saw(event.FlowEntered)
	for i, word := range []string{"hold", "resume"} {
		must(t, c.Hold(t.Context(), i == 0))
		n.until(word, func() bool { return len(n.all(event.CallHeld)) > i })
		if e := n.saw(event.CallHeld); e.Leg != "caller" || e.Detail != word {
			t.Errorf("told %+v, want the caller's %s", e, word)
		}
	}
	n.hangup(c)
	n.record()
}

// Whoever wonders why nothing was heard finds it in the log.
func TestCallerWhoseMediaComesFromElsewhereIsWarnedOf(t *testing.T) {
	t.Parallel()
	n := start(t, plan{flow: waitTasks})
	line := newLine(t, n) // its SDP names another port than that of its socket
	line.send("INVITE", "1", line.sdp())
	answer := line.final()
	line.send("ACK", "1", "")
	_, rest, _ := strings.Cut(answer, "m=audio ")
	port, err := strconv.Atoi(strings.Fields(rest)[0])
	must(t, err)
	elsewhere, err := net.Dial("udp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
	must(t, err)
	t.Cleanup(func() { _ = elsewhere.Close() })
	packet := append([]byte{0x80, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1}, make([]byte, 160)...)
	const packets = 25 // what deafness begins with
	for range packets {
		_, err = elsewhere.Write(packet)
		must(t, err)
	}
	n.until("the packets", func() bool { return n.media.Stats().Strangers >= packets })
	line.send("BYE", "2", "")
	n.record()
	if n.logs.FilterMessageSnippet("rtp_source: learn").FilterLevelExact(zapcore.WarnLevel).Len() != 1 {
		t.Error("no warning")
	}
}

// A CANCEL right behind its INVITE crosses our 200, whichever is first: the end
// is the caller's in any case.
func TestCancelThatCrossesTheAnswerEndsByTheCaller(t *testing.T) {
	t.Parallel()
	n := start(t, plan{flow: waitTasks})
	const tries = 12
	for range tries {
		line := newLine(t, n)
		line.send("INVITE", "1", line.sdp())
		line.send("CANCEL", "1", "")
		line.finish()
	}
	for _, c := range n.records(tries) {
		if c.Ending.By != "caller" {
			t.Errorf("ending %+v, answered %v; want the caller's", c.Ending, !c.AnsweredAt.IsZero())
		}
	}
}

func TestPanicInACallEndsThatCallAlone(t *testing.T) {
	t.Parallel()
	n := start(t, plan{
		flow:  "start: a\ntasks:\n  a:\n    - data_lookup: { name: Look, source: consent, outcomes: {} }\n",
		trunk: func(c *trunk.Config) { c.TrustCaller = true },
		store: func(s *store.Store) call.Store { return panicky{s} },
	})
	<-n.dial(phone.Options{}).Ended()
	n.wantEnding(ended("system", 200, 41, "internal_error"))
	if n.logs.FilterMessage("call broke").Len() != 1 {
		t.Error("the panic is not in the log")
	}
}

type panicky struct{ *store.Store }

func (panicky) FindConsent(context.Context, string, time.Time) (store.Consent, error) {
	panic("a bug")
}

// A service that takes its time keeps no caller who has left.
func TestHangupDuringALookupEndsTheCallAtOnce(t *testing.T) {
	t.Parallel()
	asked, answer := make(chan struct{}), make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		close(asked)
		<-answer
	}))
	t.Cleanup(server.Close)
	t.Cleanup(func() { close(answer) })
	n := start(t, plan{flow: "start: a\ntasks:\n  a:\n    - data_lookup: { name: Look, source: http, url: \"" + server.URL +
		"/x\", timeout: 30s, outcomes: {} }\n"})
	c := n.dial(phone.Options{})
	<-asked
	n.hangup(c)
	cdr := n.wantEnding(ended("caller", 200, 16, "bye"))
	if lasted := cdr.EndedAt.Sub(cdr.StartedAt); lasted >= 30*time.Second {
		t.Errorf("the call lasted %s, to the look-up's own end", lasted)
	}
}

func TestFloodOfInfoLosesNoHangup(t *testing.T) {
	t.Parallel()
	answer := make(chan struct{})
	n := start(t, plan{
		flow:  "start: a\ntasks:\n  a:\n    - data_lookup: { name: Look, source: consent, outcomes: {} }\n    - collect_input: { name: Wait, digits: 1, no_entry_timeout: 90s, outcomes: {} }\n",
		trunk: func(c *trunk.Config) { c.TrustCaller, c.RTPTimeout, c.MaxDuration = true, 0, 0 },
		store: func(s *store.Store) call.Store { return slow{s, answer} },
	})
	l := newLine(t, n)
	l.send("INVITE", "1", l.sdp())
	l.until("SIP/2.0 200")
	l.send("ACK", "1", "")
	n.saw(event.FlowEntered)
	for i := range 1500 {
		l.send("INFO", fmt.Sprint(i+2), "")
		l.until("SIP/2.0 200")
	}
	l.send("BYE", "2000", "")
	for !strings.Contains(l.until("SIP/2.0 200"), "2000 BYE") {
	}
	close(answer)
	n.wantEnding(ended("caller", 200, 16, "bye"))
}

// slow is a store that answers a look-up when it is told to.
type slow struct {
	*store.Store
	answer chan struct{}
}

func (s slow) FindConsent(context.Context, string, time.Time) (store.Consent, error) {
	<-s.answer
	return store.Consent{}, store.ErrNotFound
}

func TestPanicWhileTheCallIsSettledStillEndsIt(t *testing.T) {
	t.Parallel()
	n := start(t, plan{flow: queueTasks, trunk: noConsent, store: func(s *store.Store) call.Store { return brittle{s} }})
	c := n.dial(phone.Options{Voice: phone.Tone(700, -16)})
	far := n.talk()
	n.saw(event.RecordingStarted)
	n.hangup(c)
	n.wantEnding(ended("caller", 200, 16, "bye"))
	<-far.Ended()
}

// brittle is a store that breaks when it is told of a recording.
type brittle struct{ *store.Store }

func (brittle) PutRecording(context.Context, store.Recording) error { panic("a bug") }

// line is a telephone without a mind: it sends what it is told and reads answers.
type line struct {
	t    *testing.T
	conn *net.UDPConn
	peer string
	id   string
	to   string
}

var nextLine atomic.Int32

func newLine(t *testing.T, n *node) *line {
	t.Helper()
	conn, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(n.peer))
	must(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	number := nextLine.Add(1)
	l := &line{t: t, conn: conn, peer: n.peer.String(), id: fmt.Sprintf("line-%d", number)}
	l.to = fmt.Sprintf("<sip:%s@%s>", calledNumber, l.peer)
	return l
}

func (l *line) sdp() string {
	return "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n"
}

func (l *line) send(method, cseq, body string) {
	l.t.Helper()
	kind := ""
	if body != "" {
		kind = "Content-Type: application/sdp\r\n"
	}
	_, err := fmt.Fprintf(l.conn, "%s sip:%s@%s SIP/2.0\r\nVia: SIP/2.0/UDP %s;rport;branch=z9hG4bK%s%s\r\nMax-Forwards: 70\r\n"+
		"From: <sip:%s@127.0.0.1>;tag=%s\r\nTo: %s\r\nCall-ID: %s\r\nCSeq: %s %s\r\nContact: <sip:x@%s>\r\n%sContent-Length: %d\r\n\r\n%s",
		method, calledNumber, l.peer, l.conn.LocalAddr(), l.id, cseq, callerNumber, l.id, l.to, l.id, cseq, method,
		l.conn.LocalAddr(), kind, len(body), body)
	must(l.t, err)
}

// until reads answers until one begins so, and learns the To tag.
func (l *line) until(begin string) string {
	l.t.Helper()
	buffer := make([]byte, 65535)
	for {
		must(l.t, l.conn.SetReadDeadline(time.Now().Add(patience)))
		k, err := l.conn.Read(buffer)
		if err != nil {
			l.t.Fatalf("no %s: %v", begin, err)
		}
		text := string(buffer[:k])
		for h := range strings.Lines(text) {
			if to, ok := strings.CutPrefix(h, "To: "); ok {
				l.to = strings.TrimSpace(to)
			}
		}
		if strings.HasPrefix(text, begin) {
			return text
		}
	}
}

// final waits for the final answer to the INVITE.
func (l *line) final() string {
	l.t.Helper()
	for {
		if text := l.until("SIP/2.0 "); !strings.HasPrefix(text, "SIP/2.0 1") && strings.Contains(text, " INVITE\r\n") {
			return text
		}
	}
}

// finish brings a cancelled call to its end: 487, or 200 and a BYE of ours.
func (l *line) finish() {
	l.t.Helper()
	switch text := l.final(); {
	case strings.HasPrefix(text, "SIP/2.0 200"):
		l.send("ACK", "1", "")
		l.send("BYE", "2", "")
	default:
		l.send("ACK", "1", "")
	}
}
