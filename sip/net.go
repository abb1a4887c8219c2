package sip

import (
	"net/netip"
	"strconv"
)

const defaultPort = 5060

// hop is a way to a peer: the socket of ours and the peer's address. A TCP hop whose connection is gone gets a new
// one to addr.
type hop struct {
	udp  *udpSocket // nil for TCP
	conn *tcpConn   // nil for UDP, and for TCP before the first message
	tcp  *tcpListener
	addr netip.AddrPort
}

func (h *hop) reliable() bool { return h.udp == nil }

// network is the transport's name in Via.
func (h *hop) network() string {
	if h.udp != nil {
		return "UDP"
	}
	return "TCP"
}

// local is the address of ours that the peer reaches us by, never 0.0.0.0.
func (h *hop) local() (host string, port uint16) {
	if h.udp != nil {
		return h.udp.names.name(h.udp.local, h.addr.Addr())
	}
	return h.tcp.names.name(h.tcp.local, h.addr.Addr())
}

// sentBy is host:port for Via.
func (h *hop) sentBy() string {
	host, port := h.local()
	return host + ":" + strconv.Itoa(int(port))
}

// contact is our Contact value. It has no user part: nothing of the other leg shows.
func (h *hop) contact() string {
	if h.udp != nil {
		return "<sip:" + h.sentBy() + ">"
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
		h.conn = e.connect(h.tcp, h.addr)
	}
	h.conn.write(data, failed)
}
