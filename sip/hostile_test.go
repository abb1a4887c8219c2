package sip

import (
	"runtime"
	"strings"
	"testing"
)

// TestAHeaderOfManyLinesCostsWhatItsBytesCost holds the reader's work against the size of the message: a header folded
// into 19,000 lines once cost hundreds of megabytes, for one datagram that needs no account.
func TestAHeaderOfManyLinesCostsWhatItsBytesCost(t *testing.T) {
	head := "REGISTER sip:x SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKx\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:a@b>\r\n" +
		"Call-ID: x\r\nCSeq: 1 REGISTER\r\n"
	for name, header := range map[string]string{
		"one header": "Subject: a\r\n" + strings.Repeat(" a\n", 19_000),
		"seven":      strings.Repeat("Subject: a\r\n"+strings.Repeat("\ta\n", 2_700), 7),
		"lists":      strings.Repeat("Identity: "+strings.Repeat("a,", 4_000)+"\r\n", 7),
	} {
		raw := []byte(head + header + "Content-Length: 0\r\n\r\n")
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		m, _ := parse(raw)
		if m == nil {
			t.Fatalf("%s: not taken for a message", name)
		}
		m.list("identity")
		runtime.ReadMemStats(&after)
		if grown := after.TotalAlloc - before.TotalAlloc; grown > 8<<20 {
			t.Errorf("%s: %d bytes cost %d KiB of memory", name, len(raw), grown>>10)
		}
	}
	m, flt := parse([]byte(head + "Subject: one\r\n  two\n\tthree \r\nContent-Length: 0\r\n\r\n"))
	if flt != nil {
		t.Fatal(flt)
	}
	if v, _ := m.value("subject"); v != "one two three" {
		t.Errorf("unfolded to %q", v)
	}
	if _, flt := parse([]byte(head + "Subject: a\r\n" + strings.Repeat(" a\n", 10_000) + "\r\n")); flt == nil {
		t.Error("a header of 20,000 bytes in many lines was taken")
	}
}

func TestWhoVouchesAndWhatIsWithheldIsReadFromEveryHeader(t *testing.T) {
	h := startHost(t, quick())
	p := newPeer(t, "udp", h.addr("udp"))
	c := p.call()
	headers := []string{"Privacy: none", "privacy: user , id", "Identity: a.b.c;info=<https://x,y>;ppt=shaken", "y: d.e.f"}
	for range maxIdentities {
		headers = append(headers, "Identity: more")
	}
	p.send(c.request("INVITE", 1, c.branch, string(offer), headers...))
	in := h.incoming()
	if in.Privacy != "none;user;id" {
		t.Errorf("privacy %q: a caller who withholds the number in a second header is not heard", in.Privacy)
	}
	if got := in.Identities; len(got) != maxIdentities || got[0] != "a.b.c;info=<https://x,y>;ppt=shaken" || got[1] != "d.e.f" {
		t.Errorf("identities %q", got)
	}
	in.Leg.Reject(Cause{Status: 438})
	p.response("INVITE", 438)
	p.send(c.request("ACK", 1, c.branch, ""))
}
