package media

import (
	"net/netip"
	"strconv"
	"time"

	"github.com/pion/rtcp"
)

const (
	// reportEvery is the mean time between reports; each lies between a half and one and a half of it (RFC 3550
	// section 6.2).
	reportEvery = 5 * time.Second
	// maxReports bounds the RTCP packets that are read in a second; a peer sends one in five.
	maxReports = 20
	// ntpEpoch is the Unix time 0 in NTP's era 0.
	ntpEpoch = 2208988800
)

// reports is a stream's RTCP.
type reports struct {
	random func() uint32
	cname  string
	due    time.Duration

	lastSR   uint32 // middle of the NTP time in the peer's last sender report
	lastSRAt time.Duration
	rtt      time.Duration
	theirs   remoteReport // the newest
	history  history
	jitter   time.Duration // of what we sent, as the peer reports it
	score    float64       // the peer's own opinion of it (RFC 3611 section 4.7.5); 0 is unknown
	sent     uint64        // packets that we had sent at the peer's last report

	second time.Duration // in which packets are counted
	read   int
}

// init chooses the canonical name: random, one for each stream, telling nothing of host or call (RFC 7022).
func (r *reports) init(random func() uint32) {
	r.random = random
	r.cname = strconv.FormatUint(uint64(random())<<32|uint64(random()), 36)
}

// start begins to report, at the first agreement.
func (r *reports) start(l *leg) {
	if r.due == 0 {
		r.schedule(l)
	}
}

func (r *reports) schedule(l *leg) {
	r.due = l.core.at + reportEvery/2 + time.Duration(uint64(reportEvery)*uint64(r.random())>>32)
	l.core.wake(r.due)
}

// tick sends a report when it is due.
func (r *reports) tick(l *leg) {
	switch {
	case r.due == 0:
		return
	case l.core.at < r.due:
		l.core.wake(r.due)
		return
	}
	r.send(l)
	r.schedule(l)
}

// bye tells the peer that our stream ends (RFC 3550 section 6.6).
func (r *reports) bye(l *leg) {
	if l.agreed && l.out.started {
		r.send(l, &rtcp.Goodbye{Sources: []uint32{l.out.ssrc}})
	}
}

// send sends a compound packet: a sender report if we sent RTP since the last, else a receiver report; our name; more.
func (r *reports) send(l *leg, more ...rtcp.Packet) {
	to := l.remoteRTCP
	if l.mux {
		to = l.remote
	} else if l.locked && to.IsValid() {
		to = netip.AddrPortFrom(l.remote.Addr(), to.Port())
	}
	if !to.IsValid() {
		return
	}
	packets := []rtcp.Packet{r.report(l), rtcp.NewCNAMESourceDescription(l.out.ssrc, r.cname)}
	if x := r.extended(l); l.extended && x != nil {
		packets = append(packets, x)
	}
	packets = append(packets, more...)
	b, err := rtcp.Marshal(packets)
	if err != nil {
		return // our own numbers always fit
	}
	b, sealed := l.sealRTCP(b)
	if !sealed {
		return
	}
	p := portRTCP
	if l.mux {
		p = portRTP
	}
	l.core.out.send(l, p, to, b)
}

func (r *reports) report(l *leg) rtcp.Packet {
	blocks := r.blocks(l)
	if !l.out.started || l.out.packets == l.out.reported {
		return &rtcp.ReceiverReport{SSRC: l.out.ssrc, Reports: blocks}
	}
	l.out.reported = l.out.packets
	return &rtcp.SenderReport{
		SSRC: l.out.ssrc, NTPTime: ntp(l.core.now), RTPTime: uint32(l.out.ts + uint64(l.out.rate.ticks(l.core.at-l.out.at))),
		PacketCount: uint32(l.out.packets - l.out.before[0]), OctetCount: uint32(l.out.octets - l.out.before[1]), Reports: blocks,
	}
}

// blocks reports on the source that carries the audio (RFC 3550 section 6.4.1, appendix A.3).
func (r *reports) blocks(l *leg) []rtcp.ReceptionReport {
	s := l.speaking()
	if s == nil {
		return nil
	}
	expected, received := s.expected(), s.received
	lost := int64(expected) - int64(received)
	b := rtcp.ReceptionReport{
		SSRC: s.ssrc, LastSequenceNumber: uint32(s.newest), Jitter: uint32(s.jitter >> 4),
		TotalLost: uint32(min(max(lost, 0), 1<<23-1)), FractionLost: s.fraction(expected, received),
	}
	if r.lastSR != 0 {
		b.LastSenderReport = r.lastSR
		b.Delay = uint32((l.core.at - r.lastSRAt) * 65536 / time.Second)
	}
	return []rtcp.ReceptionReport{b}
}

// fraction returns the share lost since the last report, in 256ths.
func (s *source) fraction(expected, received uint64) uint8 {
	interval := int64(expected - s.expectedBefore)
	lost := interval - int64(received-s.receivedBefore)
	s.expectedBefore, s.receivedBefore = expected, received
	if interval <= 0 || lost <= 0 {
		return 0
	}
	return uint8(min(lost<<8/interval, 255))
}

// isRTCP tells RTCP from RTP on one port (RFC 5761 section 4).
func isRTCP(b []byte) bool { return len(b) >= 8 && b[0]>>6 == 2 && b[1] >= 192 && b[1] <= 223 }

// receiveRTCP takes a datagram with reports from the peer.
func (l *leg) receiveRTCP(from netip.AddrPort, b []byte) {
	r := &l.reports
	if !l.agreed || !l.reporter(from) {
		l.counts.Strangers++
		return
	}
	if l.core.at-r.second > time.Second {
		r.second, r.read = l.core.at, 0
	}
	if r.read++; r.read > maxReports {
		return
	}
	if !isRTCP(b) {
		l.counts.Malformed++
		return
	}
	b, genuine := l.unsealRTCP(b)
	if !genuine {
		l.counts.Forged++
		return
	}
	packets, err := rtcp.Unmarshal(b)
	if err != nil {
		l.counts.Malformed++
		return
	}
	for _, p := range packets {
		switch p := p.(type) {
		case *rtcp.SenderReport:
			r.lastSR, r.lastSRAt = uint32(p.NTPTime>>16), l.core.at
			r.heed(l, p.Reports)
		case *rtcp.ReceiverReport:
			r.heed(l, p.Reports)
		case *rtcp.ExtendedReport:
			r.heedExtended(l, p.Reports)
		}
	}
}

// unsealRTCP decrypts reports of the peer, as unseal does audio.
func (l *leg) unsealRTCP(b []byte) ([]byte, bool) {
	switch {
	case !l.encrypted:
		return b, true
	case l.secret == nil || len(b) > maxPacket:
		return nil, false
	}
	return l.secret.openRTCP(l.core.space.opened[:], b, l.core.at)
}

// sealRTCP encrypts our reports, as seal does audio. One that does not fit into a datagram is not sent.
func (l *leg) sealRTCP(b []byte) ([]byte, bool) {
	switch {
	case !l.encrypted:
		return b, true
	case l.secret == nil || len(b) > maxPacket:
		return nil, false
	}
	return l.secret.sealRTCP(l.core.space.sealed[:], b)
}

// reporter tells whether an address may send us reports: the one agreed on; in learn mode any port of the learned host.
func (l *leg) reporter(from netip.AddrPort) bool {
	if l.mux {
		return from == l.remote
	}
	return from == l.remoteRTCP || l.locked && from.Addr() == l.remote.Addr()
}

// heed takes what the peer reports on our stream, and from it the round-trip time (RFC 3550 section 6.4.1).
func (r *reports) heed(l *leg, blocks []rtcp.ReceptionReport) {
	sent := l.out.packets - r.sent
	r.sent = l.out.packets
	for _, b := range blocks {
		if b.SSRC != l.out.ssrc {
			continue
		}
		r.account(l, b)
		l.alive.reported(l, true)
		if b.LastSenderReport == 0 {
			return
		}
		trip := int32(uint32(ntp(l.core.now)>>16) - b.LastSenderReport - b.Delay)
		if trip >= 0 {
			r.rtt = time.Duration(trip) * time.Second >> 16
		}
		return
	}
	if sent >= unheardAfter {
		r.theirs.unheard++
		l.alive.reported(l, false)
	}
}

// unheardAfter is how many packets we must have sent since the peer's last report before one that says nothing of them
// means that they did not arrive: a second of the usual ones.
const unheardAfter = 50

// account takes a report block on what we sent.
func (r *reports) account(l *leg, b rtcp.ReceptionReport) {
	const signBit = 1 << 23 // the count has 24 bits, and a sign
	lost := int64(b.TotalLost&(signBit-1)) - int64(b.TotalLost&signBit)
	newest := extend16(l.out.seq, uint16(b.LastSequenceNumber))
	if distance(l.out.seq, newest) > 0 {
		newest = l.out.seq // nobody hears more than was sent
	}
	r.jitter = l.out.rate.span(int64(b.Jitter))
	r.theirs = remoteReport{known: true, at: l.core.at, newest: newest, lost: lost, unheard: r.theirs.unheard}
	r.history.add(r.theirs)
}

// ntp returns t as a 64-bit NTP time.
func ntp(t time.Time) uint64 {
	return uint64(t.Unix()+ntpEpoch)<<32 | uint64(t.Nanosecond())<<32/uint64(time.Second)
}
