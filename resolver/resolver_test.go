package resolver

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"assent/resolver/dnstest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const zone = `
example.net.               60 IN SOA ns.example.net. admin.example.net. 1 60 60 60 5
example.net.               60 IN NAPTR 20 10 "s" "SIP+D2U" "" _sip._udp.example.net.
example.net.               60 IN NAPTR 10 50 "s" "SIPS+D2T" "" _sips._tcp.example.net.
example.net.               60 IN NAPTR 10 60 "s" "SIP+D2T" "" _sip._tcp.example.net.
example.net.               60 IN NAPTR 5 1 "u" "E2U+sip" "!^.*$!sip:evil@192.0.2.66!" .
example.net.               60 IN A 192.0.2.99
_sip._tcp.example.net.     60 IN SRV 20 0 5070 b.example.net.
_sip._tcp.example.net.     60 IN SRV 10 0 5060 a.example.net.
_sip._udp.example.net.     60 IN SRV 10 0 5080 alias.example.net.
_sips._tcp.example.net.    60 IN SRV 10 0 5061 a.example.net.
a.example.net.             60 IN A 192.0.2.1
a.example.net.             60 IN AAAA 2001:db8::1
b.example.net.             60 IN A 192.0.2.2
alias.example.net.         60 IN CNAME b.example.net.
plain.example.net.         60 IN A 192.0.2.7
plain.example.net.         60 IN A 0.0.0.0
plain.example.net.         60 IN A 224.0.0.1
_sip._udp.srv.example.net. 60 IN SRV 1 0 5090 plain.example.net.
_sip._udp.off.example.net. 60 IN SRV 0 0 0 .
off.example.net.           60 IN A 192.0.2.8
`

func started(t *testing.T, zone string) (*Resolver, *dnstest.Server) {
	t.Helper()
	server := dnstest.Start(t, zone)
	r, err := New(Config{Servers: []string{server.Addr()}, Timeout: 10 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.Close)
	return r, server
}

// found renders targets as "transport address".
func found(t *testing.T, r *Resolver, q Query) string {
	t.Helper()
	if q.Transports == nil {
		q.Transports = []string{"udp", "tcp"}
	}
	targets, err := r.Resolve(t.Context(), q)
	if err != nil {
		return err.Error()
	}
	var out []string
	for _, target := range targets {
		out = append(out, target.Transport+" "+target.Addr.String())
	}
	return strings.Join(out, ", ")
}

func TestTargetsAreFoundAsRFC3263Says(t *testing.T) {
	r, _ := started(t, zone)
	for want, q := range map[string]Query{
		"tcp 192.0.2.1:5060, tcp [2001:db8::1]:5060, tcp 192.0.2.2:5070, udp 192.0.2.2:5080": {Host: "example.net"},
		"udp 192.0.2.2:5080":                                             {Host: "example.net", Transports: []string{"udp"}},
		"tls 192.0.2.1:5061, tls [2001:db8::1]:5061":                     {Host: "example.net", Secure: true, Transports: []string{"tls"}},
		"tcp 192.0.2.1:5060, tcp [2001:db8::1]:5060, tcp 192.0.2.2:5070": {Host: "Example.NET", Transport: "tcp"},
		"udp 192.0.2.99:5062":                                            {Host: "example.net", Port: 5062},
		"tcp 192.0.2.99:5062":                                            {Host: "example.net", Port: 5062, Transport: "tcp"},
		"udp 192.0.2.7:5060":                                             {Host: "plain.example.net"},
		"udp 192.0.2.7:5090":                                             {Host: "srv.example.net"},
		"udp 192.0.2.8:5060":                                             {Host: "off.example.net"},
		"udp 203.0.113.5:5060":                                           {Host: "203.0.113.5"},
		"tls 203.0.113.5:5061":                                           {Host: "203.0.113.5", Transport: "tls"},
		"tcp [2001:db8::9]:99":                                           {Host: "[2001:db8::9]", Port: 99, Transport: "TCP"},
		`look up "nowhere.example.net": the name leads nowhere`:          {Host: "nowhere.example.net"},
	} {
		if got := found(t, r, q); got != want {
			t.Errorf("%+v:\n got %s\nwant %s", q, got, want)
		}
	}
	if _, err := r.Resolve(t.Context(), Query{Host: "nowhere.example.net"}); !errors.Is(err, ErrNotFound) {
		t.Error(err)
	}
}

func TestWeightsOfSRVRecordsShareTheCalls(t *testing.T) {
	r, _ := started(t, `
_sip._udp.w.example. 60 IN SRV 1 90 5060 a.w.example.
_sip._udp.w.example. 60 IN SRV 1 10 5060 b.w.example.
_sip._udp.w.example. 60 IN SRV 2 99 5060 c.w.example.
a.w.example. 60 IN A 192.0.2.1
b.w.example. 60 IN A 192.0.2.2
c.w.example. 60 IN A 192.0.2.3
`)
	first := map[string]int{}
	for range 1000 {
		got := found(t, r, Query{Host: "w.example", Transport: "udp"})
		first[got[:len("udp 192.0.2.1")]]++
		if !strings.HasSuffix(got, "udp 192.0.2.3:5060") {
			t.Fatalf("%s does not end with the higher priority", got)
		}
	}
	if n := first["udp 192.0.2.1"]; n < 820 || n > 970 || first["udp 192.0.2.2"] != 1000-n {
		t.Errorf("%v, want about 9 to 1", first)
	}
}

func TestAnswersHoldAsLongAsTheySay(t *testing.T) {
	r, server := started(t, "c.example. 30 IN A 192.0.2.1\n")
	now := time.Now()
	r.now = func() time.Time { return now }
	q := Query{Host: "c.example", Port: 5060}
	for range 3 {
		if got := found(t, r, q); got != "udp 192.0.2.1:5060" {
			t.Fatal(got)
		}
	}
	if n := server.Asked("c.example. A"); n != 1 {
		t.Errorf("asked %d times, want once", n)
	}
	server.Set("c.example. 30 IN A 192.0.2.2\n")
	now = now.Add(31 * time.Second)
	if got := found(t, r, q); got != "udp 192.0.2.2:5060" || server.Asked("c.example. A") != 2 {
		t.Errorf("%s, asked %d times", got, server.Asked("c.example. A"))
	}
}

func TestWhatDoesNotExistIsRememberedAsItsZoneSays(t *testing.T) {
	r, server := started(t, zone)
	now := time.Now()
	r.now = func() time.Time { return now }
	ask := func(want int) {
		t.Helper()
		if got := found(t, r, Query{Host: "none.example.net", Port: 5060}); !strings.Contains(got, "nowhere") {
			t.Fatal(got)
		}
		if n := server.Asked("none.example.net. A"); n != want {
			t.Errorf("asked %d times, want %d", n, want)
		}
	}
	ask(1)
	now = now.Add(4 * time.Second)
	ask(1)
	now = now.Add(2 * time.Second) // the zone's minimum is 5 s
	ask(2)
}

func TestCallsOutliveTheirNameServer(t *testing.T) {
	server := dnstest.Start(t, "s.example. 5 IN A 192.0.2.1\n")
	r, err := New(Config{Servers: []string{server.Addr()}, Timeout: 50 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.Close)
	now := time.Now()
	r.now = func() time.Time { return now }
	q := Query{Host: "s.example", Port: 5060}
	for found(t, r, q) != "udp 192.0.2.1:5060" { // a busy machine may need longer than the timeout
		now = now.Add(failedTTL)
	}
	server.Silent(true)
	now = now.Add(staleFor)
	if got := found(t, r, q); got != "udp 192.0.2.1:5060" {
		t.Errorf("%s, though the address was good within the hour", got)
	}
	now = now.Add(staleFor)
	if got := found(t, r, q); !strings.Contains(got, "name server") {
		t.Errorf("%s, want that no server answers", got)
	}
}

func TestTheNextServerIsAskedWhereOneFails(t *testing.T) {
	server := dnstest.Start(t, "n.example. 60 IN A 192.0.2.1\n")
	mute := dnstest.Start(t, "")
	mute.Silent(true)
	r, err := New(Config{Servers: []string{mute.Addr(), server.Addr()}, Timeout: 500 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.Close)
	if got := found(t, r, Query{Host: "n.example", Port: 5060}); got != "udp 192.0.2.1:5060" {
		t.Error(got)
	}
}

func TestManyLookUpsOfOneNameAskOnce(t *testing.T) {
	r, server := started(t, zone)
	var all sync.WaitGroup
	for range 100 {
		all.Go(func() {
			if _, err := r.Resolve(t.Context(), Query{Host: "a.example.net", Port: 5060}); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if n := server.Asked("a.example.net. A"); n != 1 {
		t.Errorf("asked %d times, want once", n)
	}
}

func TestAnswersAreBounded(t *testing.T) {
	var big strings.Builder
	for i := range 200 { // longer than a datagram: it comes by TCP
		fmt.Fprintf(&big, "_sip._udp.big.example. 60 IN SRV 1 1 5060 h%d.big.example.\n", i)
		for j := range 30 {
			fmt.Fprintf(&big, "h%d.big.example. 60 IN A 10.0.%d.%d\n", i, i, j+1)
		}
	}
	r, _ := started(t, big.String())
	targets, err := r.Resolve(t.Context(), Query{Host: "big.example", Transport: "udp"})
	if err != nil || len(targets) != maxTargets {
		t.Errorf("%d targets (%v), want %d", len(targets), err, maxTargets)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	ready := make(chan struct{})
	close(ready)
	for i := range maxNames + 50 {
		r.makeRoom()
		r.cache[question{fmt.Sprintf("n%d.example.", i), 1}] = &answer{ready: ready, until: r.now().Add(time.Hour)}
	}
	if len(r.cache) > maxNames {
		t.Errorf("%d names are kept, want at most %d", len(r.cache), maxNames)
	}
}

func TestALookUpEndsWithItsContext(t *testing.T) {
	r, server := started(t, zone)
	server.Silent(true)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := r.Resolve(ctx, Query{Host: "a.example.net", Port: 5060}); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	r.Close()
	if _, err := r.Resolve(t.Context(), Query{Host: "b.example.net", Port: 5060}); !errors.Is(err, ErrClosed) {
		t.Error(err)
	}
}

func TestSystemNamesAreFoundToo(t *testing.T) {
	server := dnstest.Start(t, "")
	r, err := New(Default())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.Close)
	r.servers = []string{server.Addr()} // knows nothing, as a name server does of /etc/hosts
	targets, err := r.Resolve(t.Context(), Query{Host: "localhost", Port: 5060})
	if err != nil || !slices.ContainsFunc(targets, func(t Target) bool { return t.Addr.Addr().IsLoopback() }) {
		t.Errorf("%v, %v", targets, err)
	}
}

func TestServersAreAddresses(t *testing.T) {
	for text, want := range map[string]string{"10.0.0.53": "10.0.0.53:53", "[2001:db8::53]:5353": "[2001:db8::53]:5353", "2001:db8::53": "[2001:db8::53]:53"} {
		if got, err := ParseServer(text); err != nil || got.String() != want {
			t.Errorf("%s: %s, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "ns.example.net", "10.0.0.53:0", "10.0.0:53"} {
		if _, err := New(Config{Servers: []string{text}}); err == nil || !strings.Contains(err.Error(), "like 10.0.0.53") {
			t.Errorf("%q: %v", text, err)
		}
	}
}
