package sdp

import (
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"
)

func newLocal() *Local {
	return &Local{Address: netip.MustParseAddr("192.0.2.1"), Port: 20000, Codecs: []string{"PCMA", "PCMU"}}
}

// lines joins the lines of a description as RFC 8866 wants them.
func lines(text ...string) []byte {
	return []byte(strings.Join(text, "\r\n") + "\r\n")
}

// offer is a plain offer with the audio line and the lines below it given.
func offer(audio ...string) []byte {
	return lines(append([]string{
		"v=0", "o=carrier 1 1 IN IP4 198.51.100.7", "s=call", "c=IN IP4 198.51.100.7", "t=0 0",
	}, audio...)...)
}

func mustParse(t *testing.T, body []byte) *Description {
	t.Helper()
	d, err := Parse(body)
	if err != nil {
		t.Fatalf("%v\n%s", err, body)
	}
	return d
}

// answer lets l answer body, and checks that the answer is well formed and fits the offer.
func answer(t *testing.T, l *Local, body []byte) (*Description, Agreement) {
	t.Helper()
	d := mustParse(t, body)
	printed, agreement, err := l.Answer(d)
	if err != nil {
		t.Fatalf("%v\n%s", err, body)
	}
	answered := mustParse(t, printed)
	if len(answered.Media) != len(d.Media) {
		t.Fatalf("%d media lines answered with %d", len(d.Media), len(answered.Media))
	}
	for i := range d.Media {
		if answered.Media[i].Kind != d.Media[i].Kind || answered.Media[i].Protocol != d.Media[i].Protocol {
			t.Fatalf("line %d: %+v answered by %+v", i, d.Media[i], answered.Media[i])
		}
	}
	return answered, agreement
}

func version(t *testing.T, body []byte) (session, number string) {
	t.Helper()
	origin, _ := value(mustParse(t, body).Lines, 'o')
	fields := strings.Fields(origin)
	if len(fields) != 6 {
		t.Fatalf("origin %q", origin)
	}
	return fields[1], fields[2]
}

func addrPort(text string) netip.AddrPort {
	if text == "" {
		return netip.AddrPort{}
	}
	return netip.MustParseAddrPort(text)
}

// want is the gist of an agreement.
type want struct {
	remote, rtcp string
	codec        string
	sendType     uint8
	event        int // payload type of telephone-event, or -1
	ptime        int // milliseconds
	direction    Direction
	hold, mux    bool
}

func (w want) check(t *testing.T, a Agreement) {
	t.Helper()
	event := -1
	if a.Event != nil {
		event = int(a.Event.PayloadType)
	}
	got := want{
		codec: a.Codec.Name, sendType: a.Codec.PayloadType, event: event, ptime: int(a.Ptime / time.Millisecond),
		direction: a.Direction, hold: a.Hold, mux: a.Mux, remote: w.remote, rtcp: w.rtcp,
	}
	if got != w {
		t.Errorf("agreed %+v, want %+v", got, w)
	}
	if a.Remote != addrPort(w.remote) || a.RemoteRTCP != addrPort(w.rtcp) {
		t.Errorf("remote %v and %v, want %q and %q", a.Remote, a.RemoteRTCP, w.remote, w.rtcp)
	}
}

// usual is what most offers come to.
func usual(change func(*want)) want {
	w := want{
		remote: "198.51.100.7:40000", rtcp: "198.51.100.7:40001", codec: "PCMA", sendType: 8, event: 101, ptime: 20,
		direction: SendRecv,
	}
	if change != nil {
		change(&w)
	}
	return w
}

func TestOffersOfRealEquipmentAreAnswered(t *testing.T) {
	const event = "a=rtpmap:101 telephone-event/8000"
	for _, c := range []struct {
		name  string
		offer []byte
		want  want
	}{
		{
			"carrier with fax and video",
			offer("m=audio 40000 RTP/AVP 18 8 0 101", "a=rtpmap:18 G729/8000", "a=fmtp:18 annexb=no",
				"a=rtpmap:8 PCMA/8000", "a=rtpmap:0 PCMU/8000", event, "a=fmtp:101 0-16", "a=ptime:20", "a=sendrecv",
				"m=image 40002 udptl t38", "a=T38FaxVersion:0", "a=T38FaxUdpEC:t38UDPRedundancy",
				"m=video 40004 RTP/AVP 96 97", "a=rtpmap:96 H264/90000"),
			usual(nil),
		},
		{"static types without rtpmap", offer("m=audio 40000 RTP/AVP 0 8"), usual(func(w *want) { w.event = -1 })},
		{"only one law", offer("m=audio 40000 RTP/AVP 0 101", event),
			usual(func(w *want) { w.codec, w.sendType = "PCMU", 0 })},
		{"telephone-event 96", offer("m=audio 40000 RTP/AVP 8 96", "a=rtpmap:96 telephone-event/8000"),
			usual(func(w *want) { w.event = 96 })},
		{"telephone-event 127", offer("m=audio 40000 RTP/AVP 8 127", "a=rtpmap:127 TELEPHONE-EVENT/8000/1"),
			usual(func(w *want) { w.event = 127 })},
		{
			"telephone-event at two clocks",
			offer("m=audio 40000 RTP/AVP 8 110 126", "a=rtpmap:110 telephone-event/48000",
				"a=rtpmap:126 telephone-event/8000"),
			usual(func(w *want) { w.event = 126 }),
		},
		{"telephone-event at another clock only",
			offer("m=audio 40000 RTP/AVP 8 110", "a=rtpmap:110 telephone-event/48000"),
			usual(func(w *want) { w.event = -1 })},
		{"a law under a dynamic type", offer("m=audio 40000 RTP/AVP 97 101", "a=rtpmap:97 pcma/8000", event),
			usual(func(w *want) { w.sendType = 97 })},
		{"a static type remapped", offer("m=audio 40000 RTP/AVP 8 101", "a=rtpmap:8 PCMU/8000", event),
			usual(func(w *want) { w.codec = "PCMU" })},
		{"media-level address", offer("m=audio 40000 RTP/AVP 8", "c=IN IP4 198.51.100.9"),
			usual(func(w *want) { w.remote, w.rtcp, w.event = "198.51.100.9:40000", "198.51.100.9:40001", -1 })},
		{"RTCP elsewhere", offer("m=audio 40000 RTP/AVP 8 101", event, "a=rtcp:50000 IN IP4 198.51.100.9"),
			usual(func(w *want) { w.rtcp = "198.51.100.9:50000" })},
		{"RTCP port", offer("m=audio 40000 RTP/AVP 8 101", event, "a=rtcp:50000"),
			usual(func(w *want) { w.rtcp = "198.51.100.7:50000" })},
		{"RTCP nonsense", offer("m=audio 40000 RTP/AVP 8 101", event, "a=rtcp:70000 IN IP4 example.com"), usual(nil)},
		{"RTCP to a multicast address", offer("m=audio 40000 RTP/AVP 8 101", event, "a=rtcp:50000 IN IP4 224.0.0.1"),
			usual(nil)},
		{"RTCP multiplexed", offer("m=audio 40000 RTP/AVP 8 101", event, "a=rtcp-mux"),
			usual(func(w *want) { w.rtcp, w.mux = "198.51.100.7:40000", true })},
		{"RTCP multiplexed with a type that looks like RTCP",
			offer("m=audio 40000 RTP/AVP 72", "a=rtpmap:72 PCMA/8000", "a=rtcp-mux"),
			usual(func(w *want) { w.sendType, w.event = 72, -1 })},
		{"the highest port", offer("m=audio 65535 RTP/AVP 8"),
			usual(func(w *want) { w.remote, w.rtcp, w.event = "198.51.100.7:65535", "", -1 })},
		{"ptime", offer("m=audio 40000 RTP/AVP 8 101", event, "a=ptime:30"), usual(func(w *want) { w.ptime = 30 })},
		{"maxptime below", offer("m=audio 40000 RTP/AVP 8 101", event, "a=ptime:40", "a=maxptime:20"), usual(nil)},
		{"session's ptime", lines("v=0", "c=IN IP4 198.51.100.7", "a=ptime:10", "m=audio 40000 RTP/AVP 8 101", event),
			usual(func(w *want) { w.ptime = 10 })},
		{"ptime zero", offer("m=audio 40000 RTP/AVP 8 101", event, "a=ptime:0"), usual(nil)},
		{"ptime absurd", offer("m=audio 40000 RTP/AVP 8 101", event, "a=ptime:2000"),
			usual(func(w *want) { w.ptime = 60 })},
		{"ptime odd", offer("m=audio 40000 RTP/AVP 8 101", event, "a=ptime:25"), usual(nil)},
		{"hold by sendonly", offer("m=audio 40000 RTP/AVP 8 101", event, "a=sendonly"),
			usual(func(w *want) { w.direction, w.hold = RecvOnly, true })},
		{"hold by inactive of the session",
			lines("v=0", "c=IN IP4 198.51.100.7", "a=inactive", "m=audio 40000 RTP/AVP 8 101", event),
			usual(func(w *want) { w.direction, w.hold = Inactive, true })},
		{"hold by 0.0.0.0", offer("m=audio 40000 RTP/AVP 8 101", "c=IN IP4 0.0.0.0", event),
			usual(func(w *want) { w.remote, w.rtcp, w.direction, w.hold = "", "", RecvOnly, true })},
		{"hold by 0.0.0.0 and inactive", offer("m=audio 40000 RTP/AVP 8 101", "c=IN IP4 0.0.0.0", event, "a=inactive"),
			usual(func(w *want) { w.remote, w.rtcp, w.direction, w.hold = "", "", Inactive, true })},
		{"listening only", offer("m=audio 40000 RTP/AVP 8 101", event, "a=recvonly"),
			usual(func(w *want) { w.direction = SendOnly })},
		{"the medium overrules the session",
			lines("v=0", "c=IN IP4 198.51.100.7", "a=inactive", "m=audio 40000 RTP/AVP 8 101", event, "a=sendrecv "),
			usual(nil)},
		{"secured first, plain second",
			offer("m=audio 39998 RTP/SAVP 8", "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:x",
				"m=audio 40000 RTP/AVP 8 101", event),
			usual(nil)},
		{"several audio lines", offer("m=audio 39990 RTP/AVP 18", "m=audio 40000 RTP/AVP 8 101", event,
			"m=audio 40010 RTP/AVP 8"), usual(nil)},
		{"with feedback", offer("m=audio 40000 RTP/AVPF 8 101", event, "a=rtcp-fb:* nack"), usual(nil)},
		{"bare essentials", []byte("c=IN IP4 198.51.100.7\nm=audio 40000 RTP/AVP 8"), usual(func(w *want) { w.event = -1 })},
		{
			"lines in any order, LF only, blank lines, unknown ones, no end",
			[]byte("v=0\nt=0 0\n\na=tool:x\ns=\nz=what\nc=IN IP4 198.51.100.7\no=a b c 99999999999999999999999 1 IN IP4 x\n" +
				"m=audio 40000 RTP/AVP 8 101\nx=y\n" + event + "\na=fmtp:101 0-15"),
			usual(nil),
		},
		{"more formats than are known", offer("m=audio 40000 RTP/AVP 8 8 999 -1 x 101 50", event), usual(nil)},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, agreement := answer(t, newLocal(), c.offer)
			c.want.check(t, agreement)
		})
	}
}

func TestOffersThatCanNotBeAnsweredSayWhy(t *testing.T) {
	for _, c := range []struct {
		name  string
		offer []byte
		err   error
	}{
		{"fax only", offer("m=image 40000 udptl t38"), ErrNoAudio},
		{"no media", offer(), ErrNoAudio},
		{"SRTP without keys", offer("m=audio 40000 RTP/SAVP 8"), ErrNoAudio},
		{"SRTP with keys", offer("m=audio 40000 RTP/SAVP 8", "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:x"), ErrNoAudio},
		{"DTLS", offer("m=audio 40000 UDP/TLS/RTP/SAVPF 8"), ErrNoAudio},
		{"port 0", offer("m=audio 0 RTP/AVP 8"), ErrNoAudio},
		{"other codecs", offer("m=audio 40000 RTP/AVP 18 9", "a=rtpmap:18 G729/8000"), ErrNoCodec},
		{"no formats", offer("m=audio 40000 RTP/AVP"), ErrNoCodec},
		{"a law at another clock", offer("m=audio 40000 RTP/AVP 96", "a=rtpmap:96 PCMA/16000"), ErrNoCodec},
		{"a stereo law", offer("m=audio 40000 RTP/AVP 96", "a=rtpmap:96 PCMA/8000/2"), ErrNoCodec},
		{"a dynamic type without rtpmap", offer("m=audio 40000 RTP/AVP 96"), ErrNoCodec},
		{"a clock that is none", offer("m=audio 40000 RTP/AVP 96", "a=rtpmap:96 PCMA/-8000"), ErrNoCodec},
		{"a host name", offer("m=audio 40000 RTP/AVP 8", "c=IN IP4 media.example.com"), ErrAddress},
		{"no address", lines("v=0", "m=audio 40000 RTP/AVP 8"), ErrAddress},
		{"multicast", offer("m=audio 40000 RTP/AVP 8", "c=IN IP4 224.2.1.1/127"), ErrAddress},
		{"broadcast", offer("m=audio 40000 RTP/AVP 8", "c=IN IP4 255.255.255.255"), ErrAddress},
		{"the cloud's own address", offer("m=audio 40000 RTP/AVP 8", "c=IN IP4 169.254.169.254"), ErrAddress},
		{"link-local IPv6", offer("m=audio 40000 RTP/AVP 8", "c=IN IP6 fe80::1"), ErrAddress},
		{"multicast in disguise", offer("m=audio 40000 RTP/AVP 8", "c=IN IP6 ::ffff:224.0.0.1"), ErrAddress},
		{"a zone", offer("m=audio 40000 RTP/AVP 8", "c=IN IP6 2001:db8::1%eth0"), ErrAddress},
		{"the other IP version", offer("m=audio 40000 RTP/AVP 8", "c=IN IP6 2001:db8::1"), ErrAddress},
		{"an address of the wrong type", offer("m=audio 40000 RTP/AVP 8", "c=IN IP6 192.0.2.9"), ErrAddress},
		{"an octal address", offer("m=audio 40000 RTP/AVP 8", "c=IN IP4 0192.0.2.9"), ErrAddress},
		{"another network", offer("m=audio 40000 RTP/AVP 8", "c=ATM NSAP 47"), ErrAddress},
	} {
		l := newLocal()
		body, _, err := l.Answer(mustParse(t, c.offer))
		if !errorsIs(err, c.err) || body != nil {
			t.Errorf("%s: %v, want %v", c.name, err, c.err)
		}
	}
}

func TestRefusedMediaKeepTheirPlaceWithPortZero(t *testing.T) {
	d, _ := answer(t, newLocal(), offer("m=video 40004 RTP/AVP 96 97", "m=audio 40000 RTP/AVP 8",
		"m=image 40002 udptl t38", "m=application 9 TCP/MSRP *", "m=audio 40010 RTP/AVP 0", "m=text 11 RTP/AVP"))
	var got []string
	for i := range d.Media {
		got = append(got, d.Media[i].line())
	}
	want := []string{"video 0 RTP/AVP 96 97", "audio 20000 RTP/AVP 8", "image 0 udptl t38",
		"application 0 TCP/MSRP *", "audio 0 RTP/AVP 0", "text 0 RTP/AVP 0"}
	if !slices.Equal(got, want) {
		t.Errorf("%q\nwant %q", got, want)
	}
}

func TestAnAnswerReadsAsItShould(t *testing.T) {
	l := newLocal()
	l.session, l.version = 77, 4
	l.Record = "on"
	body, _, err := l.Answer(mustParse(t, lines("v=0", "c=IN IP4 198.51.100.7", "t=10 20",
		"m=audio 40000 RTP/AVP 0 8 99", "a=rtpmap:99 telephone-event/8000", "a=rtcp-mux", "a=sendonly")))
	if err != nil {
		t.Fatal(err)
	}
	want := lines("v=0", "o=assent 77 5 IN IP4 192.0.2.1", "s=-", "c=IN IP4 192.0.2.1", "t=10 20",
		"m=audio 20000 RTP/AVP 8 99", "a=rtpmap:8 PCMA/8000", "a=rtpmap:99 telephone-event/8000", "a=fmtp:99 0-15",
		"a=ptime:20", "a=recvonly", "a=rtcp-mux", "a=record:on")
	if string(body) != string(want) {
		t.Errorf("%s\nwant\n%s", body, want)
	}
}

func TestAnOfferReadsAsItShould(t *testing.T) {
	l := newLocal()
	l.Address, l.session = netip.MustParseAddr("2001:db8::1"), 77
	want := lines("v=0", "o=assent 77 1 IN IP6 2001:db8::1", "s=-", "c=IN IP6 2001:db8::1", "t=0 0",
		"m=audio 20000 RTP/AVP 8 0 101", "a=rtpmap:8 PCMA/8000", "a=rtpmap:0 PCMU/8000",
		"a=rtpmap:101 telephone-event/8000", "a=fmtp:101 0-15", "a=ptime:20", "a=sendrecv", "a=rtcp-mux", "a=rtcp-xr:voip-metrics")
	if body := l.Offer(""); string(body) != string(want) {
		t.Errorf("%s\nwant\n%s", body, want)
	}
}

func TestAnIPv6PeerIsAnsweredFromAnIPv6Address(t *testing.T) {
	l := newLocal()
	l.Address = netip.MustParseAddr("2001:db8::1")
	_, a := answer(t, l, lines("v=0", "c=IN IP6 2001:db8::7", "m=audio 40000 RTP/AVP 8"))
	if a.Remote != addrPort("[2001:db8::7]:40000") {
		t.Errorf("remote %v", a.Remote)
	}
}

func TestOurOrderOfCodecsDecides(t *testing.T) {
	l := newLocal()
	l.Codecs = []string{"nonsense", "pcmu", "PCMA"}
	_, a := answer(t, l, offer("m=audio 40000 RTP/AVP 8 0"))
	if a.Codec.Name != "PCMU" || len(a.Receive) != 1 {
		t.Errorf("%+v", a)
	}
}

func TestNamesAreWrittenAsTheRFCsDo(t *testing.T) {
	_, a := answer(t, newLocal(), offer("m=audio 40000 RTP/AVP 97 98", "a=rtpmap:97 pcmU/8000",
		"a=rtpmap:98 Telephone-Event/8000"))
	if a.Codec.Name != "PCMU" || a.Event.Name != "telephone-event" || a.Receive[1].Name != "telephone-event" {
		t.Errorf("%+v, %+v", a, *a.Event)
	}
}

func TestWithoutEventsNoneAreOfferedOrAnswered(t *testing.T) {
	l := newLocal()
	l.Events = WithoutEvents
	if body := string(l.Offer(SendRecv)); strings.Contains(body, "telephone-event") {
		t.Errorf("offered: %s", body)
	}
	d, a := answer(t, l, offer("m=audio 40000 RTP/AVP 8 101", "a=rtpmap:101 telephone-event/8000"))
	if a.Event != nil || a.ReceiveEvent != nil || len(d.Media[0].Formats) != 1 {
		t.Errorf("%+v, %v", a, d.Media[0].Formats)
	}
}

func TestRecordPreferenceIsRead(t *testing.T) {
	for text, want := range map[string]string{
		"a=recordpref:off": "off", "a=recordpref:ON ": "on", "a=recordpref:nopreference": "nopreference",
		"a=recordpref:pause": "pause", "a=recordpref:never": "", "a=recordpref": "", "a=x": "",
	} {
		_, a := answer(t, newLocal(), offer("m=audio 40000 RTP/AVP 8", text))
		if a.RecordPref != want {
			t.Errorf("%s: %q", text, a.RecordPref)
		}
	}
	_, a := answer(t, newLocal(), lines("a=recordpref:off", "c=IN IP4 198.51.100.7", "m=audio 40000 RTP/AVP 8"))
	if a.RecordPref != "off" {
		t.Errorf("the session's: %q", a.RecordPref)
	}
}

func TestDirectionsReverseAndMeet(t *testing.T) {
	for _, c := range []struct{ d, reversed, withSendOnly Direction }{
		{SendRecv, SendRecv, SendOnly}, {"", SendRecv, SendOnly}, {SendOnly, RecvOnly, SendOnly},
		{RecvOnly, SendOnly, Inactive}, {Inactive, Inactive, Inactive},
	} {
		if c.d.Reverse() != c.reversed || c.d.And(SendOnly) != c.withSendOnly {
			t.Errorf("%q: %q, %q", c.d, c.d.Reverse(), c.d.And(SendOnly))
		}
	}
}
