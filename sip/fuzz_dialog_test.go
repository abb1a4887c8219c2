package sip

import "testing"

// FuzzDialogHeaders: what a peer writes into the headers of transfers, redirections and session timers is refused, or
// comes out as something that can stand in a header of ours.
func FuzzDialogHeaders(f *testing.F) {
	for _, v := range []string{"<sip:agent-2@127.0.0.1:5070?Replaces=a%40b%3Bto-tag%3Dx%3Bfrom-tag%3Dy>", "a@b;to-tag=x;from-tag=y;early-only",
		"1800;refresher=uac", "90", "99999999999999999999;refresher=x", "<tel:+4930>;q=0.5, <sip:%0d%0a@x>", "sip:a@b?Replaces=%0d%0aEvil:1",
		"\"A, B\" <sips:[::1]>;expires=x", "<sip:a@b;method=BYE>"} {
		f.Add(v)
	}
	f.Fuzz(func(t *testing.T, v string) {
		m := &message{status: 302}
		for _, name := range []string{"refer-to", "contact", "session-expires", "min-se", "replaces"} {
			m.headers = append(m.headers, header{name, v})
		}
		if to, replaces, flt := referTo(m); flt == nil {
			p := to.party()
			if p.URI != clean(p.URI) || p.User != clean(p.User) {
				t.Fatalf("%q", p)
			}
			if replaces != nil && replaces.header() != clean(replaces.header()) {
				t.Fatalf("%q", replaces.header())
			}
		}
		if r, err := parseReplaces(v); err == nil {
			again, err := parseReplaces(r.header())
			if err != nil || *again != *r {
				t.Fatalf("%+v reads back as %+v, %v", r, again, err)
			}
		}
		for _, c := range contacts(m) {
			if c.URI != clean(c.URI) {
				t.Fatalf("%q", c.URI)
			}
		}
		if a := m.sessionAsk(); a.expires < 0 || a.expires > maxSession || a.min < 0 || a.min > maxSession {
			t.Fatalf("%+v", a)
		}
	})
}
