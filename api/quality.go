package api

import (
	"github.com/prometheus/client_golang/prometheus"

	"assent/event"
)

// quality measures how the audio of calls was: each call's figures at its end, by trunk, leg (caller or agent) and
// direction (received from the party, or sent to it, as the party reported).
type quality struct {
	packets *prometheus.CounterVec
	lost    *prometheus.CounterVec
	refused *prometheus.CounterVec
	oneWay  *prometheus.CounterVec
	mos     *prometheus.HistogramVec
	jitter  *prometheus.HistogramVec
	trip    *prometheus.HistogramVec
}

// The values of the label direction.
const (
	received = "received"
	sent     = "sent"
)

func newQuality() quality {
	return quality{
		packets: counter("assent_rtp_packets_total", "RTP packets of calls that ended.", "trunk", "leg", "direction"),
		lost: counter("assent_rtp_packets_lost_total", "RTP packets that never arrived, here or, by the party's reports, there.",
			"trunk", "leg", "direction"),
		refused: counter("assent_rtp_packets_refused_total", "Packets that were dropped: from strangers, forged ones, and what was no RTP of the call's.",
			"trunk", "leg", "reason"),
		oneWay: counter("assent_rtp_one_way_total", "Legs whose audio flowed in this direction alone.", "trunk", "leg", "direction"),
		mos: histogram("assent_rtp_mos", "Mean opinion score of a leg's audio by ITU-T G.107, 1 to 4.5.",
			[]float64{2, 2.6, 3.1, 3.6, 4, 4.3}, "trunk", "leg", "direction"),
		jitter: histogram("assent_rtp_jitter_seconds", "Interarrival jitter at a call's end (RFC 3550).",
			[]float64{.001, .005, .01, .02, .04, .08, .16}, "trunk", "leg", "direction"),
		trip: histogram("assent_rtp_round_trip_seconds", "Round-trip time by RTCP at a call's end.",
			[]float64{.005, .02, .05, .1, .2, .4, .8}, "trunk", "leg"),
	}
}

func histogram(name, help string, buckets []float64, labels ...string) *prometheus.HistogramVec {
	return prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: name, Help: help, Buckets: buckets}, labels)
}

// collectors lists what is to be registered.
func (q quality) collectors() []prometheus.Collector {
	return []prometheus.Collector{q.packets, q.lost, q.refused, q.oneWay, q.mos, q.jitter, q.trip}
}

// observe takes the figures of a call that ended.
func (q quality) observe(trunk string, of event.Quality) {
	q.leg(trunk, "caller", of.Caller)
	q.leg(trunk, "agent", of.Agent)
}

func (q quality) leg(trunk, leg string, of *event.LegQuality) {
	if of == nil {
		return
	}
	q.packets.WithLabelValues(trunk, leg, received).Add(float64(of.Packets))
	q.packets.WithLabelValues(trunk, leg, sent).Add(float64(of.Sent))
	q.lost.WithLabelValues(trunk, leg, received).Add(float64(of.Lost))
	q.lost.WithLabelValues(trunk, leg, sent).Add(float64(of.RemoteLost))
	q.refused.WithLabelValues(trunk, leg, "stranger").Add(float64(of.Strangers))
	q.refused.WithLabelValues(trunk, leg, "forged").Add(float64(of.Forged))
	q.refused.WithLabelValues(trunk, leg, "invalid").Add(float64(of.Rejected - min(of.Forged, of.Rejected)))
	switch of.OneWay {
	case "in":
		q.oneWay.WithLabelValues(trunk, leg, received).Inc()
	case "out":
		q.oneWay.WithLabelValues(trunk, leg, sent).Inc()
	}
	if of.MOS > 0 {
		q.mos.WithLabelValues(trunk, leg, received).Observe(of.MOS)
		q.jitter.WithLabelValues(trunk, leg, received).Observe(of.JitterMS / 1000)
	}
	if of.RemoteMOS > 0 {
		q.mos.WithLabelValues(trunk, leg, sent).Observe(of.RemoteMOS)
		q.jitter.WithLabelValues(trunk, leg, sent).Observe(of.RemoteJitterMS / 1000)
	}
	if of.RTTMS > 0 {
		q.trip.WithLabelValues(trunk, leg).Observe(of.RTTMS / 1000)
	}
}
