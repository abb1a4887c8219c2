package call

import (
	"errors"
	"math"
	"time"

	"go.uber.org/zap"

	"assent/consent"
	"assent/event"
	"assent/media"
	"assent/policy"
	"assent/recorder"
	"assent/sip"
	"assent/store"
)

// comeBack is when a caller whom we can't serve for the moment may try again, where no limit says it: ports rest as long.
const comeBack = 10 * time.Second

// sealTimeout is how long call.ended waits for the recording to be sealed. Encoders stand back behind packets, so that a
// machine that is busy for seconds keeps them waiting.
const sealTimeout = 30 * time.Second

// endBy notes that a dialog ended and ends the call. The first ending stands.
func (c *Call) endBy(who string, e sip.Ended, why error) {
	if c.ending == nil {
		end := event.Ending{By: who, SIP: e.Status, Q850: e.Q850, Reason: e.Reason}
		if broken, ok := brokenDialogs[e.Reason]; ok {
			why, end = broken, causeOf(broken).ending()
		}
		c.ending = c.completed(end)
	}
	c.cancel(why)
}

// completed fills in what an answered call's ending leaves open: the INVITE's
// own final status, and normal clearing where nobody named a cause (Q.850).
func (c *Call) completed(end event.Ending) *event.Ending {
	if c.caller.answered {
		end.SIP = 200
	}
	if end.Q850 == 0 {
		end.Q850 = normal.q850
	}
	return &end
}

// brokenDialogs are the ends of a dialog that no party wanted.
var brokenDialogs = map[string]error{
	sip.EndNoAck:     ErrNoAck,
	sip.EndExpired:   ErrSessionExpired,
	sip.EndTimeout:   ErrSignalling,
	sip.EndTransport: ErrSignalling,
	sip.EndGone:      ErrSignalling,
	sip.EndInternal:  ErrSignalling,
}

// end fixes how the call ended, unless a dialog has said so already.
func (c *Call) end(err error) {
	if c.ending != nil {
		return
	}
	why := causeOf(err)
	if vain, ok := vainTransfers[c.place.vain]; ok && err == nil && !c.caller.answered {
		why = vain
	}
	c.ending = c.completed(why.ending())
	if err != nil && causeOf(err) == internal {
		c.log.Error("call failed", zap.Error(err))
	}
}

// untap ends the audio between the parties, and the recording's: nothing that arrives later is heard or kept.
func (c *Call) untap() {
	c.secure.stop()
	if c.session != nil {
		c.session.Unbridge() // first: whatever one of them hears is recorded
	}
	if c.rec.writer == nil {
		return
	}
	var position int64
	if c.rec.tap != nil {
		position = c.rec.tap.Close()
	}
	c.mail.serve() // the first sample may have been noticed just now
	c.countBeeps()
	c.rateRecording()
	c.rec.writer.Finish(recorder.Final{Position: position})
}

// rateRecording tells how good the audio of each party was.
func (c *Call) rateRecording() {
	var score [2]float64
	for i, p := range []*party{c.external(), c.internal()} {
		if p.audio() != nil {
			score[i] = hundredths(p.stream.Stats().MOS)
		}
	}
	c.rec.writer.Update(func(s *recorder.Spec) {
		for i := range score {
			if score[i] > 0 {
				s.Channels[i].MOS = score[i]
			}
		}
	})
}

// hangUp ends both legs and frees the station.
func (c *Call) hangUp() {
	c.stopRinging(cause{by: c.ending.By, status: 487, q850: c.ending.Q850, reason: c.ending.Reason})
	why := sip.Cause{Status: c.ending.SIP, Q850: c.ending.Q850, Text: c.ending.Reason, RetryAfter: c.retryAfter}
	if why.Status == 503 && why.RetryAfter == 0 {
		why.RetryAfter = comeBack
	}
	if why.Status < 300 { // it answers no INVITE
		why.Status = 0
	}
	if !c.caller.ended {
		c.caller.leg.Hangup(why)
	}
	if a := c.agent; a != nil {
		if !a.ended {
			a.leg.Hangup(why)
		}
		if a.offer != nil {
			a.offer.Release()
		}
	}
}

// seal waits for the file, ties it into the ledger and the store, and tells.
// The call does not wait for a disk that stalls longer than sealTimeout: its
// record then says failed, and the file is kept all the same when it is whole.
func (c *Call) seal() {
	late := time.NewTimer(sealTimeout)
	defer late.Stop()
	c.sealRetired(late.C)
	if c.rec.writer == nil {
		if r := c.result(); r.Result == recorder.ResultBlocked {
			c.publish(event.Event{Type: event.RecordingFailed, Reason: r.Result, Recording: r})
		}
		return
	}
	select {
	case <-c.rec.writer.Done():
		c.tellResult(c.rec.writer.Result())
	case <-late.C:
		c.log.Error("recording not sealed in time", zap.String("recording", c.rec.writer.ID()))
		c.rec.done = &event.Recording{ID: c.rec.writer.ID(), Result: recorder.ResultFailed,
			Decision: string(c.rec.last.Verdict), Reason: string(c.rec.last.Reason)}
		c.publish(event.Event{Type: event.RecordingFailed, Detail: "not sealed in time", Recording: c.rec.done})
		c.deps.late.Go(func() { // ends with the recorder at the latest
			<-c.rec.writer.Done()
			_ = c.keepRecording(c.rec.writer.Result()) // it has logged why
		})
	}
}

// sealRetired waits for recordings that ended before the call.
func (c *Call) sealRetired(late <-chan time.Time) {
	for _, r := range c.retired {
		select {
		case <-r.writer.Done():
			c.tellRetired(r)
		case <-late:
			c.log.Error("recording not sealed in time", zap.String("recording", r.writer.ID()))
			return
		}
	}
}

// tellResult publishes the one result of a decision to record.
func (c *Call) tellResult(r recorder.Result) {
	c.rec.done = &event.Recording{ID: r.ID, Result: r.Result, File: r.File, SHA256: r.SHA256, DurationMS: r.DurationMS,
		Decision: string(c.rec.last.Verdict), Reason: string(c.rec.last.Reason)}
	if r.Err != nil {
		c.log.Error("recording is not whole", zap.String("recording", r.ID), zap.String("result", r.Result), zap.Error(r.Err))
	}
	if r.File == "" {
		c.publish(event.Event{Type: event.RecordingFailed, Reason: r.Result, Recording: c.rec.done})
		return
	}
	c.rec.done.Decision, c.rec.done.Reason = string(policy.VerdictRecord), string(policy.ReasonAllowed)
	c.publish(event.Event{Type: event.RecordingFinalized, Recording: c.rec.done})
	if c.keepRecording(r) == nil && c.deps.Spool == nil {
		c.publish(event.Event{Type: event.RecordingStored, Recording: c.rec.done})
	}
}

// keepRecording seals a file in the ledger and lists it in the store. It reads
// only what does not change after the call's end.
func (c *Call) keepRecording(r recorder.Result) error {
	if r.File == "" {
		return nil
	}
	sealed := c.append(consent.TypeSealed, consent.SealedData{Recording: r.ID, File: r.File, SHA256: r.SHA256,
		SidecarSHA256: r.SidecarSHA256, DurationMS: r.DurationMS, Result: r.Result})
	ctx, done := bounded()
	defer done()
	err := errors.Join(sealed.Wait(ctx), c.deps.Store.PutRecording(ctx, store.Recording{ID: r.ID, Call: c.id, Trunk: c.trunkName, Queue: c.place.queue,
		Station: c.place.station, File: r.File, SHA256: r.SHA256, SidecarSHA256: r.SidecarSHA256,
		DurationMS: r.DurationMS, Result: r.Result, CreatedAt: c.deps.Now()}))
	switch {
	case err != nil:
		c.log.Error("recording not stored", zap.String("recording", r.ID), zap.Error(err))
	case c.deps.Spool != nil:
		c.deps.Spool.Add(r.ID)
	}
	return err
}

// result is the one result that every call's recording has.
func (c *Call) result() *event.Recording {
	if c.rec.done != nil {
		return c.rec.done
	}
	r := c.folder.CDR().Recording
	return &event.Recording{Decision: r.Decision, Reason: r.Reason, Result: r.Result}
}

// giveBack frees the ports and the seat.
func (c *Call) giveBack() {
	if c.session != nil {
		report := c.session.Close()
		c.quality = qualityOf(report)
		c.warnOfStrangers(report)
	}
	c.closeTickets()
	for _, seat := range append(c.lent, c.seat) {
		if seat != nil {
			seat.Release()
		}
	}
	if dropped := c.mail.close(); dropped > 0 {
		c.log.Warn("a peer flooded the call", zap.Int("messages_dropped", dropped))
	}
}

// deafAfter is how many packets from elsewhere, half a second of them, make a
// leg deaf: fewer are a stray, or came before the answer that names their source.
const deafAfter = 25

// warnOfStrangers tells of a leg that was deaf, because all its media came from another address than SDP named.
func (c *Call) warnOfStrangers(r media.Report) {
	for _, s := range r.Streams {
		if s.Packets == 0 && s.Strangers >= deafAfter {
			c.log.Warn("no media was taken: all of it came from an address that SDP does not name; rtp_source: learn would take it",
				zap.String("leg", s.Leg), zap.Uint64("packets", s.Strangers))
		}
	}
}

// publishEnd publishes the call's one end.
func (c *Call) publishEnd(err error) {
	c.endVerdict()
	if c.refusedBeforeAnswer(err) {
		c.publish(event.Event{Type: event.CallRefused, SIP: c.ending.SIP, Q850: c.ending.Q850, Reason: c.ending.Reason})
	}
	c.publish(event.Event{Type: event.CallEnded, Consent: c.consent.proof(), By: c.ending.By, SIP: c.ending.SIP, Q850: c.ending.Q850,
		Reason: c.ending.Reason, Recording: c.result(), Quality: c.quality})
}

// refusedBeforeAnswer tells a refusal from a call that was led anywhere.
func (c *Call) refusedBeforeAnswer(err error) bool {
	return err != nil && !c.caller.answered && c.ending.By == bySystem
}

// writeCDR writes the call's one record: a row in the store, then a line in the
// file; a crash between the two leaves a row whose line the next start writes.
// A store that does not take the row now is asked again beside the call.
func (c *Call) writeCDR() {
	c.noted.wait()
	cdr := c.folder.CDR()
	stored := c.storeCDR(cdr)
	err := c.deps.CDR.Write(cdr)
	if err != nil {
		c.log.Error("CDR not written", zap.Error(err))
	}
	switch {
	case stored != nil:
		c.log.Error("CDR not stored yet", zap.Error(stored))
		c.deps.late.Go(func() { c.storeLate(cdr, err == nil) })
	case err == nil:
		c.markFiled()
	}
}

func (c *Call) storeCDR(cdr event.CDR) error {
	ctx, done := bounded()
	defer done()
	return c.deps.Store.EndCall(ctx, cdr)
}

// markFiled notes that the record's line is in the file.
func (c *Call) markFiled() {
	ctx, done := bounded()
	defer done()
	if err := c.deps.Store.MarkFiled(ctx, c.id); err != nil {
		c.log.Error("CDR not marked as written", zap.Error(err))
	}
}

// lateTries bound how often a store is asked to take a record, about once in
// two seconds; beyond, the next start takes it from the file.
const lateTries = 150

// storeLate asks the store again until it takes the record.
func (c *Call) storeLate(cdr event.CDR, filed bool) {
	for range lateTries {
		time.Sleep(storeTimeout)
		if c.storeCDR(cdr) == nil {
			if filed {
				c.markFiled()
			}
			return
		}
	}
	c.log.Error("CDR never stored")
}

// qualityOf renders what the media counted for events and CDR.
func qualityOf(r media.Report) *event.Quality {
	q := &event.Quality{}
	for _, s := range r.Streams {
		leg := &event.LegQuality{Packets: s.Packets, Lost: s.Lost, LossPercent: s.LossPercent(), JitterMS: ms(s.Jitter),
			RTTMS: ms(s.RTT), Late: s.Late, Duplicates: s.Duplicates, Codec: s.Codec, MOS: hundredths(s.MOS), Rejected: s.Rejected, Strangers: s.Strangers,
			Forged: s.Forged, SilentMS: ms(s.Silent), OneWay: s.OneWay, SRTP: s.Suite, Sent: s.Sent, RemoteLost: s.RemoteLost,
			RemoteLossPercent: hundredths(s.RemoteLoss), RemoteJitterMS: ms(s.RemoteJitter), RemoteMOS: hundredths(s.RemoteMOS)}
		switch {
		case s.Leg != legAgent:
			q.Caller = leg
		case s.Packets > 0 || s.OneWay != "":
			q.Agent = leg
		}
	}
	return q
}

// hundredths rounds to what is worth telling of an opinion or a share.
func hundredths(x float64) float64 { return math.Round(100*x) / 100 }

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
