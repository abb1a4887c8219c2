package media

import (
	"net/netip"
	"testing"

	"go.uber.org/zap"
)

func TestAWildcardTellsEachPeerTheAddressThatReachesIt(t *testing.T) {
	loopback, other := netip.MustParseAddr("127.0.0.1"), netip.MustParseAddr("203.0.113.9")
	r := &routes{}
	for range 2 { // looked up, then remembered
		if got := r.to(loopback, other); got != loopback {
			t.Errorf("%s, want %s", got, loopback)
		}
	}
	config := Config{Address: "0.0.0.0", Ports: "39000-39009", Codecs: []string{"PCMA"}}
	for address, want := range map[string]netip.Addr{"": loopback, "203.0.113.9": other} {
		config.PublicAddress = address
		e, err := New(config, zap.NewNop())
		if err != nil {
			t.Fatal(err)
		}
		if got := addressOf(e, &sockets{number: 39000}, loopback).Addr(); got != want {
			t.Errorf("public address %q: SDP says %s, want %s", address, got, want)
		}
		e.discard()
	}
}
