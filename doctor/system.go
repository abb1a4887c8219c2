package doctor

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"assent/configs"
)

// Socket is one that some program has.
type Socket struct {
	Network string // udp or tcp
	Addr    netip.AddrPort
	UID     int // whose it is
}

// network asks for all that concerns addresses and ports.
func network(cfg configs.Config) Network {
	n := Network{Serving: serving(cfg.API.Listen)}
	var errs []error
	keep := func(err error) { errs = append(errs, err) }
	addrs, err := net.InterfaceAddrs()
	keep(err)
	for _, a := range addrs {
		if prefix, err := netip.ParsePrefix(a.String()); err == nil {
			n.Addresses = append(n.Addresses, prefix.Addr().Unmap().WithZone(""))
		}
	}
	for _, table := range []string{"udp", "udp6", "tcp", "tcp6"} {
		text, err := os.ReadFile(filepath.Join("/proc/net", table))
		if !errors.Is(err, os.ErrNotExist) { // a kernel without IPv6
			keep(err)
		}
		n.Sockets = append(n.Sockets, parseSockets(strings.TrimSuffix(table, "6"), text)...)
	}
	if ports := parseRanges(setting("net/ipv4/ip_local_port_range")); len(ports) == 1 {
		n.Ephemeral = ports[0]
	}
	n.Reserved = parseRanges(setting("net/ipv4/ip_local_reserved_ports"))
	n.Unprivileged, _ = strconv.Atoi(setting("net/ipv4/ip_unprivileged_port_start")) // 0: an old kernel says nothing
	n.Err = errors.Join(errs...)
	return n
}

// setting reads one of the kernel's, "" where there is none.
func setting(path string) string {
	text, err := os.ReadFile(filepath.Join("/proc/sys", path))
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(text))
}

// parseRanges reads "32768 60999", or a list such as "8080,20000-29999".
func parseRanges(text string) []Range {
	if fields := strings.Fields(text); len(fields) == 2 {
		text = fields[0] + "-" + fields[1]
	}
	var out []Range
	for part := range strings.SplitSeq(text, ",") {
		low, high, ok := strings.Cut(strings.TrimSpace(part), "-")
		if !ok {
			high = low
		}
		first, errFirst := strconv.ParseUint(low, 10, 16)
		last, errLast := strconv.ParseUint(high, 10, 16)
		if errFirst == nil && errLast == nil && first <= last {
			out = append(out, Range{int(first), int(last)})
		}
	}
	return out
}

// tcpListening is the state of a listening socket in /proc/net/tcp.
const tcpListening = "0A"

// parseSockets reads /proc/net/udp or /proc/net/tcp: "sl: local remote state queues timer retransmit uid …". Lines that
// it does not understand are left out.
func parseSockets(network string, table []byte) []Socket {
	var out []Socket
	for lines := bufio.NewScanner(bytes.NewReader(table)); lines.Scan(); {
		f := strings.Fields(lines.Text())
		if len(f) < 8 || network == "tcp" && f[3] != tcpListening {
			continue
		}
		addr, ok := parseSocketAddr(f[1])
		uid, err := strconv.Atoi(f[7])
		if ok && err == nil {
			out = append(out, Socket{network, addr, uid})
		}
	}
	return out
}

// parseSocketAddr reads "0100007F:13C4": words of an address in the machine's byte order, and a port.
func parseSocketAddr(text string) (netip.AddrPort, bool) {
	host, port, _ := strings.Cut(text, ":")
	b, err := hex.DecodeString(host)
	n, errPort := strconv.ParseUint(port, 16, 16)
	if err != nil || errPort != nil || len(b)%4 != 0 {
		return netip.AddrPort{}, false
	}
	for i := 0; i < len(b); i += 4 {
		binary.NativeEndian.PutUint32(b[i:], binary.BigEndian.Uint32(b[i:]))
	}
	addr, ok := netip.AddrFromSlice(b)
	return netip.AddrPortFrom(addr.Unmap(), uint16(n)), ok
}

// serviceTimeout bounds the question whether our service runs.
const serviceTimeout = time.Second

// serving asks whether our own service answers at an address.
func serving(listen string) bool {
	addr, err := netip.ParseAddrPort(strings.Replace(listen, "localhost:", "127.0.0.1:", 1))
	if err != nil {
		return false
	}
	if addr.Addr().IsUnspecified() {
		addr = netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), addr.Port())
	}
	ctx, cancel := context.WithTimeout(context.Background(), serviceTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+addr.String()+"/healthz", nil)
	if err != nil {
		return false
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return false
	}
	defer answer.Body.Close()
	var health struct {
		Status string `json:"status"`
	}
	return json.NewDecoder(io.LimitReader(answer.Body, 1<<10)).Decode(&health) == nil && health.Status == "ok"
}

func limits() (l Limits) {
	var files unix.Rlimit
	if unix.Getrlimit(unix.RLIMIT_NOFILE, &files) == nil {
		l.Files = files.Max
	}
	l.ReceiveBuffer, _ = strconv.Atoi(setting("net/core/rmem_max")) // 0: not known
	return l
}

// clock asks the kernel, changing nothing.
func clock() Clock {
	var t unix.Timex
	state, err := unix.Adjtimex(&t)
	if err != nil {
		return Clock{Err: fmt.Errorf("adjtimex: %w", err)}
	}
	const unsynchronised = 0x40 // STA_UNSYNC of timex.h
	return Clock{Synced: state != timeError && t.Status&unsynchronised == 0, Error: time.Duration(t.Maxerror) * time.Microsecond}
}

// timeError is TIME_ERROR of timex.h: the clock is not synchronised.
const timeError = 5
