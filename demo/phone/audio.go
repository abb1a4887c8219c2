package phone

import (
	"encoding/binary"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"sync"
	"time"
)

const (
	frameTime    = 20 * time.Millisecond
	frameSamples = 160
	ptPCMU       = 0
	ptPCMA       = 8
	ptEvent      = 101
	headerBytes  = 12
	// maxHeard bounds what a phone keeps of what it heard.
	maxHeard = 10 * 60 * 50
)

// Packet is an RTP packet as it arrived or was sent.
type Packet struct {
	At          time.Time
	PayloadType uint8
	Marker      bool
	Sequence    uint16
	Timestamp   uint32
	SSRC        uint32
	Payload     []byte
}

// Audio is a phone's voice and ears: one RTP socket, a frame every 20 ms.
type Audio struct {
	network func(packet []byte, send func([]byte)) // set once; nil: the socket itself
	conn    *net.UDPConn
	stop    chan struct{} // closed to stop speaking
	quit    sync.Once
	wg      sync.WaitGroup

	mu        sync.Mutex
	peer      netip.AddrPort // where we speak to
	pt        uint8
	coder     *Coder // nil for G.711
	voice     Voice
	frame     int64 // of the voice
	keys      []byte
	ssrc      uint32
	sequence  uint16
	timestamp uint32
	marker    bool // on the next packet
	running   bool
	closed    bool // for good: nothing starts any more
	speaking  bool
	heard     []Packet
	sent      []Packet

	suite      string // of encryption, "" for none
	master     []byte // our key
	offered    int    // the tag of the other side's line
	out, in    *srtpFlow
	unreadable int
}

func newAudio(addr netip.Addr) (*Audio, error) {
	conn, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.AddrPortFrom(addr, 0)))
	if err != nil {
		return nil, fmt.Errorf("RTP socket: %w", err)
	}
	a := &Audio{conn: conn, stop: make(chan struct{}), marker: true}
	seed := []byte(token())
	a.ssrc, a.sequence, a.timestamp = binary.BigEndian.Uint32(seed), binary.BigEndian.Uint16(seed[4:]), binary.BigEndian.Uint32(seed[8:])
	return a, nil
}

func (a *Audio) codec(name string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if name == "PCMA" {
		a.pt = ptPCMA
	}
}

// Say changes what the phone says, from the next frame on; nil is silence.
func (a *Audio) Say(v Voice) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.voice, a.frame = v, 0
}

// Press sends keys one after the other as telephone-events of 100 ms with 100 ms
// between them (RFC 4733), in place of the voice.
func (a *Audio) Press(keys string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.keys = append(a.keys, keys...)
}

// ChangeSSRC goes on as another synchronisation source, as a gateway that
// re-routes does: new SSRC, sequence and timestamp.
func (a *Audio) ChangeSSRC() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.ssrc, a.sequence, a.timestamp, a.marker = a.ssrc*31+7, a.sequence+1000, a.timestamp+1_000_000, true
}

// Mute stops sending packets altogether, or begins again.
func (a *Audio) Mute(on bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.speaking = !on
}

// Port is the phone's RTP port.
func (a *Audio) Port() uint16 { return a.conn.LocalAddr().(*net.UDPAddr).AddrPort().Port() }

// sdp describes the audio; direction is ours.
func (a *Audio) sdp(direction string) string {
	at := a.conn.LocalAddr().(*net.UDPAddr).AddrPort()
	a.mu.Lock()
	defer a.mu.Unlock()
	profile, crypto := a.profile()
	return fmt.Sprintf("v=0\r\no=phone %d %d IN IP4 %s\r\ns=-\r\nc=IN IP4 %s\r\nt=0 0\r\nm=audio %d %s %d %d\r\n"+
		"a=rtpmap:%d %s\r\na=rtpmap:%d telephone-event/%d\r\na=fmtp:%d 0-15\r\na=ptime:20\r\na=%s\r\n",
		at.Port(), time.Now().UnixNano(), at.Addr(), at.Addr(), at.Port(), profile, a.pt, ptEvent, a.pt, a.rtpmap(), ptEvent, a.clockHz(), ptEvent, direction) + crypto
}

// hearFrom takes the other side's address out of its SDP.
func (a *Audio) hearFrom(sdp string) error {
	var host string
	port := 0
	for line := range strings.Lines(sdp) {
		line = strings.TrimSpace(line)
		if rest, ok := strings.CutPrefix(line, "c=IN IP4 "); ok {
			host = rest
		}
		if rest, ok := strings.CutPrefix(line, "m=audio "); ok {
			port, _ = strconv.Atoi(strings.Fields(rest)[0])
		}
	}
	addr, err := netip.ParseAddr(host)
	if err != nil || port == 0 {
		return fmt.Errorf("no audio address in the other side's SDP: %q", sdp)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.peer = netip.AddrPortFrom(addr, uint16(port))
	a.keyOf(sdp)
	return nil
}

// start begins to speak and to listen, unless the call is over already: a BYE
// may come as the answer is still being read.
func (a *Audio) start() {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.running || a.closed {
		return
	}
	a.running, a.speaking = true, true
	a.wg.Add(2)
	go a.speak()
	go a.listen()
}

func (a *Audio) stopSpeaking() { a.quit.Do(func() { close(a.stop) }) }

func (a *Audio) close() {
	a.mu.Lock()
	a.closed = true
	a.mu.Unlock()
	a.stopSpeaking()
	_ = a.conn.Close() // a UDP socket has nothing to lose
	a.wg.Wait()
}

// speak sends a frame every 20 ms until the call ends. A frame that is late is
// sent at once: no frame is ever left out.
func (a *Audio) speak() {
	defer a.wg.Done()
	next := time.Now()
	var key keyPress
	for {
		select {
		case <-a.stop:
			return
		case <-time.After(time.Until(next)):
		}
		next = next.Add(frameTime)
		a.sendFrame(&key)
	}
}

func (a *Audio) sendFrame(key *keyPress) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if !key.active() && len(a.keys) > 0 {
		*key = keyPress{key: a.keys[0], timestamp: a.timestamp}
		a.keys = a.keys[1:]
	}
	if key.active() {
		for _, p := range key.packets(a.ticks()) {
			a.send(ptEvent, p.marker, key.timestamp, p.payload)
		}
		key.step++
		a.timestamp += a.ticks()
		return
	}
	if a.speaking {
		samples := make([]int16, frameSamples)
		if a.voice != nil {
			copy(samples, a.voice(a.frame))
		}
		a.send(a.pt, a.marker, a.timestamp, a.encode(samples))
		a.marker = false
	}
	a.frame++
	a.timestamp += a.ticks()
}

// send writes one RTP packet (RFC 3550 section 5.1); mu is held.
func (a *Audio) send(pt uint8, marker bool, timestamp uint32, payload []byte) {
	b := make([]byte, headerBytes, headerBytes+len(payload))
	b[0], b[1] = 2<<6, pt
	if marker {
		b[1] |= 0x80
	}
	binary.BigEndian.PutUint16(b[2:], a.sequence)
	binary.BigEndian.PutUint32(b[4:], timestamp)
	binary.BigEndian.PutUint32(b[8:], a.ssrc)
	b = append(b, payload...)
	a.sent = append(a.sent, Packet{At: time.Now(), PayloadType: pt, Marker: marker, Sequence: a.sequence, Timestamp: timestamp, SSRC: a.ssrc, Payload: payload})
	a.sequence++
	if a.out != nil {
		b = a.out.seal(b)
	}
	peer := a.peer
	write := func(b []byte) { _, _ = a.conn.WriteToUDPAddrPort(b, peer) } // lost like any datagram
	if a.network != nil {
		a.network(b, write)
		return
	}
	write(b)
}

// listen keeps what arrives until the socket closes.
func (a *Audio) listen() {
	defer a.wg.Done()
	buffer := make([]byte, 2048)
	for {
		n, _, err := a.conn.ReadFromUDPAddrPort(buffer)
		if err != nil {
			return
		}
		if n < headerBytes || buffer[0]>>6 != 2 {
			continue
		}
		a.mu.Lock()
		b := buffer[:n]
		if a.in != nil {
			opened, ok := a.in.open(b)
			if !ok {
				a.unreadable++
				a.mu.Unlock()
				continue
			}
			b = opened
		}
		p := Packet{At: time.Now(), PayloadType: b[1] & 0x7f, Marker: b[1]&0x80 != 0,
			Sequence: binary.BigEndian.Uint16(b[2:]), Timestamp: binary.BigEndian.Uint32(b[4:]),
			SSRC: binary.BigEndian.Uint32(b[8:]), Payload: append([]byte(nil), b[headerBytes:]...)}
		if len(a.heard) < maxHeard {
			a.heard = append(a.heard, p)
		}
		a.mu.Unlock()
	}
}

// Packets lists all that arrived, in order of arrival.
func (a *Audio) Packets() []Packet {
	a.mu.Lock()
	defer a.mu.Unlock()
	return append([]Packet(nil), a.heard...)
}

// Sent lists all that was handed to the network, in order.
func (a *Audio) Sent() []Packet {
	a.mu.Lock()
	defer a.mu.Unlock()
	return append([]Packet(nil), a.sent...)
}

// Heard is what arrived as sound, in order of arrival, 8 kHz. A codec that the phone was lent has memory: each call
// hears it from the beginning.
func (a *Audio) Heard() []int16 {
	var samples []int16
	for _, p := range a.Packets() {
		if a.coder != nil {
			if p.PayloadType == a.coder.PayloadType {
				samples = append(samples, a.coder.Decode(p.Payload)...)
			}
			continue
		}
		if p.PayloadType == ptPCMU || p.PayloadType == ptPCMA {
			samples = append(samples, decode(p.PayloadType, p.Payload)...)
		}
	}
	return samples
}

// Peer is where the phone speaks to.
func (a *Audio) Peer() netip.AddrPort {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.peer
}
