package load

import (
	"fmt"
	"net"
	"net/netip"
	"time"
)

// phone is the signalling of one side: a socket and a goroutine that reads it.
type phone struct {
	user    string
	conn    *net.UDPConn
	addr    netip.AddrPort
	service netip.AddrPort // set before the first call
	done    chan struct{}
}

func newPhone(addr netip.Addr, user string) (*phone, error) {
	conn, err := net.ListenUDP("udp4", net.UDPAddrFromAddrPort(netip.AddrPortFrom(addr, 0)))
	if err != nil {
		return nil, fmt.Errorf("signalling socket: %w", err)
	}
	if err := conn.SetReadBuffer(roomBytes); err != nil {
		_ = conn.Close() // nothing was sent
		return nil, err
	}
	return &phone{user: user, conn: conn, addr: conn.LocalAddr().(*net.UDPAddr).AddrPort(), done: make(chan struct{})}, nil
}

func (p *phone) uri() string { return fmt.Sprintf("sip:%s@%s", p.user, p.addr) }

// serve reads until close.
func (p *phone) serve(handle func(message)) {
	defer close(p.done)
	buffer := make([]byte, 65535)
	for {
		n, _, err := p.conn.ReadFromUDPAddrPort(buffer)
		if err != nil {
			return
		}
		handle(parse(buffer[:n], time.Now()))
	}
}

// send writes one message to the service; what is lost, its sender repeats.
func (p *phone) send(text string) {
	_, _ = p.conn.WriteToUDPAddrPort([]byte(text), p.service) // as said
}

func (p *phone) close() {
	_ = p.conn.Close() // a UDP socket has nothing to lose
	<-p.done
}
