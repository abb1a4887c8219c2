package witness

import (
	"encoding/binary"
	"net"
	"net/netip"
	"time"

	"assent/demo/phone"
)

// strange is what a stranger says, in Hz.
const strange = 2700

// stranger sends audio to the port that the service opened for the caller, from
// a port of its own, with the caller's SSRC and without.
func stranger(c *phone.Call, stop <-chan struct{}) {
	conn, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return
	}
	defer conn.Close()
	voice, n := phone.Tone(strange, -10), int64(0)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-stop:
			return
		case <-tick.C:
		}
		sent := c.Sent()
		if len(sent) == 0 {
			continue
		}
		last := sent[len(sent)-1]
		for _, ssrc := range []uint32{last.SSRC, 0xdeadbeef} {
			b := make([]byte, 12, 172)
			b[0], b[1] = 2<<6, 8
			binary.BigEndian.PutUint16(b[2:], last.Sequence+1)
			binary.BigEndian.PutUint32(b[4:], last.Timestamp+160)
			binary.BigEndian.PutUint32(b[8:], ssrc)
			for _, s := range voice(n) {
				b = append(b, phone.ALaw(s))
			}
			_, _ = conn.WriteToUDPAddrPort(b, netip.AddrPort(c.Peer())) // a stranger does not care
		}
		n++
	}
}
