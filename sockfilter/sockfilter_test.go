package sockfilter

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"slices"
	"testing"
	"time"

	"golang.org/x/net/bpf"
)

func prefixes(list ...string) (out []netip.Prefix) {
	for _, s := range list {
		out = append(out, netip.MustParsePrefix(s))
	}
	return out
}

// packet is an IP header with that source.
func packet(src netip.Addr) []byte {
	if src.Is4() {
		a := src.As4()
		return append(append([]byte{0x45, 11: 0}, a[:]...), make([]byte, 8)...)
	}
	a := src.As16()
	return append(append([]byte{0x60, 7: 0}, a[:]...), make([]byte, 24)...)
}

// taken runs a program as the kernel would.
func taken(t testing.TB, vm *bpf.VM, src netip.Addr) bool {
	t.Helper()
	n, err := vm.Run(packet(src))
	if err != nil {
		t.Fatal(err)
	}
	return n > 0
}

func machine(t testing.TB, networks []netip.Prefix) *bpf.VM {
	t.Helper()
	vm, err := bpf.NewVM(compile(networks, 0))
	if err != nil {
		t.Fatal(err)
	}
	return vm
}

func TestOnlySourcesWithinTheNetworksAreTaken(t *testing.T) {
	networks := prefixes("192.0.2.0/24", "192.0.3.0/24", "198.51.100.7/32", "10.0.0.0/8", "10.1.0.0/16", "2001:db8::/32",
		"2001:db8:1::/48", "fd00::1/128", "fd00:1:2:3::/61")
	vm := machine(t, networks)
	for src, want := range map[string]bool{"192.0.2.0": true, "192.0.2.255": true, "192.0.3.1": true, "192.0.4.0": false,
		"192.0.1.255": false, "198.51.100.7": true, "198.51.100.8": false, "198.51.100.6": false, "10.255.255.255": true,
		"11.0.0.0": false, "9.255.255.255": false, "0.0.0.0": false, "255.255.255.255": false, "2001:db8::": true,
		"2001:db8:ffff::1": true, "2001:db9::": false, "fd00::1": true, "fd00::2": false, "fd00:1:2:7:ffff::": true,
		"fd00:1:2:8::": false, "::": false} {
		if got := taken(t, vm, netip.MustParseAddr(src)); got != want {
			t.Errorf("%s: %v", src, got)
		}
	}
}

func TestNobodyIsTakenWithoutNetworksAndEverybodyWithAll(t *testing.T) {
	none, all := machine(t, nil), machine(t, prefixes("0.0.0.0/0", "::/0"))
	for _, src := range []string{"192.0.2.1", "0.0.0.0", "255.255.255.255", "2001:db8::1", "::"} {
		if taken(t, none, netip.MustParseAddr(src)) || !taken(t, all, netip.MustParseAddr(src)) {
			t.Error(src)
		}
	}
}

// TestNoSourceOfANetworkIsEverDropped holds random sets, also those too large for an exact program, against
// netip.Prefix.Contains: more may pass than should, never less.
func TestNoSourceOfANetworkIsEverDropped(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for _, size := range []int{1, 2, 3, 10, 100, 600, 1200} {
		var networks []netip.Prefix
		for range size {
			networks = append(networks, anywhere(random))
		}
		program := compile(networks, 0)
		if len(program) > maxProgram {
			t.Fatalf("%d networks need %d instructions", size, len(program))
		}
		vm, exact := machine(t, networks), size <= 100
		for range 2000 {
			src := near(random, networks)
			want := slices.ContainsFunc(networks, func(n netip.Prefix) bool { return n.Contains(src) })
			if got := taken(t, vm, src); got != want && (exact || want) {
				t.Fatalf("%d networks, source %s: %v, want %v", size, src, got, want)
			}
		}
	}
}

// anywhere is a network somewhere.
func anywhere(random *rand.Rand) netip.Prefix {
	if random.IntN(2) == 0 {
		var a [4]byte
		binary.BigEndian.PutUint32(a[:], random.Uint32())
		return netip.PrefixFrom(netip.AddrFrom4(a), 8+random.IntN(25)).Masked()
	}
	var a [16]byte
	binary.BigEndian.PutUint64(a[:], random.Uint64())
	binary.BigEndian.PutUint64(a[8:], random.Uint64())
	return netip.PrefixFrom(netip.AddrFrom16(a), 16+random.IntN(113)).Masked()
}

// near is an address in one of networks, just beside one, or anywhere.
func near(random *rand.Rand, networks []netip.Prefix) netip.Addr {
	n := networks[random.IntN(len(networks))]
	switch random.IntN(4) {
	case 0:
		return n.Addr()
	case 1:
		return orElse(n.Addr().Prev(), n.Addr())
	case 2:
		return orElse(n.Addr().Next(), n.Addr())
	}
	return anywhere(random).Addr()
}

func orElse(a, other netip.Addr) netip.Addr {
	if a.IsValid() {
		return a
	}
	return other
}

// TestTheKernelDropsStrangersAndCountsThem asks the real one, over IPv4, and over IPv4 to a socket of both families.
func TestTheKernelDropsStrangersAndCountsThem(t *testing.T) {
	for _, listen := range []string{"127.0.0.1:0", "[::]:0"} {
		conn, err := net.ListenPacket("udp", listen)
		if err != nil {
			t.Skipf("%s: %v", listen, err) // no IPv6 here
		}
		defer conn.Close()
		raw, err := conn.(*net.UDPConn).SyscallConn()
		if err != nil {
			t.Fatal(err)
		}
		if err := Attach(raw, prefixes("127.0.0.1/32")); err != nil {
			t.Fatal(err)
		}
		to := &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: conn.LocalAddr().(*net.UDPAddr).Port}
		send := func(from, text string) {
			t.Helper()
			c, err := net.DialUDP("udp4", &net.UDPAddr{IP: net.ParseIP(from)}, to)
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			if _, err := c.Write([]byte(text)); err != nil {
				t.Fatal(err)
			}
		}
		next := func() string {
			t.Helper()
			_ = conn.SetReadDeadline(time.Now().Add(time.Minute))
			b := make([]byte, 64)
			n, _, err := conn.ReadFrom(b)
			if err != nil {
				t.Fatal(err)
			}
			return string(b[:n])
		}
		send("127.0.0.2", "stranger")
		send("127.0.0.1", "known")
		if got := next(); got != "known" {
			t.Errorf("%s: %q came through", listen, got)
		}
		if n := Dropped(raw); n != 1 {
			t.Errorf("%s: %d are counted", listen, n)
		}
		if err := Attach(raw, prefixes("127.0.0.2/32")); err != nil {
			t.Fatal(err)
		}
		send("127.0.0.1", "known before")
		send("127.0.0.2", "known now")
		if got := next(); got != "known now" {
			t.Errorf("%s: %q came through", listen, got)
		}
		if err := Detach(raw); err != nil {
			t.Fatal(err)
		}
		send("127.0.0.3", "anybody")
		if got := next(); got != "anybody" {
			t.Errorf("%s: %q came through", listen, got)
		}
	}
}

func TestAListenerIsInvisibleToStrangers(t *testing.T) {
	var lc net.ListenConfig
	lc.SetMultipathTCP(false)
	ln, err := lc.Listen(t.Context(), "tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	raw, err := ln.(*net.TCPListener).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	if err := Attach(raw, prefixes("127.0.0.1/32")); err != nil {
		t.Fatal(err)
	}
	dial := func(from string, patience time.Duration) error {
		d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}, Timeout: patience}
		c, err := d.Dial("tcp4", ln.Addr().String())
		if err == nil {
			_ = c.Close()
		}
		return err
	}
	if err := dial("127.0.0.1", time.Minute); err != nil {
		t.Errorf("a known source: %v", err)
	}
	if err := dial("127.0.0.2", 50*time.Millisecond); err == nil {
		t.Error("a stranger is connected")
	}
}

func ExampleAttach() {
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		return
	}
	defer conn.Close()
	raw, err := conn.(*net.UDPConn).SyscallConn()
	if err != nil {
		return
	}
	err = Attach(raw, []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}) // nobody else is heard now
	fmt.Println(err)
	// Output: <nil>
}
