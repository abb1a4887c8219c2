package media

import "time"

// StreamStats are a stream's figures so far.
type StreamStats struct {
	Leg          string
	Packets      uint64        // RTP packets accepted
	Lost         uint64        // that never came (RFC 3550 section 6.4.1)
	Late         uint64        // that were overtaken by a later one
	Duplicates   uint64        // that came again, and were dropped
	Jitter       time.Duration // interarrival jitter (RFC 3550 appendix A.8)
	RTT          time.Duration // round-trip time by RTCP; 0 if unknown
	Sent         uint64        // RTP packets
	RemoteLost   uint64        // of what we sent, by the peer's reports
	Strangers    uint64        // datagrams from addresses not agreed on
	Rejected     uint64        // datagrams refused for another reason
	Forged       uint64        // of these, encrypted packets that were not the peer's, or were repeated
	Codec        string        // encoding name of what we sent last
	MOS          float64       // opinion of what came, by the E-model; 0 where nothing did
	Silent       time.Duration // in all, of the times in which RTP was missing
	OneWay       string        // OneWayIn or OneWayOut where audio flowed that way only, else ""
	RemoteJitter time.Duration // of what we sent, by the peer's reports
	RemoteLoss   float64       // share of what we sent that the peer lost, in percent
	RemoteMOS    float64       // opinion of what we sent: the peer's own, or by its reports; 0 where it made none
	Suite        string        // how the stream was encrypted at the end; "" if it was not
}

// LossPercent returns the share of packets that never came.
func (s StreamStats) LossPercent() float64 {
	if sent := s.Packets + s.Lost; sent > 0 {
		return 100 * float64(s.Lost) / float64(sent)
	}
	return 0
}

// Report is what a session leaves behind: the figures of all its streams, in the order in which they ended.
type Report struct{ Streams []StreamStats }

// Stats are an engine's figures.
type Stats struct {
	PortsInUse   int // pairs that streams hold
	PortsResting int // pairs that wait until they may be used again
	PortsFree    int
	Sessions     int
	Received     uint64 // RTP packets accepted
	Sent         uint64 // RTP packets
	Strangers    uint64 // datagrams from addresses not agreed on
	Rejected     uint64 // datagrams refused for another reason
	Unsent       uint64 // packets that the kernel did not take
	Panics       uint64 // sessions that were ended by a fault of ours
}

// Dropped returns the datagrams that were not accepted.
func (s Stats) Dropped() uint64 { return s.Strangers + s.Rejected }

// add sums up the figures of one stream.
func (s *Stats) add(o StreamStats) {
	s.Received += o.Packets
	s.Sent += o.Sent
	s.Strangers += o.Strangers
	s.Rejected += o.Rejected
}

// stats returns a stream's figures.
func (l *leg) stats() StreamStats {
	sum := l.dropped
	for i := range l.sources {
		sum.add(l.sources[i].sum())
	}
	s := StreamStats{
		Leg: l.config.Leg, Packets: sum.received, Lost: sum.lost(), Late: sum.late, Duplicates: sum.doubles,
		RTT: l.reports.rtt, Sent: l.out.packets, RemoteLost: l.remoteLost(), Strangers: l.counts.Strangers,
		Rejected: l.counts.Malformed + l.counts.Unknown + l.counts.Unwanted + l.counts.Doubtful + l.counts.Forged,
		Forged:   l.counts.Forged, Suite: l.suite(),
	}
	l.judge(&s)
	if speaking := l.speaking(); speaking != nil {
		s.Jitter = speaking.jitterTime()
	}
	return s
}

// remoteLost returns how many of the packets that we sent never reached the peer, by its reports. Numbers that we left
// out because their packets never reached us are no loss of this leg's.
func (l *leg) remoteLost() uint64 {
	gaps := distance(l.out.origin, l.out.seq) - int64(l.out.packets)
	return uint64(max(l.reports.theirs.lost-max(gaps, 0), 0))
}

// suite names how a stream is encrypted.
func (l *leg) suite() string {
	if l.secret == nil {
		return ""
	}
	return string(l.secret.crypto.Suite)
}

// judge fills in how good the stream's audio was, either way.
func (l *leg) judge(s *StreamStats) {
	s.Codec, s.Silent, s.OneWay = l.codecName, l.alive.silence(l), l.oneWay(s.Packets)
	if s.Packets > 0 {
		s.MOS = mos(l.incoming().rating())
	}
	if !l.reports.theirs.known {
		return
	}
	p := l.outgoing()
	s.RemoteJitter, s.RemoteLoss, s.RemoteMOS = p.sway, 100*p.loss, mos(p.rating())
	if l.reports.score > 0 {
		s.RemoteMOS = l.reports.score
	}
}
