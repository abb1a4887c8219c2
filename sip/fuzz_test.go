package sip

import (
	"bytes"
	"net/netip"
	"os"
	"path/filepath"
	"testing"
)

// FuzzParse holds that no bytes break parsing and validation, and that every answer to them parses in its turn.
func FuzzParse(f *testing.F) {
	p := &peer{conn: fakeConn{}}
	c := p.call()
	for _, s := range []string{c.request("INVITE", 1, c.branch, string(offer), "Record-Route: <sip:a;lr>, <sip:b>"),
		c.request("BYE", 2, "old", ""), "SIP/2.0 200 OK\r\nv: SIP/2.0/UDP a\r\n\r\n",
		"INVITE sip:x SIP/2.0\nVia: SIP / 2.0 / UDP [::1]:5;branch=\n\n", "m: <sip:x>;q=\"\\\r\n \r\n\r\n"} {
		f.Add([]byte(s))
	}
	for name := range verdicts {
		b, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		keep := bytes.Clone(b)
		m, flt := parse(b)
		if !bytes.Equal(b, keep) {
			t.Fatal("the input was changed")
		}
		if m == nil {
			if flt == nil {
				t.Fatal("nothing and no fault")
			}
			return
		}
		m.src = netip.MustParseAddrPort("192.0.2.1:5060")
		_, _ = m.contact()
		_ = parseQ850(m)
		_ = calledUser(m)
		_ = m.txKey(m.method)
		_ = replyHop(m)
		if flt == nil && m.request() {
			_, _ = validate(m)
		}
		if !m.answerable() {
			return
		}
		out := reply{status: 400, toTag: "t"}.render(m)
		back, _ := scan(out)
		if back == nil || back.status != 400 {
			t.Fatalf("our answer is no response:\n%q", out)
		}
	})
}

// FuzzFramer holds that a stream is cut the same way however it arrives, and within bounds.
func FuzzFramer(f *testing.F) {
	f.Add([]byte("OPTIONS sip:x SIP/2.0\r\nContent-Length: 3\r\n\r\nabc\r\n\r\nBYE sip:x SIP/2.0\r\n\r\n"), 5)
	f.Add([]byte("A\nl: 1\nContent-Length: 2\n\n"), 1)
	f.Fuzz(func(t *testing.T, b []byte, step int) {
		if len(b) > 4096 {
			return
		}
		whole, werr := frames(b, len(b)+1)
		parts, perr := frames(b, max(1, step&15))
		if (werr == nil) != (perr == nil) || len(whole) != len(parts) {
			t.Fatalf("whole %d %v, parts %d %v", len(whole), werr, len(parts), perr)
		}
		for i := range whole {
			if whole[i] != parts[i] {
				t.Fatalf("message %d: %q and %q", i, whole[i], parts[i])
			}
		}
	})
}

func frames(b []byte, step int) (out []string, err error) {
	var f framer
	for len(b) > 0 {
		n := min(step, len(b))
		f.write(b[:n])
		b = b[n:]
		for {
			m, err := f.next()
			if err != nil {
				return out, err
			}
			if m == nil {
				break
			}
			out = append(out, string(m))
		}
	}
	return out, nil
}
