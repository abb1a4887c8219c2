package call

import (
	"errors"
	"fmt"
	"time"

	"go.uber.org/zap"

	"assent/event"
	"assent/media"
	"assent/media/sdp"
	"assent/policy"
	"assent/sip"
)

// ptime is the packet length that we offer and send.
const ptime = 20 * time.Millisecond

func (c *Call) localSDP(stream *media.Stream, codecs []string, srtp string) *sdp.Local {
	at := stream.Local()
	return &sdp.Local{Address: at.Addr(), Port: at.Port(), Codecs: codecs, Ptime: ptime, Security: sdp.SecurityOf(srtp)}
}

// answerTo reads an offer and answers it from local's abilities.
func answerTo(offer []byte, local *sdp.Local) ([]byte, sdp.Agreement, error) {
	d, err := sdp.Parse(offer)
	if err != nil {
		return nil, sdp.Agreement{}, fmt.Errorf("%w: %w", ErrBadOffer, err)
	}
	return local.Answer(d)
}

// reoffer handles a re-INVITE on either leg: hold, resume, a new address or
// codec. What can't be agreed on is refused and the session stays as it was
// (RFC 6337 section 3.4).
func (c *Call) reoffer(p *party, r sip.Reoffer) {
	if c.settling {
		r.Refuse(normal.sip(0))
		return
	}
	if r.SDP == nil {
		r.Accept(p.local.Offer(sdp.SendRecv)) // the answer comes with the ACK
		return
	}
	body, agreed, err := answerTo(r.SDP, p.local)
	if err != nil {
		c.log.Info("re-INVITE refused", zap.String("leg", p.name), zap.Error(err))
		r.Refuse(causeOf(err).sip(0))
		return
	}
	r.Accept(body)
	c.apply(p, agreed)
}

// refresh offers what is agreed once more, for a peer that takes no UPDATE (RFC
// 4028 section 7.4). Where another re-INVITE is under way, that one refreshes.
func (c *Call) refresh(p *party) {
	if c.settling || p.ended {
		return
	}
	if err := p.leg.Reinvite(p.local.Offer(p.agreed.Direction)); err != nil && !errors.Is(err, sip.ErrPending) {
		c.log.Info("session not refreshed", zap.String("leg", p.name), zap.Error(err))
	}
}

// reanswered takes the answer to a re-INVITE of ours.
func (c *Call) reanswered(p *party, answer []byte) {
	if answer == nil || c.settling {
		return
	}
	agreed, err := accept(answer, p.local)
	if err != nil {
		c.log.Info("answer to re-INVITE not usable", zap.String("leg", p.name), zap.Error(err))
		return
	}
	c.apply(p, agreed)
}

// confirm handles the ACK of our 200; where the 200 carried our offer, the ACK
// carries the answer.
func (c *Call) confirm(p *party, answer []byte) {
	p.confirmed = true
	if answer == nil {
		return
	}
	agreed, err := accept(answer, p.local)
	if err != nil {
		c.log.Info("answer in ACK not usable", zap.String("leg", p.name), zap.Error(err))
		return
	}
	c.apply(p, agreed)
}

func accept(answer []byte, local *sdp.Local) (sdp.Agreement, error) {
	d, err := sdp.Parse(answer)
	if err != nil {
		return sdp.Agreement{}, fmt.Errorf("%w: %w", ErrBadOffer, err)
	}
	return local.Accept(d)
}

// apply puts an agreement into force on a party's stream and follows what it
// changed: hold, and a peer's wish not to be recorded (RFC 7866 section 6.1.2).
func (c *Call) apply(p *party, agreed sdp.Agreement) {
	before := p.agreed
	p.agreed = agreed
	p.stream.Apply(agreed)
	if before.Crypto != nil && agreed.Crypto == nil {
		c.log.Warn("media is no longer encrypted", zap.String("leg", p.name))
	}
	if before.Hold != agreed.Hold {
		c.holdChanged(p)
	}
	if before.RecordPref != agreed.RecordPref {
		c.decide("recordpref")
	}
}

// holdChanged tells of hold and resume, and follows them while two parties talk:
// the agent's hold plays music to the caller, the caller's is heard as it is sent.
func (c *Call) holdChanged(p *party) {
	if c.asked != nil && !c.asked.over && p == &c.caller {
		c.asked.hold = true
	}
	c.publish(event.Event{Type: event.CallHeld, Leg: p.name, Detail: holdWord(p.agreed.Hold)})
	if c.agent == nil || c.moving != nil || c.place.phase != policy.PhaseTalk && c.place.phase != policy.PhaseHold {
		return // an agent who does not talk yet may still hear the whisper
	}
	if p != &c.caller {
		c.holdMusic(p.agreed.Hold)
	}
	c.place.phase = c.talkPhase()
	c.decide(holdWord(p.agreed.Hold))
}

// talkPhase is hold while either party holds the other.
func (c *Call) talkPhase() policy.Phase {
	if c.caller.agreed.Hold || c.agent.agreed.Hold {
		return policy.PhaseHold
	}
	return policy.PhaseTalk
}

func holdWord(on bool) string {
	if on {
		return "hold"
	}
	return "resume"
}

// holdMusic parts the two and plays the queue's music to the caller, or joins
// them again.
func (c *Call) holdMusic(on bool) {
	if !on {
		c.caller.stream.Stop()
		c.session.Bridge(c.caller.stream, c.agent.stream)
		return
	}
	c.session.Unbridge()
	c.playMusic(c.rules.Queues[c.place.queue].Music)
}

// playMusic plays a prompt to the caller over and over; without one there is
// silence.
func (c *Call) playMusic(prompt string) {
	if prompt == "" {
		return
	}
	clip, ok := c.rules.Prompts.Clip(prompt, c.place.language)
	if !ok {
		c.log.Warn("music is missing", zap.String("prompt", prompt))
		return
	}
	c.caller.stream.Play(clip, media.PlayOptions{Loop: true})
}
