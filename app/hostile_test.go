package app_test

import (
	"bytes"
	"fmt"
	"io/fs"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode"

	"assent/event"
)

// straight is a flow that asks nobody anything.
const straight = `
flow: main
start: go
tasks:
  go:
    - transfer_to_queue: { name: Queue, queue: support, outcomes: { timeout: bye, full: bye, failure: bye } }
  bye:
    - disconnect: { name: End }
`

// seen are all headers that a station may see; one more is a decision, not an accident.
var seen = map[string]bool{"Via": true, "Max-Forwards": true, "From": true, "To": true, "Call-ID": true, "CSeq": true,
	"Contact": true, "Allow": true, "Accept": true, "P-Asserted-Identity": true, "User-Agent": true, "Reason": true,
	"Supported": true, "Session-Expires": true, "Min-SE": true, // our own extensions
	"Content-Type": true, "Content-Length": true}

// hostile is an INVITE whose every value tries to get somewhere: "leak" must not cross to the station at all, "evil"
// only as part of the caller's name and number.
const hostile = "INVITE sip:+4980012345@leak.example;leak=1 SIP/2.0\r\n" +
	"Via: SIP/2.0/UDP leak.example;branch=z9hG4bK-leak;rport\r\n" +
	"Via: SIP/2.0/UDP 192.0.2.66;branch=z9hG4bK-leak2\r\n" +
	"Record-Route: <sip:leak.example;lr>\r\n" +
	"Max-Forwards: 70\r\n" +
	"From: \"Eve\\\" <sip:evil@192.0.2.66>;x=\\\"\\\x00\" <sip:+4930%0d%0aX-Evil:%20evil%0d%0a%0d%0a@leak.example;leak=1>;tag=leak\r\n" +
	"To: \"leak\" <sip:+4980012345@leak.example>\r\n" +
	"Call-ID: ../../../leak%0d%0a@192.0.2.66\r\n" +
	"CSeq: 1 INVITE\r\n" +
	"Contact: \"leak\" <sip:leak@ADDRESS;leak>;leak=1\r\n" +
	"User-Agent: leak/1.0\r\nServer: leak\r\nOrganization: leak\r\nSubject: leak http://leak.example/\r\n" +
	"Alert-Info: <http://leak.example/ring.wav>\r\nCall-Info: <http://leak.example/leak.png>;purpose=icon\r\n" +
	"Diversion: <sip:leak@leak.example>\r\nHistory-Info: <sip:leak@leak.example>;index=1\r\n" +
	"Remote-Party-ID: <sip:leak@leak.example>\r\nP-Preferred-Identity: <sip:leak@leak.example>\r\n" +
	"P-Charging-Vector: icid-value=leak\r\nUser-To-User: 6c65616b;leak=1\r\nGeolocation: <cid:leak>\r\n" +
	"Supported: leak\r\nDate: leak\r\nX-Leak: leak\r\nReason: Q.850;cause=16;text=\"leak\\\x00\"\r\n" +
	"Content-Type: application/sdp;leak=1\r\nContent-Length: LENGTH\r\n\r\nBODY"

const hostileSDP = "v=0\r\no=leak 1 1 IN IP4 127.0.0.1\r\ns=leak\r\ni=leak\r\nu=http://leak.example/\r\ne=leak@leak.example\r\n" +
	"c=IN IP4 127.0.0.1\r\nt=0 0\r\na=tool:leak\r\nm=audio 9 RTP/AVP 0\r\ni=leak\r\na=label:leak\r\na=ssrc:1 cname:leak\r\na=leak:leak\r\n"

// wire is one end of a hand-written SIP dialog.
type wire struct {
	t    *testing.T
	conn *net.UDPConn
}

func newWire(t *testing.T) *wire {
	t.Helper()
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	must(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	return &wire{t, conn}
}

func (w *wire) addr() string { return w.conn.LocalAddr().String() }

func (w *wire) send(s *stage, text string) {
	w.t.Helper()
	_, err := w.conn.WriteToUDPAddrPort([]byte(text), s.peer)
	must(w.t, err)
}

// hears waits for a message that begins with start.
func (w *wire) hears(start string) string {
	w.t.Helper()
	must(w.t, w.conn.SetReadDeadline(time.Now().Add(patience)))
	b := make([]byte, 65536)
	for {
		n, err := w.conn.Read(b)
		if err != nil {
			w.t.Fatalf("no %s: %v", start, err)
		}
		if bytes.HasPrefix(b[:n], []byte(start)) {
			return string(b[:n])
		}
	}
}

// header is the first value of a header of a message of ours.
func header(text, name string) string {
	_, rest, _ := strings.Cut(text, "\r\n"+name+": ")
	value, _, _ := strings.Cut(rest, "\r\n")
	return value
}

func TestAStationSeesNothingOfTheCallersSignallingButNameAndNumber(t *testing.T) {
	t.Parallel()
	s := prepare(t)
	station, caller := newWire(t), newWire(t)
	s.edit("assent.yaml", s.agent.URI(), "sip:agent@"+station.addr())
	s.file("flows/main.yaml", straight)
	s.start()
	fill := strings.NewReplacer("ADDRESS", caller.addr(), "LENGTH", fmt.Sprint(len(hostileSDP)), "BODY", hostileSDP)
	caller.send(s, fill.Replace(hostile))
	ok := caller.hears("SIP/2.0 200")
	caller.send(s, inDialog("ACK", 1, ok, ""))
	got := station.hears("INVITE ")
	passes(t, got)
	if from := header(got, "From"); strings.Count(from, "<") != 2 || !strings.HasPrefix(from, `"Eve\" <sip:evil@192.0.2.66>;x=\"" <sip:`) {
		t.Errorf("From %q does not quote the caller's name", from)
	}
	station.send(s, response("180 Ringing", got))
	caller.send(s, inDialog("BYE", 2, ok, "Reason: Q.850;cause=16;text=\"leak\\\x00%0d%0aX-Evil: leak\"\r\n"))
	caller.hears("SIP/2.0 200")
	cancel := station.hears("CANCEL ")
	passes(t, cancel)
	station.send(s, response("200 OK", cancel))
	station.send(s, response("487 Request Terminated", got))
	passes(t, station.hears("ACK "))
	s.saw(event.CallEnded)
	nothingCameThrough(t, s)
}

// inDialog is a request of the caller in the dialog that ok established.
func inDialog(method string, cseq int, ok, more string) string {
	return fmt.Sprintf("%s %s SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1;branch=z9hG4bK%s%d;rport\r\nMax-Forwards: 70\r\nFrom: %s\r\nTo: %s\r\n"+
		"Call-ID: %s\r\nCSeq: %d %s\r\n%sContent-Length: 0\r\n\r\n", method, strings.Trim(header(ok, "Contact"), "<>"), method, cseq,
		header(ok, "From"), header(ok, "To"), header(ok, "Call-ID"), cseq, method, more)
}

// response is the station's answer to a request.
func response(status, request string) string {
	return "SIP/2.0 " + status + "\r\nVia: " + header(request, "Via") + "\r\nFrom: " + header(request, "From") + "\r\nTo: " +
		header(request, "To") + ";tag=s\r\nCall-ID: " + header(request, "Call-ID") + "\r\nCSeq: " + header(request, "CSeq") +
		"\r\nContent-Length: 0\r\n\r\n"
}

// passes holds that a message to the station is made of our own headers, one a line, and of nothing that leaked.
func passes(t *testing.T, text string) {
	t.Helper()
	if strings.Contains(strings.ToLower(text), "leak") {
		t.Errorf("leaked:\n%s", text)
	}
	head, _, _ := strings.Cut(text, "\r\n\r\n")
	for _, line := range strings.Split(head, "\r\n")[1:] {
		name, value, _ := strings.Cut(line, ": ")
		if !seen[name] {
			t.Errorf("the station sees %q", line)
		}
		if strings.Contains(value, "evil") && name != "From" && name != "P-Asserted-Identity" {
			t.Errorf("the caller's name got into %q", line)
		}
		if strings.ContainsFunc(line, unicode.IsControl) {
			t.Errorf("control characters in %q", line)
		}
	}
}

// nothingCameThrough holds that no text of the caller broke a line of log or CDR, or named a file.
func nothingCameThrough(t *testing.T, s *stage) {
	t.Helper()
	cdr := s.cdr()
	if strings.ContainsFunc(cdr.From+cdr.To, unicode.IsControl) {
		t.Errorf("control characters in the CDR: %q %q", cdr.From, cdr.To)
	}
	for _, e := range s.logs.All() {
		if e.Message == "configuration" {
			continue // shows the lines of a file
		}
		for key, value := range e.ContextMap() {
			text, ok := value.(string)
			if ok && key != "stack" && strings.ContainsFunc(text, unicode.IsControl) {
				t.Errorf("control characters in the log: %s %q", key, text)
			}
			if strings.Contains(text, "evil") {
				t.Errorf("the log shows the caller: %s %q", key, text)
			}
		}
	}
	must(t, filepath.WalkDir(filepath.Dir(s.dir), func(path string, _ fs.DirEntry, err error) error {
		if name := filepath.Base(path); strings.Contains(name, "leak") || strings.Contains(name, "evil") {
			t.Errorf("a file is named by the caller: %s", path)
		}
		return err
	}))
}

func TestACarrierSeesNothingOfAStationsSignalling(t *testing.T) {
	t.Parallel()
	for privacy, number := range map[string]string{"none": "4989700", "id": "anonymous"} {
		s, far := dialling(t, "enabled: false", `allow: ["+49*"]`)
		far.Start()
		station, carrier := newWire(t), newWire(t)
		s.edit("assent.yaml", s.agent.URI(), "sip:evil@"+station.addr())
		s.edit("assent.yaml", strings.Replace(far.URI(), "far@", "", 1), "sip:"+carrier.addr())
		s.start()
		fill := strings.NewReplacer("ADDRESS", station.addr(), "LENGTH", fmt.Sprint(len(hostileSDP)), "BODY", hostileSDP,
			"sip:+4930%0d%0aX-Evil:%20evil%0d%0a%0d%0a@leak.example", "sip:evil@leak.example", "sip:+4980012345@", "sip:030555@",
			"Max-Forwards: 70\r\n", "Max-Forwards: 70\r\nPrivacy: "+privacy+"\r\nP-Asserted-Identity: <sip:leak@leak.example>\r\nIdentity: leak\r\n")
		station.send(s, fill.Replace(hostile))
		got := carrier.hears("INVITE ")
		passes(t, got)
		if from := header(got, "From"); strings.Contains(got, "evil") || !strings.Contains(from, number+"@") || !strings.HasPrefix(got, "INVITE sip:004930555@") {
			t.Errorf("the carrier gets\n%s", got)
		}
		carrier.send(s, response("480 Leak", got))
		passes(t, carrier.hears("ACK "))
		refused := station.hears("SIP/2.0 480")
		if strings.Contains(header(refused, "Contact"), carrier.addr()) {
			t.Errorf("the station gets\n%s", refused)
		}
		s.saw(event.CallEnded)
	}
}
