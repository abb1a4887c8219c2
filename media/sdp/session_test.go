package sdp

import (
	"errors"
	"strings"
	"testing"
)

func errorsIs(err, target error) bool { return errors.Is(err, target) }

// accept offers with l and lets it accept body.
func accept(t *testing.T, l *Local, dir Direction, body []byte) Agreement {
	t.Helper()
	mustParse(t, l.Offer(dir))
	a, err := l.Accept(mustParse(t, body))
	if err != nil {
		t.Fatalf("%v\n%s", err, body)
	}
	return a
}

func TestAnswersToOurOfferAreAccepted(t *testing.T) {
	const event = "a=rtpmap:101 telephone-event/8000"
	for _, c := range []struct {
		name   string
		dir    Direction
		answer []byte
		want   want
	}{
		{"plain", SendRecv, offer("m=audio 40000 RTP/AVP 8 101", event), usual(nil)},
		{"the peer's first codec wins", SendRecv, offer("m=audio 40000 RTP/AVP 0 8 101", event),
			usual(func(w *want) { w.codec, w.sendType = "PCMU", 0 })},
		{"other numbers", SendRecv,
			offer("m=audio 40000 RTP/AVP 97 96", "a=rtpmap:97 PCMA/8000", "a=rtpmap:96 telephone-event/8000"),
			usual(func(w *want) { w.sendType, w.event = 97, 96 })},
		{"event without its rtpmap", SendRecv, offer("m=audio 40000 RTP/AVP 8 101"), usual(nil)},
		{"codecs that were not offered", SendRecv, offer("m=audio 40000 RTP/AVP 18 9 8"),
			usual(func(w *want) { w.event = -1 })},
		{"held by us", SendOnly, offer("m=audio 40000 RTP/AVP 8 101", event, "a=recvonly"),
			usual(func(w *want) { w.direction = SendOnly })},
		{"held by us, answered as if not", SendOnly, offer("m=audio 40000 RTP/AVP 8 101", event),
			usual(func(w *want) { w.direction = SendOnly })},
		{"inactive is no hold of theirs", Inactive, offer("m=audio 40000 RTP/AVP 8 101", event, "a=inactive"),
			usual(func(w *want) { w.direction = Inactive })},
		{"held by them", SendRecv, offer("m=audio 40000 RTP/AVP 8 101", event, "a=sendonly"),
			usual(func(w *want) { w.direction, w.hold = RecvOnly, true })},
		{"held by them with 0.0.0.0", SendRecv, offer("m=audio 40000 RTP/AVP 8 101", event, "c=IN IP4 0.0.0.0"),
			usual(func(w *want) { w.direction, w.hold, w.remote, w.rtcp = RecvOnly, true, "", "" })},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := accept(t, newLocal(), c.dir, c.answer)
			c.want.check(t, a)
			if len(a.Receive) != 3 || a.Receive[2].PayloadType != 101 {
				t.Errorf("we receive %+v, want all that we offered", a.Receive)
			}
			if a.Event != nil && a.ReceiveEvent.PayloadType != 101 {
				t.Errorf("we receive events as %+v, want 101 as offered", a.ReceiveEvent)
			}
		})
	}
}

func TestAnswersThatDoNotFitAreRefused(t *testing.T) {
	for _, c := range []struct {
		name   string
		answer []byte
		err    error
	}{
		{"no media", offer(), ErrMismatch},
		{"other media", offer("m=video 40000 RTP/AVP 8"), ErrMismatch},
		{"refused", offer("m=audio 0 RTP/AVP 8"), ErrNoAudio},
		{"another profile", offer("m=audio 40000 RTP/SAVP 8"), ErrNoAudio},
		{"no codec of ours", offer("m=audio 40000 RTP/AVP 18"), ErrNoCodec},
		{"only events", offer("m=audio 40000 RTP/AVP 101"), ErrNoCodec},
		{"a host name", offer("m=audio 40000 RTP/AVP 8", "c=IN IP4 example.com"), ErrAddress},
	} {
		l := newLocal()
		l.Offer(SendRecv)
		if _, err := l.Accept(mustParse(t, c.answer)); !errors.Is(err, c.err) {
			t.Errorf("%s: %v, want %v", c.name, err, c.err)
		}
	}
	if _, err := newLocal().Accept(mustParse(t, offer("m=audio 40000 RTP/AVP 8"))); !errors.Is(err, ErrMismatch) {
		t.Errorf("without an offer: %v", err)
	}
}

func TestTheVersionGrowsByOneOnlyWhenSomethingChanges(t *testing.T) {
	l := newLocal()
	session, first := version(t, l.Offer(SendRecv))
	if first != "1" {
		t.Errorf("first version %s", first)
	}
	for _, c := range []struct {
		what string
		body func() []byte
		want string
	}{
		{"the same offer", func() []byte { return l.Offer(SendRecv) }, "1"},
		{"hold", func() []byte { return l.Offer(SendOnly) }, "2"},
		{"hold again", func() []byte { return l.Offer(SendOnly) }, "2"},
		{"resume", func() []byte { return l.Offer(SendRecv) }, "3"},
		{"another port", func() []byte { l.Port += 2; return l.Offer(SendRecv) }, "4"},
		{"recording", func() []byte { l.Record = "on"; return l.Offer(SendRecv) }, "5"},
		{"an answer", func() []byte {
			body, _, err := l.Answer(mustParse(t, offer("m=audio 40000 RTP/AVP 8")))
			if err != nil {
				t.Fatal(err)
			}
			return body
		}, "6"},
		{"an answer that fails", func() []byte {
			if _, _, err := l.Answer(mustParse(t, offer("m=image 40000 udptl t38"))); err == nil {
				t.Fatal("fax was taken")
			}
			return nil
		}, ""},
		{"the same answer", func() []byte {
			body, _, err := l.Answer(mustParse(t, offer("m=audio 50000 RTP/AVP 8")))
			if err != nil {
				t.Fatal(err)
			}
			return body
		}, "6"},
	} {
		body := c.body()
		if body == nil {
			continue
		}
		if s, v := version(t, body); s != session || v != c.want {
			t.Errorf("%s: session %s version %s, want %s and %s", c.what, s, v, session, c.want)
		}
	}
}

func TestOurReofferKeepsMediaLinesAndPayloadTypes(t *testing.T) {
	l := newLocal()
	answer(t, l, offer("m=video 40004 RTP/AVP 96", "m=audio 40000 RTP/AVP 97 101 100",
		"a=rtpmap:97 PCMU/8000", "a=rtpmap:101 G726-32/8000", "a=rtpmap:100 telephone-event/8000"))
	d := mustParse(t, l.Offer(SendOnly))
	if len(d.Media) != 2 || d.Media[0].line() != "video 0 RTP/AVP 96" || d.Media[1].line() != "audio 20000 RTP/AVP 8 97 100" {
		t.Errorf("%s", d.Bytes())
	}
	// The answer stands where the audio line stood.
	a, err := l.Accept(mustParse(t, offer("m=video 0 RTP/AVP 96", "m=audio 40000 RTP/AVP 97 100",
		"a=rtpmap:97 PCMU/8000", "a=rtpmap:100 telephone-event/8000", "a=recvonly")))
	if err != nil || a.Codec.PayloadType != 97 || a.Direction != SendOnly || a.Event.PayloadType != 100 {
		t.Errorf("%+v, %v", a, err)
	}
}

func TestAReofferNeverUsesOnePayloadTypeTwice(t *testing.T) {
	for _, body := range [][]byte{
		offer("m=audio 40000 RTP/AVP 101", "a=rtpmap:101 PCMA/8000"),
		offer("m=audio 40000 RTP/AVP 0", "a=rtpmap:0 PCMA/8000"),
		offer("m=audio 40000 RTP/AVP 8 0", "a=rtpmap:8 PCMU/8000", "a=rtpmap:0 telephone-event/8000"),
	} {
		l := newLocal()
		answer(t, l, body)
		seen := map[string]bool{}
		for _, format := range mustParse(t, l.Offer(SendRecv)).Media[0].Formats {
			if seen[format] {
				t.Errorf("%s twice after\n%s", format, body)
			}
			seen[format] = true
		}
	}
}

func TestHoldAndResumeByThePeer(t *testing.T) {
	l := newLocal()
	answer(t, l, offer("m=audio 40000 RTP/AVP 8"))
	for _, c := range []struct {
		offer     []byte
		direction Direction
		hold      bool
		line      string
	}{
		{offer("m=audio 40000 RTP/AVP 8", "a=sendonly"), RecvOnly, true, "audio 20000 RTP/AVP 8"},
		{offer("m=audio 40000 RTP/AVP 8", "a=inactive"), Inactive, true, "audio 20000 RTP/AVP 8"},
		{offer("m=audio 0 RTP/AVP 8"), Inactive, true, "audio 0 RTP/AVP 8"},
		{offer("m=audio 40000 RTP/AVP 8"), SendRecv, false, "audio 20000 RTP/AVP 8"},
	} {
		d, a := answer(t, l, c.offer)
		if a.Direction != c.direction || a.Hold != c.hold || d.Media[0].line() != c.line {
			t.Errorf("%s%+v\nanswered %s", c.offer, a, d.Bytes())
		}
		if a.Hold && a.Direction.Sends() {
			t.Errorf("%s: we would send into a hold", c.offer)
		}
	}
}

func TestOurHoldOutlivesTheirReoffer(t *testing.T) {
	l := newLocal()
	answer(t, l, offer("m=audio 40000 RTP/AVP 8"))
	l.Held = SendOnly
	d, a := answer(t, l, offer("m=audio 40002 RTP/AVP 8"))
	if a.Direction != SendOnly || a.Hold || d.direction(&d.Media[0]) != SendOnly {
		t.Errorf("%+v\n%s", a, d.Bytes())
	}
	_, a = answer(t, l, offer("m=audio 40002 RTP/AVP 8", "a=sendonly"))
	if a.Direction != Inactive || !a.Hold {
		t.Errorf("both hold: %+v", a)
	}
}

func TestAReofferOfFaxInPlaceOfAudioIsRefused(t *testing.T) {
	for _, body := range [][]byte{
		offer("m=image 40002 udptl t38"),
		offer("m=audio 0 RTP/AVP 8", "m=image 40002 udptl t38"),
	} {
		l := newLocal()
		answer(t, l, offer("m=audio 40000 RTP/AVP 8"))
		if _, _, err := l.Answer(mustParse(t, body)); !errors.Is(err, ErrNoAudio) {
			t.Errorf("%v for\n%s", err, body)
		}
		if _, a := answer(t, l, offer("m=audio 40000 RTP/AVP 8")); a.Direction != SendRecv {
			t.Errorf("afterwards: %+v", a)
		}
	}
}

func TestEarlyAndFinalAnswersToOneOfferAreBothAccepted(t *testing.T) {
	l := newLocal()
	early := accept(t, l, SendRecv, offer("m=audio 40000 RTP/AVP 8"))
	final, err := l.Accept(mustParse(t, offer("m=audio 50000 RTP/AVP 0")))
	if err != nil || early.Remote.Port() != 40000 || final.Remote.Port() != 50000 || final.Codec.Name != "PCMU" {
		t.Errorf("%+v, %+v, %v", early, final, err)
	}
}

func TestTwoLocalsAgreeWithEachOther(t *testing.T) {
	caller, callee := newLocal(), newLocal()
	callee.Codecs = []string{"PCMU"}
	body, there, err := callee.Answer(mustParse(t, caller.Offer(SendRecv)))
	if err != nil {
		t.Fatal(err)
	}
	here, err := caller.Accept(mustParse(t, body))
	if err != nil {
		t.Fatal(err)
	}
	if here.Codec.Name != "PCMU" || !here.Codec.Is(there.Codec) || here.Direction != SendRecv || there.Direction != SendRecv ||
		here.Event.PayloadType != there.ReceiveEvent.PayloadType {
		t.Errorf("%+v\n%+v", here, there)
	}
}

func TestOurErrorsNameBothSides(t *testing.T) {
	_, _, err := newLocal().Answer(mustParse(t, offer("m=audio 40000 RTP/AVP 18 9")))
	if err == nil || !strings.Contains(err.Error(), "G729, G722") || !strings.Contains(err.Error(), "PCMA, PCMU") {
		t.Errorf("%v", err)
	}
}
