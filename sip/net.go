package sip

import (
	"net/netip"
	"strconv"
)

const (
	defaultPort       = 5060
	defaultSecurePort = 5061 // of TLS (section 19.1.2)
)

// hop is a way to a peer: the socket of ours and the peer's address. A TCP hop whose connection is gone gets a new
// one to addr.
type hop struct {
	udp  *udpSocket // nil for TCP
	conn *tcpConn   // nil for UDP, and for TCP before the first message
	tcp  *tcpListener
	addr netip.AddrPort
	host string // over TLS, whom the certificate of a new connection must name
	sips bool   // the peer used a sips URI: our Contact has one too (section 12.1.1)
}

func (h *hop) reliable() bool { return h.udp == nil }

// network is the transport's name in Via.
func (h *hop) network() string {
	switch {
	case h.udp != nil:
		return "UDP"
	case h.tcp.secure:
		return "TLS"
	}
	return "TCP"
}

// local is the address of ours that the peer reaches us by, never 0.0.0.0.
func (h *hop) local() (host string, port uint16) {
	if h.udp != nil {
		return h.udp.names.name(h.udp.local, h.addr.Addr(), false)
	}
	return h.tcp.names.name(h.tcp.local, h.addr.Addr(), h.tcp.secure)
}

// sentBy is host:port for Via.
func (h *hop) sentBy() string {
	host, port := h.local()
	return host + ":" + strconv.Itoa(int(port))
}

// contact is our Contact value. It has no user part: nothing of the other leg shows.
func (h *hop) contact() string {
	switch {
	case h.udp != nil:
		return "<sip:" + h.sentBy() + ">"
	case h.sips:
		return "<sips:" + h.sentBy() + ">"
	case h.tcp.secure:
		return "<sip:" + h.sentBy() + ";transport=tls>" // what peers write, though section 26.2.2 has only sips for it
	}
	return "<sip:" + h.sentBy() + ";transport=tcp>"
}

// send writes data to the hop. It does not block on the peer. failed, if given, is called at most once, from any
// goroutine, where the message could not be handed to the network.
func (e *Endpoint) send(h *hop, data []byte, failed func()) {
	e.stats.sent.Add(1)
	e.said(h, data)
	if h.udp != nil {
		if err := h.udp.write(data, h.addr); err != nil {
			e.log.quiet(noteSend, "udp message not sent", err)
			if failed != nil {
				failed()
			}
		}
		return
	}
	if h.conn == nil || h.conn.closed() {
		h.conn = e.connect(h.tcp, h.addr, h.host)
	}
	h.conn.write(data, failed)
}
