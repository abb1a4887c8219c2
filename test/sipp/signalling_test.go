package sipp

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"assent/event"
	"assent/test/service"
)

func TestTheStationSeesWhoCallsAndNothingElseOfTheCaller(t *testing.T) {
	byEachTransport(t, setup{}, func(t *testing.T, w *world) {
		w.stations("answers")
		caller := w.calls("yes-by-info")
		w.leaves(recorded("info"))
		invite := w.agents[0].got("INVITE", 0)
		if from := header(invite, "From"); !strings.Contains(from, "sip:+"+callerNumber+"@") {
			t.Errorf("the station sees as caller: %s", from)
		}
		for name, want := range map[string]string{"User-Agent": "assent", "Max-Forwards": "69"} {
			if got := header(invite, name); !strings.HasPrefix(got, want) {
				t.Errorf("%s of the INVITE to the station is %q, want %q", name, got, want)
			}
		}
		if id := header(invite, "Call-ID"); id == "" || id == header(caller.got("SIP/2.0 200", 0), "Call-ID") {
			t.Errorf("both dialogs have the Call-ID %q", id)
		}
	})
}

func TestAWithheldNumberStaysWithheld(t *testing.T) {
	w := start(t, setup{})
	w.stations("answers")
	w.calls("withheld")
	want := recorded("info")
	want.From = "anonymous"
	w.leaves(want)
	w.agents[0].neverGot(callerNumber, "Erika")
}

func TestAnInviteWithoutAnOfferGetsOurs(t *testing.T) {
	byEachTransport(t, setup{}, func(_ *testing.T, w *world) {
		w.stations("answers")
		w.calls("no-offer")
		w.hears(w.leaves(recorded("info")))
	})
}

// Who knows a dialog's identifiers, and sends from elsewhere than its trunk,
// can't touch it.
func TestAStrangersBYEEndsNoCall(t *testing.T) {
	w := start(t, setup{})
	w.stations("answers")
	caller := w.begins("yes-by-info")
	w.logged(`"msg":"call.bridged"`)
	ok := caller.got("SIP/2.0 200", 0)
	conn, err := net.DialUDP("udp", net.UDPAddrFromAddrPort(netip.AddrPortFrom(w.stranger(), 0)), net.UDPAddrFromAddrPort(w.UDP))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := fmt.Fprintf(conn, "BYE sip:%s SIP/2.0\r\nVia: SIP/2.0/UDP %s;branch=z9hG4bK1\r\nFrom: %s\r\nTo: %s\r\nCall-ID: %s\r\n"+
		"CSeq: 8 BYE\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n",
		w.UDP, conn.LocalAddr(), header(ok, "From"), header(ok, "To"), header(ok, "Call-ID")); err != nil {
		t.Fatal(err)
	}
	caller.wait()
	w.hears(w.leaves(recorded("info")))
}

func TestAnUnknownSourceGetsSilence(t *testing.T) {
	w := start(t, setup{})
	stranger := w.callsFrom(w.stranger(), "stranger")
	stranger.wait()
	if got := stranger.received(); len(got) > 0 {
		t.Errorf("a stranger got an answer: %s", got[0])
	}
	w.answersByTCP(w.stranger(), false)
	if _, metrics := w.Get("/metrics"); !strings.Contains(metrics, "assent_sip_strangers_total") ||
		strings.Contains(metrics, "assent_sip_strangers_total 0\n") {
		t.Error("strangers are not counted")
	}
	if records := w.CDRs(); len(records) > 0 {
		t.Errorf("a stranger left %d CDRs", len(records))
	}
	w.always()
	w.answersByTCP(w.caller(), true) // the same question from a source of the trunk
}

// answersByTCP asks OPTIONS by TCP from an address and checks whether a word
// comes back.
func (w *world) answersByTCP(from netip.Addr, want bool) {
	w.t.Helper()
	patience := time.Second // for silence
	if want {
		patience = 30 * time.Second
	}
	dialer := net.Dialer{LocalAddr: net.TCPAddrFromAddrPort(netip.AddrPortFrom(from, 0)), Timeout: patience}
	conn, err := dialer.DialContext(context.Background(), "tcp", w.TCP.String())
	got := 0
	if err == nil {
		defer conn.Close()
		// A stranger's connection may be cut at any moment: then there is nothing to read.
		_, _ = fmt.Fprintf(conn, "OPTIONS sip:%[1]s SIP/2.0\r\nVia: SIP/2.0/TCP %[2]s:5060;branch=z9hG4bK1\r\nFrom: <sip:a@%[2]s>;tag=1\r\n"+
			"To: <sip:%[1]s>\r\nCall-ID: tcp@%[2]s\r\nCSeq: 1 OPTIONS\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n", w.TCP, from)
		_ = conn.SetReadDeadline(time.Now().Add(patience)) // a fresh connection has deadlines
		got, _ = conn.Read(make([]byte, 1024))
	}
	if (got > 0) != want {
		w.t.Errorf("%s got %d bytes by TCP; an answer is due: %v", from, got, want)
	}
}

// refusal is a call that was refused before it was led anywhere.
func refusal(status, q850 int, reason string) want {
	return want{By: event.BySystem, Reason: reason, SIP: status, Q850: q850, Consent: "not_asked", Result: event.ResultNone, NeverAnswered: true}
}

func TestAnUnknownNumberIs404(t *testing.T) {
	byEachTransport(t, setup{}, func(_ *testing.T, w *world) {
		w.calls("refused", "status", "404", "number", "+4940999")
		w.leaves(refusal(404, 1, "unknown_number"))
	})
}

func TestACallOutOfHopsIs483(t *testing.T) {
	w := start(t, setup{})
	w.calls("refused", "status", "483", "hops", "0")
	w.always()
	if records := w.CDRs(); len(records) > 1 {
		t.Errorf("%d CDRs of one call", len(records))
	}
}

func TestACallBeyondTheTrunksLimitIs503WithRetryAfter(t *testing.T) {
	byEachTransport(t, setup{Trunk: "limits: { calls: 1 }"}, func(t *testing.T, w *world) {
		w.stations("answers")
		first := w.begins("yes-by-info", "for", "6000")
		service.Until(t, "the first call", func() bool { return strings.Contains(w.Log(), `"msg":"call.answered"`) })
		second := w.calls("refused", "status", "503")
		w.matches(w.CDR(1), refusal(503, 34, "trunk_calls_limit"))
		if seconds, err := strconv.Atoi(header(second.got("SIP/2.0 503", 0), "Retry-After")); err != nil || seconds < 1 {
			t.Errorf("Retry-After is no number of seconds: %v", err)
		}
		first.wait()
		cdr := w.CDR(2)
		w.matches(cdr, recorded("info"))
		w.hears(cdr)
		w.always()
	})
}

func TestOptionsAreAnswered(t *testing.T) {
	byEachTransport(t, setup{}, func(t *testing.T, w *world) {
		answer := w.calls("options").got("SIP/2.0 200", 0)
		for _, name := range []string{"Allow", "Accept"} {
			if header(answer, name) == "" {
				t.Errorf("no %s in the answer", name)
			}
		}
		w.always()
	})
}

func TestFaxAndVideoAreRefusedAndTheCallGoesOn(t *testing.T) {
	w := start(t, setup{})
	w.stations("answers")
	caller := w.calls("fax-and-video")
	w.hears(w.leaves(recorded("info")))
	lines := media(caller.got("SIP/2.0 200", 0))
	if len(lines) != 3 || !strings.HasPrefix(lines[0], "m=image 0 ") || strings.HasPrefix(lines[1], "m=audio 0 ") ||
		!strings.HasPrefix(lines[2], "m=video 0 ") {
		t.Errorf("the answer's media are %q, want fax and video refused, audio not", lines)
	}
}

// What is not SIP, or is SIP as nobody should send it, harms no call. The files
// of garbage/ have LF line ends, sent as CRLF; {to}, {from} are the addresses.
func TestAfterGarbageANormalCallWorks(t *testing.T) {
	w := start(t, setup{})
	w.stations("answers")
	conn, err := net.DialUDP("udp", net.UDPAddrFromAddrPort(netip.AddrPortFrom(w.caller(), 0)), net.UDPAddrFromAddrPort(w.UDP))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	files, err := filepath.Glob("garbage/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal("no garbage", err)
	}
	datagrams := [][]byte{{}, {0}, []byte("\r\n\r\n"), []byte(strings.Repeat("\xff", 60000)), []byte(strings.Repeat("INVITE ", 5000)),
		[]byte("INVITE sip:" + strings.Repeat("a", 60000) + " SIP/2.0\r\n\r\n")}
	for _, file := range files {
		text := strings.NewReplacer("\n", "\r\n", "{to}", w.UDP.String(), "{from}", conn.LocalAddr().String()).Replace(read(t, file))
		datagrams = append(datagrams, []byte(text))
		for cut := 1; cut < 8; cut++ { // and cut short
			datagrams = append(datagrams, []byte(text[:len(text)*cut/8]))
		}
	}
	for _, datagram := range datagrams {
		if _, err := conn.Write(datagram); err != nil {
			t.Fatal(err)
		}
	}
	w.tornConnections(datagrams)
	w.calls("yes-by-info")
	var kept []event.CDR
	service.Until(t, "the call's CDR", func() bool {
		kept = nil
		for _, cdr := range w.CDRs() {
			if cdr.Recording.AudioKept() {
				kept = append(kept, cdr)
			}
		}
		return len(kept) == 1
	})
	w.matches(kept[0], recorded("info"))
	w.hears(kept[0])
	w.always()
}

// tornConnections sends the same over TCP, a connection each, and hangs up.
func (w *world) tornConnections(datagrams [][]byte) {
	w.t.Helper()
	for _, datagram := range datagrams {
		dialer := net.Dialer{LocalAddr: net.TCPAddrFromAddrPort(netip.AddrPortFrom(w.caller(), 0))}
		conn, err := dialer.DialContext(context.Background(), "tcp", w.TCP.String())
		if err != nil {
			w.t.Fatal(err)
		}
		_, _ = conn.Write(datagram) // the service may hang up first
		_ = conn.Close()
	}
}
