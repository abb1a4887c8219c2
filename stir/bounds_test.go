package stir

import (
	"fmt"
	"net/netip"
	"net/url"
	"testing"
	"time"
)

func TestPrivateNetworksAreOutOfReach(t *testing.T) {
	for text, want := range map[string]bool{
		"127.0.0.1": false, "::1": false, "10.1.2.3": false, "172.16.0.1": false, "192.168.1.1": false, "169.254.169.254": false,
		"100.64.0.1": false, "0.0.0.0": false, "::": false, "224.0.0.1": false, "255.255.255.255": false, "198.18.0.1": false,
		"fe80::1": false, "fe80::1%eth0": false, "fc00::1": false, "ff02::1": false, "::ffff:127.0.0.1": false, "::ffff:10.0.0.1": false,
		"::127.0.0.1": false, "64:ff9b::7f00:1": false, "2002:7f00:1::": false, "2001:db8::1": false, "192.0.0.8": false,
		"8.8.8.8": true, "::ffff:8.8.8.8": true, "2a00:1450:4001::1": true, "2606:4700::1": true,
	} {
		if got := reachable(netip.MustParseAddr(text), nil); got != want {
			t.Errorf("%s reachable: %v", text, got)
		}
	}
	allowed := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}
	if !reachable(netip.MustParseAddr("::ffff:10.0.0.1"), allowed) || reachable(netip.MustParseAddr("127.0.0.1"), allowed) {
		t.Error("the networks that are allowed are not those")
	}
}

func TestHostsOfTheListAndNoOthersServeCertificates(t *testing.T) {
	for _, tt := range []struct {
		hosts []string
		place string
		want  bool
	}{
		{[]string{"certs.example.com"}, "https://certs.example.com/a", true},
		{[]string{"certs.example.com"}, "https://CERTS.example.com.:8443/a", true},
		{[]string{"Certs.Example.com"}, "https://certs.example.com:443/a", true},
		{[]string{"certs.example.com"}, "https://certs.example.com:22/a", false},
		{[]string{"certs.example.com:9000"}, "https://certs.example.com:9000/a", true},
		{[]string{"certs.example.com:9000"}, "https://certs.example.com/a", false},
		{[]string{"certs.example.com:443"}, "https://certs.example.com/a", true},
		{[]string{"example.com"}, "https://certs.example.com/a", false},
		{[]string{"*.example.com"}, "https://certs.example.com/a", true},
		{[]string{"*.example.com"}, "https://example.com/a", false},
		{[]string{"*.example.com"}, "https://evilexample.com/a", false},
		{[]string{"certs.example.com"}, "https://certs.example.com.evil.net/a", false},
		{[]string{"*"}, "https://anything.net/a", true},
		{[]string{"*"}, "https://anything.net:22/a", false},
		{[]string{"[2a00::1]:9000"}, "https://[2a00::1]:9000/a", true},
		{[]string{"[2a00::1]"}, "https://[2a00::1]/a", true},
		{nil, "https://certs.example.com/a", false},
	} {
		u, err := ParsePlace(tt.place)
		if err != nil {
			t.Fatal(err)
		}
		if got := allowed(tt.hosts, u); got != tt.want {
			t.Errorf("%v %s: %v", tt.hosts, tt.place, got)
		}
	}
}

func TestWhatIsKeptIsBounded(t *testing.T) {
	now := time.Unix(1_700_000_000, 0)
	s := newSeen()
	for i := range maxSeen + 1000 {
		if !s.first(fmt.Sprint("token ", i), "call", time.Minute, now) {
			t.Fatalf("token %d was seen", i)
		}
	}
	if len(s.calls) > maxSeen || len(s.order)-s.gone != len(s.calls) {
		t.Errorf("%d tokens are remembered, in a list of %d", len(s.calls), len(s.order)-s.gone)
	}
	if s.first(fmt.Sprint("token ", maxSeen+999), "another", time.Minute, now) {
		t.Error("the newest token is forgotten")
	}
	if !s.first("token", "call", time.Minute, now.Add(2*time.Minute)) || len(s.calls) != 1 || cap(s.order) > 2*maxSeen {
		t.Errorf("%d tokens are remembered after their time, in %d places", len(s.calls), cap(s.order))
	}

	c := newCertificates()
	c.close() // nothing is fetched
	over := make(chan struct{})
	close(over)
	for i := range maxHeld {
		c.held[fmt.Sprint(i)] = &held{done: over, until: now.Add(time.Duration(i%2) * time.Hour)}
	}
	c.makeRoom(now.Add(time.Minute))
	if len(c.held) != maxHeld/2 {
		t.Errorf("%d answers are held, want those that are not over", len(c.held))
	}
	for i := range maxHeld {
		c.held[fmt.Sprint(i)] = &held{done: over, until: now.Add(time.Hour)}
	}
	c.makeRoom(now)
	if len(c.held) != maxHeld-1 {
		t.Errorf("%d answers are held, want room for one", len(c.held))
	}
	if _, err := c.fetching(nil, "x", now); err != errClosed { //nolint:errorlint // it is not wrapped
		t.Errorf("after the end: %v", err)
	}
	c.closed, c.running = false, maxFetches
	if _, err := c.fetching(nil, "x", now); err != errBusy { //nolint:errorlint // it is not wrapped
		t.Errorf("with all places taken: %v", err)
	}
}

func TestHowLongAnAnswerIsKept(t *testing.T) {
	for control, want := range map[string]time.Duration{
		"": keepMost, "max-age=3600": time.Hour, "public, Max-Age=7200": 2 * time.Hour, "max-age=0": keepLeast, "no-store": keepLeast,
		"max-age=99999999": keepMost, "max-age=-1": keepMost, "max-age=x": keepMost, "max-age=99999999999999999999": keepMost,
	} {
		if got := maxAge(control); got != want {
			t.Errorf("%q: %s, want %s", control, got, want)
		}
	}
}

func FuzzIdentity(f *testing.F) {
	f.Add("eyJhbGciOiJFUzI1NiIsInBwdCI6InNoYWtlbiIsInR5cCI6InBhc3Nwb3J0IiwieDV1IjoiaHR0cHM6Ly94LmV4YW1wbGUvYSJ9." +
		"eyJhdHRlc3QiOiJBIiwiZGVzdCI6eyJ0biI6WyI0OTgwMDEyMzQ1Il19LCJpYXQiOjEsIm9yaWciOnsidG4iOiI0OTMwIn0sIm9yaWdpZCI6IjEyMyJ9." +
		"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA;info=<https://x.example/a>;alg=ES256;ppt=shaken")
	f.Add(`..x;info=<https://x>;ppt="shaken"`)
	f.Add(`a.b.c;ppt=div;info=<<>>;=;"`)
	f.Fuzz(func(t *testing.T, value string) {
		id, flt := parseIdentity(value)
		if flt != nil {
			return
		}
		p, other, flt := parsePassport(id)
		if flt != nil || other {
			return
		}
		if len(p.signature) != signatureIs || len(p.dest) == 0 || len(p.dest) > maxDestinations || !origID(p.claims.OrigID) {
			t.Errorf("read of %q: %+v", value, p)
		}
		for _, tn := range append(p.dest, p.orig) {
			if again, ok := TN(tn); !ok || again != tn {
				t.Errorf("%q is not canonical", tn)
			}
		}
		_ = p.age(time.Unix(0, 0))
		if u, err := ParsePlace(p.header.X5U); err == nil && (u.Scheme != "https" || u.User != nil || u.RawQuery != "") {
			t.Errorf("%s is taken for a place", u)
		}
	})
}

func FuzzAuthority(f *testing.F) {
	f.Add([]byte{0x30, 0x08, 0xa0, 0x06, 0x16, 0x04, '1', '2', '3', '4'})
	f.Add([]byte{0x30, 0x0e, 0xa1, 0x0c, 0x30, 0x0a, 0x16, 0x05, '4', '9', '3', '0', '1', 0x02, 0x01, 0x05})
	f.Fuzz(func(t *testing.T, der []byte) {
		a, err := parseAuthority(der)
		if err != nil {
			return
		}
		if len(a.codes)+len(a.numbers) == 0 || len(a.codes)+len(a.numbers) > maxNumberRanges {
			t.Errorf("%d codes, %d numbers", len(a.codes), len(a.numbers))
		}
		for _, s := range a.numbers {
			if s.last < s.first {
				t.Errorf("a range from %d to %d", s.first, s.last)
			}
		}
		a.covers("493011223344")
	})
}

func FuzzPlace(f *testing.F) {
	f.Add("https://certs.example.com:8443/a.pem")
	f.Add("https://a@b:c@d/%2f?#")
	f.Fuzz(func(t *testing.T, text string) {
		u, err := ParsePlace(text)
		if err != nil {
			return
		}
		if again, err := url.Parse(u.String()); err != nil || again.Host != u.Host {
			t.Errorf("%q is read as %q, then %v", text, u, err)
		}
	})
}
