package configs

import (
	"net"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"assent/auth"
	"assent/media"
	"assent/media/codec"
	"assent/resolver"
	"assent/sip"
	"assent/source"
)

// maxDrivers is more than any machine has processors for.
const maxDrivers = 1024

// maxJitter is the longest that audio may wait: longer, two people can't talk.
const maxJitter = 300 * time.Millisecond

// maxDSCP is the largest codepoint of the six bits (RFC 2474 section 3).
const maxDSCP = 63

func (l *loader) checkSIP() {
	if len(l.SIP.Listen) == 0 {
		l.report("sip.listen", `write ["udp://0.0.0.0:5060", "tcp://0.0.0.0:5060"]`, "no listener: nobody could call")
	}
	for i, text := range l.SIP.Listen {
		if _, _, err := sip.ParseListen(text); err != nil {
			l.reportError(item("sip.listen", i), err)
		}
	}
	l.twice("sip.listen", l.SIP.Listen)
	l.checkTLS()
	if host := l.SIP.PublicAddress; host != "" && !validPublic(host) {
		l.report("sip.public_address", "write an IP address or a host name, and :port if it differs", "%q is no address", host)
	}
	if l.given("sip.realm", l.SIP.Realm, "write a word, such as your domain") && !plainWord(l.SIP.Realm) {
		l.report("sip.realm", "use letters, digits and signs but quotes and backslashes", "%q is no realm", l.SIP.Realm)
	}
	l.reportOf("sip.trace", l.SIP.Trace.Validate())
	for i, name := range l.SIP.Digest {
		l.known(item("sip.digest", i), name, "algorithms of digest", auth.Algorithms())
	}
	l.twice("sip.digest", l.SIP.Digest)
	if len(l.SIP.Digest) == 0 {
		l.report("sip.digest", "write [SHA-512-256, SHA-256, MD5]", "no algorithm: nobody could prove who they are")
	}
	within(l, "sip.dscp", l.SIP.DSCP, 0, maxDSCP)
	for i, text := range l.SIP.DNS.Servers {
		if _, err := resolver.ParseServer(text); err != nil {
			l.report(item("sip.dns.servers", i), "write an IP address, and a port if it is not 53: 10.0.0.53, [2001:db8::53]:5353", "%q is no name server", text)
		}
	}
	l.twice("sip.dns.servers", l.SIP.DNS.Servers)
	l.length("sip.dns.timeout", l.SIP.DNS.Timeout, 50*time.Millisecond, 5*time.Second)
}

func (l *loader) checkMedia() {
	if _, err := netip.ParseAddr(l.Media.Address); err != nil {
		l.report("media.address", "write an IP address of this machine, or 0.0.0.0 for all", "%q is no IP address", l.Media.Address)
	}
	if text := l.Media.PublicAddress; text != "" {
		if addr, err := netip.ParseAddr(text); err != nil || addr.IsUnspecified() {
			l.report("media.public_address", "write the IP address that peers send media to", "%q is no IP address that media can be sent to", text)
		}
	}
	l.checkPorts()
	l.checkCodecs()
	within(l, "media.dscp", l.Media.DSCP, 0, maxDSCP)
	within(l, "media.drivers", l.Media.Drivers, 0, maxDrivers)
	l.length("media.jitter.min", l.Media.Jitter.Min, 0, maxJitter)
	l.length("media.jitter.max", l.Media.Jitter.Max, l.Media.Jitter.Min, maxJitter)
	l.oneOf("media.io", l.Media.IO, media.IOAuto, media.IOURing, media.IOEpoll)
}

// comfortNoise is in media.codecs, and carries no voice.
const comfortNoise = "CN"

func (l *loader) checkCodecs() {
	names, voices := []string{"PCMA", "PCMU", "G722", "opus", "L16", comfortNoise}, 0
	for i, name := range l.Media.Codecs {
		switch {
		case !slices.Contains(names, name):
			l.report(item("media.codecs", i), source.Suggest(name, "codecs", names), "there is no codec %s", name)
		case name == codec.Opus.String() && !codec.HasOpus:
			l.report(item("media.codecs", i), "remove it, or build with cgo and libopus (make build)", "this build has no %s", name)
		}
		if name != comfortNoise {
			voices++
		}
	}
	if voices == 0 {
		l.report("media.codecs", "write [PCMA, PCMU]", "no codec: no call could be answered")
	}
	l.twice("media.codecs", l.Media.Codecs)
}

// portRange is how a range of ports is written.
var portRange = regexp.MustCompile(`^([0-9]{1,5})-([0-9]{1,5})$`)

func (l *loader) checkPorts() {
	const want = "write FIRST-LAST within 1024-65535, such as 20000-29999; a call needs 4"
	m := portRange.FindStringSubmatch(l.Media.Ports)
	if m == nil {
		l.report("media.ports", want, "%q is no range of ports", l.Media.Ports)
		return
	}
	low, _ := strconv.Atoi(m[1]) // five digits at most
	high, _ := strconv.Atoi(m[2])
	if low < 1024 || high > 65535 || high-low < 3 {
		l.report("media.ports", want, "%s is no range of ports that can be used", l.Media.Ports)
		return
	}
	for i, text := range l.SIP.Listen {
		if network, addr, err := sip.ParseListen(text); err == nil && network == "udp" && int(addr.Port()) >= low && int(addr.Port()) <= high {
			l.report(item("sip.listen", i), "take a port outside the range", "the port lies within media.ports (%s)", l.Media.Ports)
		}
	}
}

func (l *loader) checkAPI() {
	const want = "write an IP address and a port, such as 127.0.0.1:8088"
	addr, err := netip.ParseAddrPort(strings.Replace(l.API.Listen, "localhost:", "127.0.0.1:", 1))
	if err != nil {
		l.report("api.listen", want, "%q is no address to listen on", l.API.Listen)
	}
	if err == nil && !addr.Addr().IsLoopback() && len(l.API.Tokens) == 0 {
		l.report("api.listen", "give api.tokens, or listen on 127.0.0.1", "without a token only loopback may ask, and %s is not loopback", l.API.Listen)
	}
	names := map[string]bool{}
	for i, entry := range l.API.Tokens {
		name, token, named := strings.Cut(entry, ":")
		if !named {
			token = entry
		}
		switch {
		case named && !entryName.MatchString(name):
			l.report(item("api.tokens", i), "write TOKEN, or NAME:TOKEN with a name of letters, digits, dots, dashes and underscores", "what stands before the colon is no name")
		case named && names[name]:
			l.report(item("api.tokens", i), "give each token a name of its own", "another token has that name")
		case strings.Contains(token, ":"):
			l.report(item("api.tokens", i), "write TOKEN, or NAME:TOKEN", "a token can't hold a colon")
		case strings.TrimSpace(token) == "" || strings.ContainsAny(token, " \t\r\n"):
			l.report(item("api.tokens", i), `write "${env:NAME}" or "${file:PATH}"`, "a token can't be empty or hold spaces")
		case len(token) < minToken:
			l.warn(item("api.tokens", i), "make it of 16 random characters or more", "the token is short: it can be guessed")
		}
		names[name] = named
	}
}

// minToken is the length of a token that is worth guessing at.
const minToken = 16

// reportError reports an error that says what would be right after its last ";".
func (l *loader) reportError(path string, err error) {
	msg, want := err.Error(), ""
	if i := strings.LastIndex(msg, "; "); i >= 0 {
		msg, want = msg[:i], msg[i+2:]
	}
	l.report(path, want, "%s", msg)
}

// hostName is a name of the DNS (RFC 1123 section 2.1).
var hostName = regexp.MustCompile(`^([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)*[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?$`)

// validHost reports whether s is an IP address that can be sent to, or a host name.
func validHost(s string) bool {
	if addr, err := netip.ParseAddr(strings.Trim(s, "[]")); err == nil {
		return !addr.IsUnspecified() && !addr.IsMulticast()
	}
	return hostName.MatchString(s) && len(s) < 254 && !digitsAndDots.MatchString(s)
}

// digitsAndDots is what an IPv4 address with a typing error looks like.
var digitsAndDots = regexp.MustCompile(`^[0-9.]+$`)

// validPublic reports whether s is a host, or a host and a port.
func validPublic(s string) bool {
	if host, port, err := net.SplitHostPort(s); err == nil {
		n, err := strconv.ParseUint(port, 10, 16)
		return err == nil && n > 0 && validHost(host)
	}
	return validHost(s)
}
