package call

import (
	"errors"
	"time"

	"go.uber.org/zap"

	"assent/consent"
	"assent/event"
	"assent/media"
	"assent/policy"
	"assent/recorder"
)

// evidenceTimeout is how long audio may wait in memory for its ledger entry.
const evidenceTimeout = 2 * time.Second

var errNotDurable = errors.New("the ledger entry was not durable in time")

// gate is the one bit that says whether recording rules may be processed.
type gate struct {
	open    bool
	barrier media.Barrier
}

// recording is what the call knows of its recording.
type recording struct {
	last     policy.Decision  // the last decision
	evidence *consent.Pending // the ledger entry that must be durable before any audio is
	writer   *recorder.Recording
	tap      *media.Tap
	rateHz   int    // of the recording's samples
	paused   string // the gap's type while the tap is paused
	first    []consent.FirstSample
	blocked  bool // the recorder could not be used; it is not tried again
	asking   bool // a timer runs, to ask whether it is ready again
	done     *event.Recording
}

// decide evaluates the policy for both sides, writes down why, and lets the
// recorder follow. It is called at answer and at every change.
func (c *Call) decide(trigger string) {
	if c.settling || c.placed != nil && c.agent == nil { // a station's call is nothing to record before it talks
		return
	}
	var station *policy.Decision
	if c.place.station != "" {
		s := policy.Evaluate(c.facts(policy.SideStation), c.rules.Source)
		station = &s
	}
	c.rec.last = policy.Combine(policy.Evaluate(c.facts(policy.SideTrunk), c.rules.Source), station)
	c.keepDecision(trigger, c.rec.last)
	c.publish(event.Event{Type: event.RecordingDecided, Reason: string(c.rec.last.Reason), Detail: trigger,
		Recording: &event.Recording{Decision: string(c.rec.last.Verdict), Reason: string(c.rec.last.Reason)}})
	c.follow(c.rec.last)
	c.askAgain()
}

// readyEvery is how often a call asks whether the recorder that was not ready at
// the last decision is ready now.
const readyEvery = time.Second

// askAgain decides anew once the recorder is ready again: a disk that hung for a
// moment costs the recording that moment, not the rest of the call.
func (c *Call) askAgain() {
	unavailable := c.rec.last.Reason == policy.ReasonRecorderUnavailable && !c.rec.blocked && !c.settling
	if !unavailable || c.rec.asking {
		return
	}
	c.rec.asking = true
	time.AfterFunc(readyEvery, func() {
		c.mail.postSure(func() {
			c.rec.asking = false
			if _, err := c.missing(); err == nil && c.rec.last.Reason == policy.ReasonRecorderUnavailable {
				c.decide("recorder_ready")
				return
			}
			c.askAgain()
		})
	})
}

func (c *Call) keepDecision(trigger string, d policy.Decision) {
	ctx, done := bounded()
	defer done()
	if err := c.deps.Store.PutDecision(ctx, c.id, c.deps.Now(), trigger, d); err != nil {
		c.log.Error("decision not stored", zap.Error(err))
	}
}

// facts are the policy's inputs as they stand. No action closes the gate, but the
// latest answer holds: after a no it counts as closed.
func (c *Call) facts(side policy.Side) policy.Facts {
	f := policy.Facts{
		Side: side, Direction: c.direction(), Phase: c.place.phase,
		Trunk: c.trunkName, TrunkRule: c.trunk.Recording,
		Flow: c.flow.Name, FlowSuppress: c.flow.Suppress,
		Consent: c.consent.state, GateOpen: c.gate.open && c.consent.state.OpensGate(), OutsideOnly: c.place.outside,
		Caller:      policy.Caller{Verdict: string(c.vouched.Verdict), Attestation: string(c.vouched.Attestation), Reason: string(c.vouched.Reason)},
		PeerRefused: c.peerRefused(), RecorderReady: !c.rec.blocked && c.recorderReady(), SecurePause: c.secure.on,
	}
	if q, ok := c.rules.Queues[c.place.queue]; ok {
		f.Queue, f.QueueRule = c.place.queue, q.Recording
	}
	if s, ok := c.rules.Stations[c.place.station]; ok {
		f.Station, f.StationRule = c.place.station, s.Recording
	}
	return f
}

func (c *Call) peerRefused() bool {
	const off = "off"
	return c.caller.agreed.RecordPref == off || c.agent != nil && c.agent.agreed.RecordPref == off
}

// recorderReady tells whether all that a lawful recording needs is there.
func (c *Call) recorderReady() bool {
	part, err := c.missing()
	if err != nil {
		c.log.Warn("recording not possible", zap.String("part", part), zap.Error(err))
	}
	return err == nil
}

// missing names a part of what a lawful recording needs that is not there, and why; nil where all is.
func (c *Call) missing() (part string, err error) {
	for part, err := range map[string]error{
		"recorder": c.deps.Recorder.Ready(), "ledger": c.deps.Ledger.Ready(), "store": c.deps.Store.Ready(), "audit": c.barred(),
	} {
		if err != nil {
			return part, err
		}
	}
	return "", nil
}

// barred tells why the trunk may record nothing.
func (c *Call) barred() error {
	if c.deps.Barred == nil {
		return nil
	}
	return c.deps.Barred(c.trunkName)
}

// follow makes the recorder do what was decided.
func (c *Call) follow(d policy.Decision) {
	if d.Reason == policy.ReasonRecorderUnavailable && c.trunk.Recording.Required {
		c.cancel(ErrRecorderRequired)
	}
	switch {
	case d.Verdict == policy.VerdictStop:
		c.stopRecording()
	case d.Verdict == policy.VerdictRecord && c.rec.writer == nil:
		c.record()
	case d.Verdict == policy.VerdictRecord:
		c.resume()
	case d.Verdict == policy.VerdictPause:
		c.pause(string(gapOf(d.Reason)))
	case c.rec.writer != nil:
		c.pause("suppressed")
	}
}

// gapOf names the gap that a pausing decision leaves in the recording.
func gapOf(r policy.Reason) string {
	if r == policy.ReasonSecurePause {
		return gapSecure
	}
	return "hold"
}

// gapSecure is the type of a gap that somebody asked for.
const gapSecure = "secure_pause"

// record opens a recorder and taps the media, the one place where a call does
// so. No byte reaches the disk before the ledger entry that permits it.
func (c *Call) record() {
	permit, err := c.permit()
	if err != nil {
		c.unavailable(err)
		return
	}
	rate := c.recordingRate()
	c.rec.rateHz = rate
	c.rec.writer = c.deps.Recorder.Open(c.spec(rate), c.evidence())
	c.rec.tap = c.session.Tap(permit, c.external().audio(), c.internal().audio(), rate, c.rec.writer)
}

// permit is the media engine's proof that the barrier was set, or that this
// recording needs none; the ledger has an entry either way.
func (c *Call) permit() (media.Permit, error) {
	switch {
	case c.gate.open:
		return c.gate.barrier.Permit(), nil
	case policy.GateNeeded(c.facts(c.rec.last.Side)):
		return media.Permit{}, errors.New("the gate is closed")
	}
	c.keep(c.consent, consent.BasisNotRequired)
	c.rec.evidence = c.consent.entry
	return c.session.NotRequired(), nil
}

// evidence yields nil once the ledger entry is durable, or why the recording
// must not be. Its goroutine ends with the entry or after evidenceTimeout.
func (c *Call) evidence() <-chan error {
	entry, durable := c.rec.evidence, make(chan error, 1)
	go func() {
		late := time.NewTimer(evidenceTimeout)
		defer late.Stop()
		err := errNotDurable
		select {
		case <-entry.Done():
			err = entry.Err()
		case <-late.C:
		}
		durable <- err
		if err != nil {
			c.mail.postSure(func() { c.unavailable(err) })
			return
		}
		c.mail.postSure(func() { c.beep(entry) })
	}()
	return durable
}

// unavailable follows a recorder that can't record: row 11, and the call goes
// on unless its trunk requires the recording.
func (c *Call) unavailable(err error) {
	c.log.Error("recording not possible", zap.Error(err))
	c.rec.blocked = true
	c.decide("recorder_unavailable")
}

func (c *Call) pause(gap string) {
	if c.rec.tap == nil || c.rec.paused == gap {
		return
	}
	c.rec.tap.Pause(gap)
	c.rec.paused = gap
	c.publish(event.Event{Type: event.RecordingPaused, Reason: gap, By: c.pausedBy(gap), Recording: &event.Recording{ID: c.rec.writer.ID()}})
}

func (c *Call) resume() {
	if c.rec.tap == nil || c.rec.paused == "" {
		return
	}
	e := event.Event{Type: event.RecordingResumed, By: c.pausedBy(c.rec.paused), Recording: &event.Recording{ID: c.rec.writer.ID()}}
	if c.rec.paused == gapSecure {
		e.Reason = c.secure.why
	}
	c.rec.tap.Resume()
	c.rec.paused = ""
	c.publish(e)
}

// pausedBy is who paused, or ended, a gap of that type; "" where the call's
// own course did.
func (c *Call) pausedBy(gap string) string {
	if gap == gapSecure {
		return c.secure.by
	}
	return ""
}

// onFirstSample ties the ledger to the file: which sample was the first.
func (c *Call) onFirstSample(n media.FirstSampleNotice) {
	if n.Tap != c.rec.tap {
		return
	}
	c.checkFloor(n)
	c.rec.first = append(c.rec.first, consent.FirstSample{Channel: n.Channel, SSRC: n.SSRC, RTPTime: n.RTPTime})
	c.rec.writer.Update(func(s *recorder.Spec) {
		s.FirstSample = append(s.FirstSample, recorder.FirstSample{Channel: n.Channel, SSRC: n.SSRC, RTPTime: n.RTPTime})
		s.Channels[n.Channel].SSRC = n.SSRC
	})
	if len(c.rec.first) > 1 {
		return
	}
	c.append(consent.TypeStarted, consent.StartedData{Recording: c.rec.writer.ID(), FirstSamples: c.rec.first,
		Decision: string(c.rec.last.Reason), ConfigVersion: c.rules.Version})
	c.publish(event.Event{Type: event.RecordingStarted, Recording: &event.Recording{ID: c.rec.writer.ID()}})
}

// checkFloor is the product's promise, held against what was really recorded:
// no first sample lies below its stream's floor.
func (c *Call) checkFloor(n media.FirstSampleNotice) {
	for _, f := range c.gate.barrier.Floors {
		if f.SSRC == n.SSRC && f.Leg == c.legOn(n.Channel) && n.RTPTime < f.RTPTime {
			c.log.Error("recorded below the barrier", zap.Uint64("floor", f.RTPTime), zap.Uint64("rtp_time", n.RTPTime))
			c.deps.Unconsented(c.trunkName, f.RTPTime-n.RTPTime)
		}
	}
}

// legOn names the leg on a channel: 0 is the external party.
func (c *Call) legOn(channel int) string {
	side := c.internal()
	if channel == 0 {
		side = c.external()
	}
	if side == nil {
		return legAgent
	}
	return side.name
}

// spec is what the recording's sidecar will say of the call.
func (c *Call) spec(rateHz int) recorder.Spec {
	s := recorder.Spec{
		ID: event.NewID(), Call: c.id, Trunk: c.trunkName, Queue: c.place.queue, Station: c.place.station,
		Direction: c.direction(), From: c.from(), To: c.to(), Reason: string(c.rec.last.Reason),
		RateHz: rateHz, ConfigVersion: c.rules.Version, StartedAt: c.deps.Now(), DualChannel: c.trunk.Recording.DualChannel, Format: c.trunk.Recording.Format,
		Consent: recorder.Consent{State: string(c.consent.state), Method: c.consent.method, Key: c.consent.key,
			Prompt: c.consent.prompt, PromptSHA256: c.consent.sha256, Language: c.consent.language, Ledger: c.consent.ledger()},
		Channels: []recorder.Channel{{Party: "external"}, {Party: "internal"}},
	}
	if q := c.rules.Queues[c.place.queue].Recording; q.DualChannel != nil {
		s.DualChannel = *q.DualChannel
	}
	if q := c.rules.Queues[c.place.queue].Recording; q.Format != "" {
		s.Format = q.Format
	}
	if p := c.external(); p != nil {
		s.Channels[0] = channelOf("external", p)
	}
	if p := c.internal(); p != nil {
		s.Channels[1] = channelOf("internal", p)
	}
	for _, f := range c.gate.barrier.Floors {
		s.Barrier = append(s.Barrier, recorder.Floor(f))
	}
	return s
}

// recordingRate is the sample rate of the recording: that of telephone speech, or of
// wideband where a party speaks or may yet speak by a codec that carries it.
func (c *Call) recordingRate() int {
	const narrowband, wideband = recorder.DefaultRateHz, 16000
	parties := []*party{&c.caller}
	if c.agent != nil {
		parties = append(parties, &c.agent.party)
	}
	for _, p := range parties {
		if media.Wideband(p.agreed.Codec) {
			return wideband
		}
	}
	return narrowband
}

func channelOf(side string, p *party) recorder.Channel {
	return recorder.Channel{Party: side, Leg: p.name, Codec: p.agreed.Codec.Name}
}

// joinRecording puts the far party on the internal channel of a recording that
// runs already.
func (c *Call) joinRecording(a *attempt) {
	if c.rec.tap == nil {
		return
	}
	if c.placed != nil { // another outside party than the one that is recorded
		c.retire(recorder.Final{})
		return
	}
	c.rec.tap.Replace(a.stream)
	c.rec.writer.Update(func(s *recorder.Spec) {
		s.Station, s.Channels[1] = a.station, channelOf("internal", &a.party)
	})
}
