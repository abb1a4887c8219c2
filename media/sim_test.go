package media

import (
	"encoding/binary"
	"math/rand/v2"
	"net/netip"
	"slices"
	"time"

	"assent/media/codec"
	"assent/media/sdp"
)

// The test world: a core without sockets, the peers that send to it, and a network between them.

var (
	dawn       = time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	callerAddr = netip.MustParseAddrPort("192.0.2.10:4000")
	agentAddr  = netip.MustParseAddrPort("198.51.100.7:6000")
)

const (
	testGuard = 200 * time.Millisecond
	eventType = 101
)

// wire keeps what a core sends.
type wire struct {
	packets []sentPacket
	mute    bool
}

type sentPacket struct {
	leg  *leg
	port port
	to   netip.AddrPort
	at   time.Time
	b    []byte
}

func (w *wire) send(l *leg, p port, to netip.AddrPort, b []byte) {
	if !w.mute {
		w.packets = append(w.packets, sentPacket{l, p, to, l.core.now, slices.Clone(b)})
	}
}

// rtp returns the RTP packets that were sent on a leg.
func (w *wire) rtp(l *leg) (out []sentPacket) {
	for _, p := range w.packets {
		if p.leg == l && p.port == portRTP && !isRTCP(p.b) {
			out = append(out, p)
		}
	}
	return out
}

func (p sentPacket) seq() uint16     { return binary.BigEndian.Uint16(p.b[2:]) }
func (p sentPacket) ts() uint32      { return binary.BigEndian.Uint32(p.b[4:]) }
func (p sentPacket) ssrc() uint32    { return binary.BigEndian.Uint32(p.b[8:]) }
func (p sentPacket) marker() bool    { return p.b[1]&0x80 != 0 }
func (p sentPacket) pt() uint8       { return p.b[1] & 0x7F }
func (p sentPacket) payload() []byte { return p.b[rtpHeaderSize:] }

// world is a core and its clock.
type world struct {
	*core
	wire    *wire
	clock   time.Time
	notices []Notice
	random  *rand.Rand
}

func newWorld(seed uint64) *world {
	w := &world{wire: &wire{}, clock: dawn, random: rand.New(rand.NewPCG(seed, 7))}
	w.core = newCore(w.wire, func(n Notice) { w.notices = append(w.notices, n) }, testGuard, dawn, w.random.Uint32, &workspace{})
	return w
}

// leg opens a stream with an agreement: µ-law and telephone events with remote.
func (w *world) leg(name string, remote netip.AddrPort, change ...func(*StreamConfig, *sdp.Agreement)) *leg {
	config, a := StreamConfig{Leg: name}, agree(remote, codec.PCMU)
	for _, f := range change {
		f(&config, &a)
	}
	st := &Stream{}
	st.leg = w.core.open(config, st)
	st.leg.apply(a)
	return st.leg
}

func agree(remote netip.AddrPort, id codec.ID) sdp.Agreement {
	pts := map[codec.ID]uint8{codec.PCMU: 0, codec.PCMA: 8}
	audio := sdp.Codec{Name: id.String(), PayloadType: pts[id], ClockHz: 8000, Channels: 1}
	event := sdp.Codec{Name: "telephone-event", PayloadType: eventType, ClockHz: 8000, Channels: 1}
	return sdp.Agreement{
		Remote: remote, RemoteRTCP: netip.AddrPortFrom(remote.Addr(), remote.Port()+1), Codec: audio,
		Receive: []sdp.Codec{audio, event}, Event: &event, ReceiveEvent: &event, Ptime: 20 * time.Millisecond, Direction: sdp.SendRecv,
	}
}

// until moves the clock to a time after dawn, with all ticks on the way.
func (w *world) until(after time.Duration) {
	end := dawn.Add(after)
	for {
		due, ok := w.core.next()
		if !ok || due.After(end) {
			break
		}
		if due.After(w.clock) {
			w.clock = due
		}
		w.core.tick(w.clock)
	}
	w.clock = end
	w.core.set(end)
}

// hears lets a packet arrive on l from its remote address, now.
func (w *world) hears(l *leg, packet []byte) { w.core.receive(w.clock, l, portRTP, l.remote, packet) }

// digits returns the keys noticed so far.
func (w *world) digits() (keys []Digit) {
	for _, n := range w.notices {
		if d, ok := n.(DigitNotice); ok {
			keys = append(keys, d.Digit)
		}
	}
	return keys
}

// packetOf makes an RTP packet.
func packetOf(pt uint8, marker bool, seq uint16, ts, ssrc uint32, payload []byte) []byte {
	b := make([]byte, rtpHeaderSize, rtpHeaderSize+len(payload))
	b[0], b[1] = 0x80, pt
	if marker {
		b[1] |= 0x80
	}
	binary.BigEndian.PutUint16(b[2:], seq)
	binary.BigEndian.PutUint32(b[4:], ts)
	binary.BigEndian.PutUint32(b[8:], ssrc)
	return append(b, payload...)
}

// peer is a sender of RTP with its own numbers and clock.
type peer struct {
	ssrc uint32
	seq  uint16
	ts   uint32
	pt   uint8
}

// say makes the next packet of audio.
func (p *peer) say(payload []byte) []byte {
	b := packetOf(p.pt, false, p.seq, p.ts, p.ssrc, payload)
	p.seq++
	p.ts += uint32(len(payload))
	return b
}

// press makes the packets of a key that is held for n packets, its end three times, and moves the audio behind it.
func (p *peer) press(event byte, n int) (packets [][]byte) {
	start := p.ts
	for i := 1; i <= n+2; i++ {
		duration, end := uint16(min(i, n)*160), byte(0)
		if i >= n {
			end = 0x80
		}
		payload := []byte{event, end | 10, byte(duration >> 8), byte(duration)}
		packets = append(packets, packetOf(eventType, i == 1, p.seq, start, p.ssrc, payload))
		p.seq++
	}
	p.ts = start + uint32(n*160)
	return packets
}

// flight is a packet on its way, or something else that happens at a time.
type flight struct {
	at     time.Duration
	leg    *leg
	packet []byte
	do     func()
}

// network delays packets: jitter up to 80 ms, one in twenty late by up to 1.5 s more, one in a hundred lost.
type network struct {
	random  *rand.Rand
	flights []flight
}

func (n *network) send(at time.Duration, l *leg, packet []byte) {
	if n.random.IntN(100) == 0 {
		return
	}
	at += time.Duration(n.random.Int64N(int64(80 * time.Millisecond)))
	if n.random.IntN(20) == 0 {
		at += time.Duration(n.random.Int64N(int64(1500 * time.Millisecond)))
	}
	n.flights = append(n.flights, flight{at: at, leg: l, packet: packet})
}

// later lets something happen at a time; it may be called while the network delivers.
func (n *network) later(at time.Duration, do func()) {
	i, _ := slices.BinarySearchFunc(n.flights, at, func(f flight, at time.Duration) int {
		if f.at <= at {
			return -1
		}
		return 1
	})
	n.flights = slices.Insert(n.flights, i, flight{at: at, do: do})
}

// deliver lets everything happen in its order.
func (n *network) deliver(w *world) {
	slices.SortStableFunc(n.flights, func(a, b flight) int { return int(a.at - b.at) })
	for len(n.flights) > 0 {
		f := n.flights[0]
		n.flights = n.flights[1:]
		w.until(f.at)
		if f.do != nil {
			f.do()
		} else {
			w.hears(f.leg, f.packet)
		}
	}
}

// memory is a Sink that keeps everything.
type memory struct {
	channel [2][]int16
	placed  [2][]bool
	marks   []mark
	slips   []int
	reached int64
}

type mark struct {
	channel  int
	from, to int64
	kind     string
}

func (m *memory) Place(channel int, pos int64, samples []int16) {
	if end := int(pos) + len(samples); end > len(m.channel[channel]) {
		m.channel[channel] = append(m.channel[channel], make([]int16, end-len(m.channel[channel]))...)
		m.placed[channel] = append(m.placed[channel], make([]bool, end-len(m.placed[channel]))...)
	}
	copy(m.channel[channel][pos:], samples)
	for i := range samples {
		m.placed[channel][int(pos)+i] = true
	}
}
func (m *memory) Mark(channel int, from, to int64, kind string) {
	m.marks = append(m.marks, mark{channel, from, to, kind})
}
func (m *memory) Advance(pos int64)                { m.reached = pos }
func (m *memory) Slip(_ int, _ int64, samples int) { m.slips = append(m.slips, samples) }

// record taps two legs of a world.
func (w *world) record(left, right *leg, sink Sink, p Permit) *Tap {
	t := &Tap{sink: sink, rateHz: rateHz, gated: p.gated}
	w.core.tap(t, left, right)
	return t
}

// frameOf is 20 ms of one byte.
func frameOf(b byte) []byte {
	frame := make([]byte, 160)
	for i := range frame {
		frame[i] = b
	}
	return frame
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
