package api

import (
	"net/http"
	"strconv"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"assent/event"
)

// Metrics counts what the service does. Labels come only from fixed sets:
// names of the configuration and codes of the program.
type Metrics struct {
	registry    *prometheus.Registry
	started     *prometheus.CounterVec
	refused     *prometheus.CounterVec
	ended       *prometheus.CounterVec
	decided     *prometheus.CounterVec
	recordings  *prometheus.CounterVec
	consents    *prometheus.CounterVec
	queueLeft   *prometheus.CounterVec
	trunkUp     *prometheus.GaugeVec
	limited     *prometheus.CounterVec
	unconsented prometheus.Counter
	verified    *prometheus.CounterVec
	signed      *prometheus.CounterVec
	quality     quality
}

// Gauge is a figure that is read when it is asked for.
type Gauge struct {
	Name, Help string
	Counter    bool // it only grows
	Read       func() float64
}

// NewMetrics makes the metrics; gauges are read at each scrape.
func NewMetrics(gauges []Gauge) *Metrics {
	m := &Metrics{
		registry: prometheus.NewRegistry(),
		started:  counter("assent_calls_started_total", "Calls that a trunk was found for.", "trunk", "direction"),
		refused:  counter("assent_calls_refused_total", "Calls refused before an answer.", "trunk", "reason"),
		ended:    counter("assent_calls_ended_total", "Calls that ended, by the status that stands for the ending.", "trunk", "code"),
		decided:  counter("assent_recording_decisions_total", "Decisions of the recording policy.", "trunk", "reason"),
		recordings: counter("assent_recordings_total", "Calls by the result of their recording.",
			"trunk", "result"),
		consents:  counter("assent_consents_total", "Answers to consent questions.", "trunk", "result"),
		queueLeft: counter("assent_queue_left_total", "Callers that left a queue, by outcome.", "queue", "reason"),
		verified:  counter("assent_stir_verdicts_total", "Calls by whether somebody vouches for the caller's number.", "trunk", "result", "reason"),
		signed:    counter("assent_stir_signed_total", "Calls signed where they left, by the trunk that they came by and the attestation.", "trunk", "class"),
		quality:   newQuality(),
		limited:   counter("assent_outbound_limited_total", "Outbound calls refused or ended by a limit of their station or trunk.", "trunk", "reason"),
		trunkUp: prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "assent_trunk_up",
			Help: "Whether a gateway of the trunk answers probes."}, []string{"trunk"}),
		unconsented: prometheus.NewCounter(prometheus.CounterOpts{Name: "assent_recording_unconsented_samples_total",
			Help: "Recorded samples from below the consent barrier. Must stay 0."}),
	}
	m.registry.MustRegister(m.started, m.refused, m.ended, m.decided, m.recordings, m.consents, m.queueLeft, m.trunkUp, m.limited, m.unconsented, m.verified, m.signed,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	m.registry.MustRegister(m.quality.collectors()...)
	for _, g := range gauges {
		m.registry.MustRegister(g.collector())
	}
	return m
}

func counter(name, help string, labels ...string) *prometheus.CounterVec {
	return prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
}

func (g Gauge) collector() prometheus.Collector {
	if g.Counter {
		return prometheus.NewCounterFunc(prometheus.CounterOpts{Name: g.Name, Help: g.Help}, g.Read)
	}
	return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: g.Name, Help: g.Help}, g.Read)
}

// Handler serves the metrics in the Prometheus text format.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}

// Unconsented counts samples found below a barrier.
func (m *Metrics) Unconsented(samples uint64) { m.unconsented.Add(float64(samples)) }

// Observe counts an event; it is a subscriber of the bus.
func (m *Metrics) Observe(e event.Event) {
	switch e.Type {
	case event.CallStarted:
		m.started.WithLabelValues(e.Trunk, e.Direction).Inc()
	case event.CallRefused:
		m.refused.WithLabelValues(e.Trunk, e.Reason).Inc()
	case event.CallEnded:
		m.ended.WithLabelValues(e.Trunk, strconv.Itoa(e.SIP)).Inc()
		if e.Quality != nil {
			m.quality.observe(e.Trunk, *e.Quality)
		}
		if e.Recording != nil {
			m.recordings.WithLabelValues(e.Trunk, e.Recording.Result).Inc()
		}
	case event.RecordingDecided:
		m.decided.WithLabelValues(e.Trunk, e.Reason).Inc()
	case event.CallLimited:
		m.limited.WithLabelValues(e.Trunk, e.Reason).Inc()
	case event.TrunkUp:
		m.trunkUp.WithLabelValues(e.Trunk).Set(1)
	case event.TrunkDown:
		m.trunkUp.WithLabelValues(e.Trunk).Set(0)
	case event.CallVerified:
		if e.Stir != nil {
			m.verified.WithLabelValues(e.Trunk, e.Stir.Verdict, e.Stir.Reason).Inc()
		}
	case event.CallSigned:
		if e.Stir != nil {
			m.signed.WithLabelValues(e.Trunk, e.Stir.Attestation).Inc()
		}
	case event.QueueLeft:
		m.queueLeft.WithLabelValues(e.Queue, e.Reason).Inc()
	case event.ConsentGranted, event.ConsentDeclined, event.ConsentNoInput, event.ConsentInvalid, event.ConsentOnFile, event.ConsentWithdrawn:
		m.consents.WithLabelValues(e.Trunk, string(e.Type)[len("consent."):]).Inc()
	}
}
