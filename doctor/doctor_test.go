package doctor

import (
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"assent/configs"
	"assent/gateway"
	"assent/trunk"
)

// centre is a configuration, and a machine on which it works.
func centre() (configs.Config, Facts) {
	cfg := configs.Default()
	carrier := trunk.DefaultConfig()
	carrier.Sources, carrier.Gateways, carrier.Limits.Calls = []string{"9.9.9.0/24"}, []gateway.Config{{Address: "sip:9.9.9.9:5060"}}, 200
	cfg.Trunks["carrier"] = carrier
	return cfg, Facts{
		Network: Network{
			Addresses: addrs("127.0.0.1", "8.8.4.4"), Ephemeral: Range{32768, 60999}, Unprivileged: 1024,
		},
		Limits: Limits{Files: 65536, ReceiveBuffer: receiveBuffer},
		Clock:  Clock{Synced: true, Error: 3 * time.Millisecond},
		Places: []Place{{Key: "recordings.dir", Dir: "/var", Device: 1, Free: 90 << 30, Total: 100 << 30, Speed: Speed{Sync: time.Millisecond, Write: 200 << 20}}},
		UID:    1000, Opus: true,
	}
}

func addrs(texts ...string) (out []netip.Addr) {
	for _, text := range texts {
		out = append(out, netip.MustParseAddr(text))
	}
	return out
}

func TestAMachineThatFitsHasNothingWorseThanOK(t *testing.T) {
	for _, f := range Judge(centre()) {
		if f.State != OK || f.Want != "" || f.Key != "" {
			t.Errorf("%+v", f)
		}
	}
}

func TestEachTroubleIsFoundWithTheKeyThatSettlesIt(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*configs.Config, *Facts)
		state  State
		key    string
		tells  string
	}{
		"an address of another machine": {func(c *configs.Config, _ *Facts) { c.SIP.Listen = []string{"udp://10.1.1.1:5060"} },
			Fail, "sip.listen[0]", "no interface of this machine has 10.1.1.1"},
		"media on another machine": {func(c *configs.Config, _ *Facts) { c.Media.Address = "10.1.1.1" },
			Fail, "media.address", "10.1.1.1"},
		"behind NAT without a public address": {func(_ *configs.Config, f *Facts) { f.Network.Addresses = addrs("127.0.0.1", "10.0.0.5") },
			Warn, "sip.public_address", "trunk carrier is outside, and is told 10.0.0.5"},
		"media behind NAT": {func(c *configs.Config, f *Facts) {
			f.Network.Addresses = addrs("127.0.0.1", "100.64.1.1")
			c.SIP.PublicAddress = "8.8.8.8"
		}, Warn, "media.public_address", "100.64.1.1, which is private"},
		"loopback": {func(c *configs.Config, _ *Facts) { c.SIP.Listen = []string{"udp://127.0.0.1:5060"} },
			Warn, "sip.listen", "only this machine can call"},
		"an example's network": {func(c *configs.Config, _ *Facts) { sources(c, "203.0.113.0/24") },
			Fail, "trunks.carrier.sources[0]", "203.0.113.0/24 was left from an example"},
		"an example's name": {func(c *configs.Config, _ *Facts) { c.SIP.PublicAddress = "SIP.Example.COM:5060" },
			Fail, "sip.public_address", "left from an example"},
		"an example's network in a laboratory": {func(c *configs.Config, f *Facts) {
			sources(c, "192.0.2.7")
			f.Network.Addresses = addrs("192.0.2.2")
		}, Warn, "trunks.carrier.sources[0]", "left from an example"},
		"another program on the SIP port": {func(_ *configs.Config, f *Facts) {
			f.Network.Sockets = []Socket{{"udp", netip.MustParseAddrPort("127.0.0.1:5060"), 33}}
		}, Fail, "sip.listen[0]", "user 33 has udp 127.0.0.1:5060"},
		"another program on the API's port": {func(_ *configs.Config, f *Facts) {
			f.Network.Sockets = []Socket{{"tcp", netip.MustParseAddrPort("[::]:8088"), 0}}
		}, Fail, "api.listen", "tcp [::]:8088"},
		"a port that needs a privilege": {func(c *configs.Config, _ *Facts) { c.SIP.Listen = []string{"udp://0.0.0.0:506"} },
			Fail, "sip.listen[0]", "needs a privilege"},
		"too few ports": {func(c *configs.Config, _ *Facts) { c.Media.Ports = "20000-20099" },
			Warn, "media.ports", "carry 25 bridged calls, and the trunks may have 200"},
		"another program among the media ports": {func(_ *configs.Config, f *Facts) {
			f.Network.Sockets = []Socket{{"udp", netip.MustParseAddrPort("0.0.0.0:20005"), 0}}
		}, Warn, "media.ports", "such as 20005"},
		"ephemeral ports": {func(c *configs.Config, _ *Facts) { c.Media.Ports = "30000-40000" },
			Warn, "media.ports", "overlap"},
		"few files": {func(_ *configs.Config, f *Facts) { f.Limits.Files = 1024 },
			Warn, "LimitNOFILE", "1024 files may be open, and media.ports may come to need 14096"},
		"small buffers": {func(_ *configs.Config, f *Facts) { f.Limits.ReceiveBuffer = 212992 },
			Warn, "net.core.rmem_max", "208 KiB"},
		"a clock that runs free": {func(_ *configs.Config, f *Facts) { f.Clock.Synced = false }, Warn, "", "not synchronised"},
		"a clock that is off":    {func(_ *configs.Config, f *Facts) { f.Clock.Error = 5 * time.Second }, Warn, "", "wrong by 5s"},
		"a full disk": {func(_ *configs.Config, f *Facts) { f.Places[0].Free = 500 << 20 },
			Fail, "recordings.dir", "below 1024 no recording begins"},
		"a disk that fills": {func(_ *configs.Config, f *Facts) { f.Places[0].Free = 1500 << 20 },
			Warn, "recordings.dir", "close to the bound"},
		"a slow disk":   {func(_ *configs.Config, f *Facts) { f.Places[0].Speed.Sync = time.Second }, Warn, "recordings.dir", "an entry takes 1s"},
		"a narrow disk": {func(_ *configs.Config, f *Facts) { f.Places[0].Speed.Write = 1 << 20 }, Warn, "recordings.dir", "200 recorded calls need 6.1"},
		"memory":        {func(_ *configs.Config, f *Facts) { f.Places[0].Kind = "tmpfs" }, Warn, "recordings.dir", "in memory"},
		"no right to write": {func(_ *configs.Config, f *Facts) { f.Places[0].Err = os.ErrPermission },
			Fail, "recordings.dir", "nothing can be written"},
		"a key that all may read": {func(_ *configs.Config, f *Facts) {
			f.Files = []File{{"consent.key", "/k", 0o644, 1000, true}}
		}, Fail, "consent.key", "everybody may read /k (-rw-r--r--)"},
		"a ledger that others may change": {func(_ *configs.Config, f *Facts) {
			f.Files = []File{{"consent.ledger", "/l", 0o660, 1000, false}}
		}, Fail, "consent.ledger", "others may change /l"},
		"somebody else's file": {func(_ *configs.Config, f *Facts) { f.Files = []File{{"store", "/s", 0o600, 7, true}} },
			Warn, "store", "belongs to user 7"},
		"no io_uring": {func(_ *configs.Config, f *Facts) { f.URing = errors.New("not permitted") }, Warn, "media.io", "not permitted"},
		"no io_uring where it must be": {func(c *configs.Config, f *Facts) { c.Media.IO, f.URing = "io_uring", errors.New("not permitted") },
			Fail, "media.io", "media.io wants it"},
		"no Opus": {func(_ *configs.Config, f *Facts) { f.Opus = false }, Warn, "media.codecs", "no Opus"},
		"root":    {func(_ *configs.Config, f *Facts) { f.UID = 0 }, Warn, "", "root asks"},
	} {
		cfg, facts := centre()
		c.change(&cfg, &facts)
		found := Judge(cfg, facts)
		hit := false
		for _, f := range found {
			hit = hit || f.State == c.state && f.Key == c.key && f.Want != "" && strings.Contains(f.Detail, c.tells)
		}
		if !hit || Failed(found) != (c.state == Fail) {
			t.Errorf("%s: want %s %s %q, found %+v", name, c.state, c.key, c.tells, found)
		}
	}
}

func sources(c *configs.Config, list ...string) {
	carrier := c.Trunks["carrier"]
	carrier.Sources = list
	c.Trunks["carrier"] = carrier
}

func TestTheServicesOwnSocketsAreNoTrouble(t *testing.T) {
	cfg, facts := centre()
	facts.Network.Serving = true
	facts.Network.Sockets = []Socket{{"udp", netip.MustParseAddrPort("0.0.0.0:5060"), 1000}, {"udp", netip.MustParseAddrPort("0.0.0.0:20004"), 1000}}
	for _, f := range Judge(cfg, facts) {
		if f.State != OK {
			t.Errorf("%+v", f)
		}
	}
}

func TestAPublicAddressOnNobodysInterfaceIsNATAndFine(t *testing.T) {
	cfg, facts := centre()
	cfg.SIP.PublicAddress, cfg.Media.PublicAddress = "sip.acme-telephony.net:5060", "8.8.8.8"
	facts.Network.Addresses = addrs("10.0.0.5")
	for _, f := range Judge(cfg, facts) {
		if f.State != OK {
			t.Errorf("%+v", f)
		}
	}
}

func TestReservedPortsAreSafeFromOtherPrograms(t *testing.T) {
	cfg, facts := centre()
	cfg.Media.Ports, facts.Network.Reserved = "40000-49999", []Range{{8080, 8080}, {40000, 50000}}
	for _, f := range Judge(cfg, facts) {
		if f.State != OK {
			t.Errorf("%+v", f)
		}
	}
}

func TestTheMachineTellsItsSocketsAndAddresses(t *testing.T) {
	udp, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer udp.Close()
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/healthz" {
			_, _ = w.Write([]byte(`{"status":"ok"}`)) // the client tells if it did not arrive
		}
	}))
	defer api.Close()
	cfg, _ := centre()
	cfg.API.Listen = api.Listener.Addr().String()
	n := network(cfg)
	want := map[Socket]bool{
		{"udp", netip.MustParseAddrPort(udp.LocalAddr().String()), os.Geteuid()}: true,
		{"tcp", netip.MustParseAddrPort(cfg.API.Listen), os.Geteuid()}:           true,
	}
	for _, s := range n.Sockets {
		delete(want, s)
	}
	if len(want) > 0 || !n.Serving || len(n.Addresses) == 0 || n.Ephemeral.Last == 0 {
		t.Errorf("missing %v of %+v", want, n)
	}
	api.Close()
	if serving(cfg.API.Listen) {
		t.Error("a service that is gone still serves")
	}
}

func TestMeasuringLeavesNothingBehind(t *testing.T) {
	dir := t.TempDir()
	cfg := configs.Default()
	cfg.Recordings.Dir, cfg.Consent.Ledger = filepath.Join(dir, "a", "b"), dir
	cfg.Audit.Dir, cfg.CDR.File, cfg.Store = dir, filepath.Join(dir, "cdr.jsonl"), "sqlite:"+filepath.Join(dir, "x.db")
	got := places(cfg)
	if len(got) != 5 {
		t.Fatalf("%+v", got)
	}
	for _, p := range got {
		if p.Err != nil || p.Dir != dir || p.Total == 0 || p.Speed.Sync <= 0 || p.Speed.Write <= 0 {
			t.Errorf("%+v", p)
		}
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("left %v, %v", left, err)
	}
}

func TestSecretsAreLookedAtWhereTheyAre(t *testing.T) {
	dir := t.TempDir()
	cfg := configs.Default()
	cfg.Consent.Key, cfg.Consent.Ledger = filepath.Join(dir, "ledger.key"), filepath.Join(dir, "ledger")
	cfg.Audit.Dir, cfg.Recordings.Dir, cfg.CDR.File, cfg.Store = dir+"/none", dir+"/none", dir+"/none", "sqlite:"+dir+"/none"
	if err := os.WriteFile(cfg.Consent.Key, []byte("secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(cfg.Consent.Key, 0o640); err != nil {
		t.Fatal(err)
	}
	got := files(cfg)
	if len(got) != 1 || got[0] != (File{"consent.key", cfg.Consent.Key, 0o640, os.Geteuid(), true}) {
		t.Errorf("%+v", got)
	}
}

func TestRangesOfTheKernelAreRead(t *testing.T) {
	for text, want := range map[string][]Range{
		"32768\t60999": {{32768, 60999}}, "8080,20000-29999": {{8080, 8080}, {20000, 29999}}, "": nil, "9-1": nil, "x-y,70000": nil,
	} {
		if got := parseRanges(text); !slices.Equal(got, want) {
			t.Errorf("%q: %v, want %v", text, got, want)
		}
	}
}

func FuzzSockets(f *testing.F) {
	f.Add("  sl  local_address rem_address   st\n  0: 0100007F:A071 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1379877")
	f.Add("  0: 00000000000000000000000001000000:13C4 00000000000000000000000000000000:0000 07 0:0 0:0 0 33 0 1")
	f.Fuzz(func(t *testing.T, table string) {
		for _, network := range []string{"udp", "tcp"} {
			for _, s := range parseSockets(network, []byte(table)) {
				if s.Network != network || !s.Addr.IsValid() {
					t.Errorf("%+v", s)
				}
			}
		}
	})
}
