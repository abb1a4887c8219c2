package sip

import (
	"bytes"
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// taken is how the test ends an INVITE that reached the user of the package; the package itself never sends it.
const taken = 604

// silence is the right answer to responses, and to what can't be answered.
const silence = 0

// verdicts are the answers to the messages of RFC 4475 and RFC 5118, by their file in testdata. Where the RFCs leave a
// choice, an endpoint that is no registrar and repairs nothing makes it here.
var verdicts = map[string]int{
	// RFC 4475, 3.1.1: valid messages.
	"rfc4475/wsinv.dat":      481, // it has a To tag, and no dialog of ours has it
	"rfc4475/intmeth.dat":    501,
	"rfc4475/esc01.dat":      taken,
	"rfc4475/escnull.dat":    405,
	"rfc4475/esc02.dat":      501,
	"rfc4475/lwsdisp.dat":    200,
	"rfc4475/longreq.dat":    taken,
	"rfc4475/dblreq.dat":     405,
	"rfc4475/semiuri.dat":    200,
	"rfc4475/transports.dat": 200,
	"rfc4475/mpart01.dat":    405,
	"rfc4475/unreason.dat":   silence,
	"rfc4475/noreason.dat":   silence,
	// 3.1.2: invalid messages.
	"rfc4475/badinv01.dat":   400,
	"rfc4475/clerr.dat":      400,
	"rfc4475/ncl.dat":        400,
	"rfc4475/scalar02.dat":   400,
	"rfc4475/scalarlg.dat":   silence,
	"rfc4475/quotbal.dat":    400,
	"rfc4475/ltgtruri.dat":   400,
	"rfc4475/lwsruri.dat":    400,
	"rfc4475/lwsstart.dat":   400,
	"rfc4475/trws.dat":       400,
	"rfc4475/escruri.dat":    400,
	"rfc4475/baddate.dat":    taken, // Date is nothing to us
	"rfc4475/regbadct.dat":   405,   // no registrar looks at the Contact
	"rfc4475/badaspec.dat":   400,
	"rfc4475/baddn.dat":      400,
	"rfc4475/badvers.dat":    505,
	"rfc4475/mismatch01.dat": 400,
	"rfc4475/mismatch02.dat": 501,
	"rfc4475/bigcode.dat":    silence,
	// 3.2: a branch of the magic cookie alone counts as none.
	"rfc4475/badbranch.dat": 200,
	// 3.3: what applications make of it.
	"rfc4475/insuf.dat":    400,
	"rfc4475/unkscm.dat":   416,
	"rfc4475/novelsc.dat":  416,
	"rfc4475/unksm2.dat":   405,
	"rfc4475/bext01.dat":   420,
	"rfc4475/invut.dat":    415,
	"rfc4475/regaut01.dat": 405,
	"rfc4475/multi01.dat":  400,
	"rfc4475/mcl01.dat":    400,
	"rfc4475/bcast.dat":    silence,
	"rfc4475/zeromf.dat":   200,
	"rfc4475/cparam01.dat": 405,
	"rfc4475/cparam02.dat": 405,
	"rfc4475/regescrt.dat": 405,
	"rfc4475/sdp01.dat":    406,
	// 3.4: RFC 2543.
	"rfc4475/inv2543.dat": taken,
	// In the archive, and in no section: a request line without a version, no Via and no CSeq.
	"rfc4475/test.dat": silence,

	// RFC 5118, section 4.
	"rfc5118/ipv6-good":                     405,
	"rfc5118/ipv6-bad":                      400,
	"rfc5118/port-ambiguous":                405,
	"rfc5118/port-unambiguous":              405,
	"rfc5118/via-received-param-with-delim": 481,
	"rfc5118/via-received-param-no-delim":   200,
	"rfc5118/ipv6-in-sdp":                   taken,
	"rfc5118/mult-ip-in-header":             481,
	"rfc5118/mult-ip-in-sdp":                taken,
	"rfc5118/ipv4-mapped-ipv6":              taken,
	"rfc5118/ipv6-bug-abnf-3-colons":        200,
	"rfc5118/ipv6-correct-abnf-2-colons":    200,
}

// unframed are the messages that leave a stream without a boundary: a connection ends with them.
var unframed = map[string]bool{"rfc4475/clerr.dat": true, "rfc4475/ncl.dat": true, "rfc4475/mcl01.dat": true,
	"rfc4475/inv2543.dat": true}

// slips are faults of the archives, and what mends them: three messages lack the empty line behind their headers, and
// two state lengths of other bodies than theirs.
var slips = map[string][2]string{
	"rfc4475/baddn.dat":                  {"l: 0\r\n", "l: 0\r\n\r\n"},
	"rfc5118/ipv6-bug-abnf-3-colons":     {"Content-Length: 0\n", "Content-Length: 0\n\n"},
	"rfc5118/ipv6-correct-abnf-2-colons": {"Content-Length: 0\n", "Content-Length: 0\n\n"},
	"rfc5118/ipv6-in-sdp":                {"Content-Length: 268", "Content-Length: 242"},
	"rfc5118/mult-ip-in-sdp":             {"Content-Length: 181", "Content-Length: 180"},
}

// torture reads a message as the RFC's archive has it, but for the archive's own slips.
func torture(t *testing.T, name string) []byte {
	t.Helper()
	b := archived(t, name)
	if s, ok := slips[name]; ok {
		return bytes.Replace(b, []byte(s[0]), []byte(s[1]), 1)
	}
	return b
}

func archived(t *testing.T, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestEveryMessageOfTheTortureArchivesHasAVerdict(t *testing.T) {
	files := 0
	for _, dir := range []string{"rfc4475", "rfc5118"} {
		list, err := os.ReadDir(filepath.Join("testdata", dir))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range list {
			files++
			if _, ok := verdicts[dir+"/"+f.Name()]; !ok {
				t.Errorf("%s/%s has none", dir, f.Name())
			}
		}
	}
	if files != 62 || len(verdicts) != files {
		t.Fatalf("%d files, %d verdicts, want 50 and 12 of each", files, len(verdicts))
	}
}

// TestTortureMessagesOverUDP sends each message as the RFC has it, and then asks whether anybody is still at home.
func TestTortureMessagesOverUDP(t *testing.T) {
	src := netip.MustParseAddrPort("198.51.100.7:40000")
	for name, want := range verdicts {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h, w := startWired(t, func(netip.AddrPort) bool { return true })
			h.onInvite(take)
			w.send(t, torture(t, name), src)
			next := func() []byte { return w.next(t).data }
			verdict(t, name, want, next)
			w.send(t, options("UDP"), src)
			nothingElse(t, name, next)
			if n := h.Stats().Malformed; n > 0 && (want == 200 || want == taken || want == 405 || want == 481) {
				t.Errorf("valid, and counted as malformed")
			}
		})
	}
}

func TestTheSlipsOfTheArchiveAreRefusedAsTheyAre(t *testing.T) {
	src := netip.MustParseAddrPort("198.51.100.7:40000")
	for name, slip := range slips {
		if !bytes.Contains(archived(t, name), []byte(slip[0])) {
			t.Fatalf("%s is not what it was", name)
		}
		_, w := startWired(t, func(netip.AddrPort) bool { return true })
		w.send(t, archived(t, name), src)
		if m := reading(t, w.next(t).data); m.status != 400 {
			t.Errorf("%s: %d, want 400", name, m.status)
		}
	}
}

// TestTortureMessagesShareATCPConnection sends all well-framed messages over one connection, which must live.
func TestTortureMessagesShareATCPConnection(t *testing.T) {
	h := startHost(t, quick())
	h.onInvite(take)
	p := newPeer(t, "tcp", h.addr("tcp"))
	for name, want := range verdicts {
		if unframed[name] {
			continue
		}
		t.Run(name, func(t *testing.T) {
			p.t = t
			next := func() []byte { return p.raw(wait) }
			p.send(string(torture(t, name)))
			verdict(t, name, want, next)
			p.send(string(options("TCP")))
			nothingElse(t, name, next)
		})
	}
}

// TestAnUnframedMessageEndsItsOwnConnectionOnly holds that the answer comes first, and that other connections live.
func TestAnUnframedMessageEndsItsOwnConnectionOnly(t *testing.T) {
	h := startHost(t, quick())
	h.onInvite(take)
	honest := newPeer(t, "tcp", h.addr("tcp"))
	honest.send(string(options("TCP")))
	reading(t, honest.raw(wait))
	for name := range unframed {
		p := newPeer(t, "tcp", h.addr("tcp"))
		p.send(string(torture(t, name)))
		_ = p.conn.SetReadDeadline(time.Now().Add(wait))
		heard, err := io.ReadAll(p.conn)
		var late net.Error
		if errors.As(err, &late) && late.Timeout() {
			t.Errorf("%s: still open", name)
		}
		if name != "rfc4475/clerr.dat" && !bytes.HasPrefix(heard, []byte("SIP/2.0 ")) {
			t.Errorf("%s: no answer before the end, %q", name, heard)
		}
		honest.send(string(options("TCP")))
		reading(t, honest.raw(wait))
	}
}

func take(inv *Invite) {
	inv.Leg.Listen(func(Event) {}, nil)
	inv.Leg.Reject(Cause{Status: taken})
}

const stillHere = "still-here"

// options asks whether the endpoint is there, in a Call-ID of its own.
func options(transport string) []byte {
	return []byte(msg("OPTIONS sip:x@192.0.2.1 SIP/2.0", "", "Via: SIP/2.0/"+transport+" 198.51.100.7:40000;rport;branch="+
		magicCookie+newTag(), "Max-Forwards: 70", "From: <sip:a@198.51.100.7>;tag=a", "To: <sip:x@192.0.2.1>",
		"Call-ID: "+stillHere, "CSeq: 1 OPTIONS"))
}

// reading parses a response of ours, which repeats headers that may be broken.
func reading(t *testing.T, b []byte) *message {
	t.Helper()
	m, _ := parse(b)
	if m == nil || m.status == 0 {
		t.Fatalf("not a response:\n%q", b)
	}
	return m
}

// verdict waits for the final answer to a message, unless there is to be none.
func verdict(t *testing.T, name string, want int, next func() []byte) {
	t.Helper()
	for want != silence {
		m := reading(t, next())
		if m.status < 200 || !answers(m, torture(t, name)) {
			continue
		}
		if m.status != want {
			t.Errorf("answered %d, want %d", m.status, want)
		}
		return
	}
}

// nothingElse waits for the answer to options and fails if the message gets another one before.
func nothingElse(t *testing.T, name string, next func() []byte) {
	t.Helper()
	for {
		m := reading(t, next())
		if m.callID == stillHere {
			return
		}
		if answers(m, torture(t, name)) && m.status != taken { // 604 is repeated until its ACK
			t.Errorf("answered %d too", m.status)
		}
	}
}

// answers reports whether m is a response to the request b.
func answers(m *message, b []byte) bool {
	r, _ := parse(b)
	return r != nil && r.request() && m.callID == r.callID && m.cseqText() == r.cseqText()
}
