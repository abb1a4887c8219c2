package sdp

import (
	"bytes"
	"errors"
	"fmt"
	"net/netip"
	"reflect"
	"strings"
	"testing"
)

func TestMalformedBodiesAreRefused(t *testing.T) {
	for name, body := range map[string][]byte{
		"empty":                nil,
		"blank lines":          []byte("\r\n\r\n"),
		"no SDP":               []byte("hello"),
		"XML":                  []byte("<?xml version=\"1.0\"?>"),
		"no letter":            []byte("=x"),
		"capital letter":       []byte("V=0"),
		"port 70000":           offer("m=audio 70000 RTP/AVP 8"),
		"port -1":              offer("m=audio -1 RTP/AVP 8"),
		"port +1":              offer("m=audio +1 RTP/AVP 8"),
		"port in words":        offer("m=audio many RTP/AVP 8"),
		"port count":           offer("m=audio 40000/x RTP/AVP 8"),
		"video port 70000":     offer("m=audio 40000 RTP/AVP 8", "m=video 70000 RTP/AVP 96"),
		"media line too short": offer("m=audio 40000"),
		"NUL":                  []byte("v=0\r\ns=a\x00b\r\n"),
		"bare CR":              []byte("v=0\r\ns=a\rm=audio 1 RTP/AVP 8\r\n"),
		"too long":             offer("a=" + strings.Repeat("x", maxBody)),
		"too many lines":       []byte("v=0\n" + strings.Repeat("a=x\n", maxLines)),
		"too many media":       offer(strings.Split(strings.Repeat("m=audio 1 RTP/AVP 8,", maxMedia+1), ",")...),
		"too many formats":     offer("m=audio 1 RTP/AVP" + strings.Repeat(" 8", maxFormats+1)),
	} {
		if d, err := Parse(body); !errors.Is(err, ErrMalformed) || d != nil || len(err.Error()) > 300 {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAMalformedLineIsNamed(t *testing.T) {
	_, err := Parse([]byte("v=0\r\ns=-\r\nm=audio 70000 RTP/AVP 8\r\n"))
	if want := `malformed session description: line 3: port "70000"; want 0 to 65535`; fmt.Sprint(err) != want {
		t.Errorf("%v, want %s", err, want)
	}
}

func TestAllLinesAreKeptInOrder(t *testing.T) {
	body := lines("v=0", "z=odd", "o=a b c", "s= ", "a=tool:x y", "m=audio 40000/2 RTP/AVP 8 0", "i=title", "a=x",
		"k=clear:1", "m=video 0 RTP/AVP 96", "b=AS:64")
	if printed := mustParse(t, body).Bytes(); !bytes.Equal(printed, body) {
		t.Errorf("%q\nwant %q", printed, body)
	}
}

func FuzzParseAndAnswer(f *testing.F) {
	f.Add(offer("m=audio 40000 RTP/AVP 18 8 0 101", "a=rtpmap:101 telephone-event/8000", "a=fmtp:101 0-16", "a=ptime:20",
		"m=image 40002 udptl t38", "a=T38FaxVersion:0", "m=video 40004 RTP/AVP 96", "a=rtpmap:96 H264/90000"))
	f.Add(offer("m=audio 40000 RTP/AVP 97", "c=IN IP4 0.0.0.0", "a=rtpmap:97 PCMU/8000", "a=sendonly", "a=rtcp-mux"))
	f.Add(offer("m=audio 40000/2 RTP/SAVP 8", "m=audio 0 RTP/AVPF 0", "a=rtcp:1 IN IP4 198.51.100.7"))
	f.Add([]byte("c=IN IP6 ::ffff:192.0.2.9\nm=audio 1 RTP/AVP 8\na=recordpref:off\na=maxptime:5\na=inactive"))
	f.Add([]byte("v=0\na=inactive\nm=audio 65535 RTP/AVP 0 8 13\nc=IN IP4 198.51.100.7/3"))
	f.Fuzz(func(t *testing.T, body []byte) {
		d, err := Parse(body)
		if err != nil {
			if !errors.Is(err, ErrMalformed) {
				t.Fatalf("error %v is not of ErrMalformed", err)
			}
			return
		}
		if again, err := Parse(d.Bytes()); err == nil && !reflect.DeepEqual(d, again) {
			t.Fatalf("printed and parsed again:\n%q\n%q", d.Bytes(), again.Bytes())
		}
		for _, local := range []*Local{newLocal(), {Address: netip.IPv6Loopback(), Port: 2, Codecs: []string{"PCMU"}}} {
			checkAnswer(t, local, d)
			checkAccept(t, local, d)
		}
	})
}

func checkAnswer(t *testing.T, l *Local, d *Description) {
	for range 2 { // the offer and a re-offer
		body, a, err := l.Answer(d)
		if err != nil {
			if !errors.Is(err, ErrNoAudio) && !errors.Is(err, ErrNoCodec) && !errors.Is(err, ErrAddress) {
				t.Fatalf("unexpected error %v", err)
			}
			return
		}
		answered, err := Parse(body)
		if len(body) <= maxBody && err != nil {
			t.Fatalf("our answer: %v\n%q", err, body)
		}
		if err == nil && len(answered.Media) != len(d.Media) {
			t.Fatalf("%d media lines for %d", len(answered.Media), len(d.Media))
		}
		checkAgreement(t, a)
	}
}

func checkAccept(t *testing.T, l *Local, d *Description) {
	l.Offer(SendRecv)
	if a, err := l.Accept(d); err == nil {
		checkAgreement(t, a)
	}
}

func checkAgreement(t *testing.T, a Agreement) {
	if a.Remote.IsValid() && (a.Remote.Port() == 0 || a.Remote.Addr().IsUnspecified() || a.Remote.Addr().IsMulticast()) {
		t.Fatalf("remote %v", a.Remote)
	}
	if !a.Remote.IsValid() && a.Direction.Sends() {
		t.Fatalf("we would send to nowhere: %+v", a)
	}
	if a.Hold && a.Direction.Sends() {
		t.Fatalf("we would send into a hold: %+v", a)
	}
	if a.Ptime < minPtime || a.Ptime > maxPtime || a.Codec.ClockHz != 8000 || len(a.Receive) == 0 {
		t.Fatalf("agreed %+v", a)
	}
	if (a.Event == nil) != (a.ReceiveEvent == nil) {
		t.Fatalf("events one way: %+v", a)
	}
}

func BenchmarkParseAndAnswer(b *testing.B) {
	body := offer("m=audio 40000 RTP/AVP 18 8 0 101", "a=rtpmap:18 G729/8000", "a=rtpmap:8 PCMA/8000",
		"a=rtpmap:0 PCMU/8000", "a=rtpmap:101 telephone-event/8000", "a=fmtp:101 0-16", "a=ptime:20", "a=sendrecv")
	b.ReportAllocs()
	for b.Loop() {
		d, err := Parse(body)
		if err != nil {
			b.Fatal(err)
		}
		if _, _, err := newLocal().Answer(d); err != nil {
			b.Fatal(err)
		}
	}
}

func ExampleLocal_Answer() {
	offer, err := Parse([]byte("v=0\nc=IN IP4 198.51.100.7\nm=audio 40000 RTP/AVP 0 8\nm=image 40002 udptl t38"))
	if err != nil {
		fmt.Println(err)
		return
	}
	local := &Local{Address: netip.MustParseAddr("192.0.2.1"), Port: 20000, Codecs: []string{"PCMA", "PCMU"}}
	body, agreement, err := local.Answer(offer)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(agreement.Codec.Name, "to", agreement.Remote)
	for _, line := range strings.Split(string(body), "\r\n") {
		if strings.HasPrefix(line, "m=") {
			fmt.Println(line)
		}
	}
	// Output:
	// PCMA to 198.51.100.7:40000
	// m=audio 20000 RTP/AVP 8
	// m=image 0 udptl t38
}
