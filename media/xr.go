package media

import (
	"math"
	"time"

	"github.com/pion/rtcp"
)

// unavailable is what an extended report says of a figure that it has not (RFC 3611 section 4.7).
const unavailable = 127

// extended is the VoIP metrics block on the source that carries the audio (RFC 3611 section 4.7); nil before any.
func (r *reports) extended(l *leg) *rtcp.ExtendedReport {
	s := l.speaking()
	if s == nil {
		return nil
	}
	p := l.incoming()
	pattern := s.bursts.pattern(l.ptime)
	rating := p.rating()
	score := uint8(math.Round(10 * mos(rating)))
	return &rtcp.ExtendedReport{SenderSSRC: l.out.ssrc, Reports: []rtcp.ReportBlock{&rtcp.VoIPMetricsReportBlock{
		SSRC: s.ssrc, LossRate: uint8(min(256*p.loss, 255)),
		BurstDensity: pattern.burstDensity, GapDensity: pattern.gapDensity,
		BurstDuration: millis16(pattern.burst), GapDuration: millis16(pattern.gap),
		RoundTripDelay: millis16(r.rtt), EndSystemDelay: millis16(receiverDelay),
		SignalLevel: unavailable, NoiseLevel: unavailable, RERL: unavailable, Gmin: gmin,
		RFactor: uint8(math.Round(rating)), ExtRFactor: unavailable, MOSLQ: score, MOSCQ: score,
	}}}
}

// millis16 returns d as an extended report says it.
func millis16(d time.Duration) uint16 {
	return uint16(min(max(d.Milliseconds(), 0), math.MaxUint16))
}

// heedExtended takes what the peer says of the quality of our stream.
func (r *reports) heedExtended(l *leg, blocks []rtcp.ReportBlock) {
	for _, b := range blocks {
		metrics, ok := b.(*rtcp.VoIPMetricsReportBlock)
		if ok && metrics.SSRC == l.out.ssrc && metrics.MOSCQ >= 10 && metrics.MOSCQ <= 50 {
			r.score = float64(metrics.MOSCQ) / 10
		}
	}
}

// incoming is the way from the peer to us.
func (l *leg) incoming() path {
	s := l.speaking()
	if s == nil {
		return path{codec: l.codecName, burst: 1}
	}
	sum := s.sum()
	loss := 0.0
	if sum.expected > 0 {
		loss = float64(sum.lost()) / float64(sum.expected)
	}
	return path{codec: l.codecName, loss: loss, burst: s.bursts.ratio(loss), delay: l.reports.rtt / 2,
		sway: s.jitterTime()}
}

// outgoing is the way from us to the peer, by its reports.
func (l *leg) outgoing() path {
	p := path{codec: l.codecName, burst: 1, delay: l.reports.rtt / 2, sway: l.reports.jitter}
	if reported := distance(l.out.origin, l.reports.theirs.newest); l.reports.theirs.known && reported > 0 {
		p.loss = float64(l.remoteLost()) / float64(reported)
	}
	return p
}
