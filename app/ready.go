package app

import (
	"assent/api"
	"assent/event"
	"assent/recorder"
)

// ready tells whether the node may have calls. Trouble with recording is told,
// and does not make it unready: calls go on unrecorded. Flows are always good
// here: nothing starts, and nothing is reloaded, with flows that are not.
func (a *App) ready() api.Readiness {
	r := api.Readiness{Ready: true, Parts: map[string]string{"sip": "ok", "flows": "ok", "calls": "ok"}}
	if err := a.store.Ready(); err != nil {
		r.Ready = false
		r.Parts["store"] = err.Error()
	} else {
		r.Parts["store"] = "ok"
	}
	if !a.listening.Load() {
		r.Ready = false
		r.Parts["sip"] = "not listening yet"
	} else if err := a.sip.Ready(); err != nil {
		r.Ready = false
		r.Parts["sip"] = err.Error()
	}
	if a.calls.Draining() {
		r.Ready = false
		r.Parts["calls"] = "draining"
	}
	for part, err := range map[string]error{"recordings": a.recorder.Ready(), "ledger": a.ledger.Ready(), "audit_log": a.uses.Ready(), "depot": a.depot.Trouble()} {
		r.Parts[part] = "ok"
		if err != nil {
			r.Parts[part] = err.Error()
		}
	}
	if space := a.recorder.Space(); space.Low && r.Parts["recordings"] == "ok" {
		r.Parts["recordings"] = "low on space: " + space.String()
	}
	return r
}

// spaceChanged tells that the room for recordings is low, or is not any more.
func (a *App) spaceChanged(s recorder.Space) {
	what := event.StorageRestored
	if s.Low {
		what = event.StorageLow
	}
	a.events.Publish(event.Event{Time: now(), Type: what, Detail: s.String()})
}

// gauges are the figures that are read at each scrape.
func (a *App) gauges() []api.Gauge {
	return []api.Gauge{
		{Name: "assent_recordings_free_bytes", Help: "Room in the folder of the recordings.", Read: func() float64 { return float64(a.recorder.Space().Free) }},
		{Name: "assent_recordings_space_low", Help: "1 while little room is left for recordings.", Read: func() float64 {
			if a.recorder.Space().Low {
				return 1
			}
			return 0
		}},
		{Name: "assent_calls_active", Help: "Calls that run now.", Read: func() float64 { return float64(a.calls.Count()) }},
		{Name: "assent_audit_mismatches", Help: "Things that decisions, ledger, files and store did not agree on in the last audit.", Read: func() float64 { return float64(a.audit.figures().mismatches) }},
		{Name: "assent_audit_invalid_recordings", Help: "Recordings that did not hold against sidecar and ledger in the last audit.", Read: func() float64 { return float64(a.audit.figures().invalid) }},
		{Name: "assent_audit_recordings_total", Help: "Recordings that the audit has checked.", Counter: true, Read: func() float64 { return float64(a.audit.figures().checked) }},
		{Name: "assent_recordings_waiting", Help: "Recordings that wait to be stored.", Read: func() float64 { return float64(a.depot.Stats().Waiting) }},
		{Name: "assent_recordings_waiting_bytes", Help: "Audio that waits to be stored.", Read: func() float64 { return float64(a.depot.Stats().WaitingBytes) }},
		{Name: "assent_recordings_stored_total", Help: "Recordings that reached their store.", Counter: true, Read: func() float64 { return float64(a.depot.Stats().Stored) }},
		{Name: "assent_recording_store_failures_total", Help: "Attempts to store a recording that failed.", Counter: true, Read: func() float64 { return float64(a.depot.Stats().Failed) }},
		{Name: "assent_media_ports_in_use", Help: "RTP ports that streams hold.", Read: func() float64 { return float64(a.media.Stats().PortsInUse) }},
		{Name: "assent_rtp_received_packets_total", Help: "RTP packets accepted.", Counter: true, Read: func() float64 { return float64(a.media.Stats().Received) }},
		{Name: "assent_rtp_dropped_packets_total", Help: "Datagrams on media ports that were not accepted.", Counter: true, Read: func() float64 { return float64(a.media.Stats().Dropped()) }},
		{Name: "assent_registrations_down", Help: "Registrations with carriers that do not stand.", Read: func() float64 { return float64(a.enrolments.down()) }},
		{Name: "assent_sip_challenges_total", Help: "Requests whose sender was asked to prove who it is.", Counter: true, Read: func() float64 { return float64(a.sip.Stats().Challenged) }},
		{Name: "assent_sip_auth_failures_total", Help: "Proofs by digest with a wrong user or password.", Counter: true, Read: func() float64 { return float64(a.sip.Stats().Wrong) }},
		{Name: "assent_sip_locked_out_total", Help: "Requests of sources that guess passwords, dropped in silence.", Counter: true, Read: func() float64 { return float64(a.sip.Stats().Locked) }},
		{Name: "assent_sip_strangers_total", Help: "Datagrams and connections from unknown sources, dropped in silence, by the service or by the kernel for it.", Counter: true, Read: func() float64 {
			s := a.sip.Stats()
			return float64(s.Unknown + s.Filtered)
		}},
	}
}
