package sip

import (
	"bytes"
	"strconv"
)

// early is one early dialog of a call of ours; each branch of a forked call has its own (section 12.1.2).
type early struct {
	d     dialog
	rseq  uint32 // RSeq of the last reliable answer taken; 0: none
	sdp   []byte // the last that it carried
	final bool   // it came reliably: it is the answer, and the 200 brings no other (RFC 3262 section 5)
}

// earlyDialog finds the branch of a provisional answer, and begins its dialog with the first. nil: it names none, or
// there are too many.
func (g *Leg) earlyDialog(m *message) *early {
	o := g.out
	if e := o.branch(m.to.tag); e != nil || m.to.tag == "" || len(o.early) >= maxForks {
		return e
	}
	e := &early{d: g.d}
	e.d.remoteTag, e.d.direct = m.to.tag, m.via
	e.d.learn(m, true, true, g.reachable)
	o.early = append(o.early, e)
	return e
}

// branch returns the early dialog with that tag, nil if there is none.
func (o *calling) branch(tag string) *early {
	if o == nil {
		return nil
	}
	for _, e := range o.early {
		if e.d.remoteTag == tag {
			return e
		}
	}
	return nil
}

// acknowledged sends the PRACK of a reliable answer. It reports whether the answer is to be heard: not if it is a
// repetition, or overtook one that is still missing, which the peer repeats (RFC 3262, section 4).
func (g *Leg) acknowledged(e *early, m *message) bool {
	if e == nil || !m.requires(tagReliable) {
		return true
	}
	v, _ := m.value("rseq")
	n, err := strconv.ParseUint(v, 10, 32)
	seq := uint32(n)
	if err != nil || seq == 0 || e.rseq != 0 && seq != e.rseq+1 {
		return false
	}
	e.rseq = seq
	g.d.localSeq++
	r := e.d.requestSeq("PRACK", g.d.localSeq)
	r.headers = []header{{"RAck", v + " " + strconv.FormatUint(uint64(m.cseq), 10) + " INVITE"}}
	g.lane.start(r, g.acceptsFrom, func(*message) {}, func(int) {}) // a lost branch says so by the INVITE's final answer
	return true
}

// onProvisional tells what is new; any number of them may come.
func (g *Leg) onProvisional(m *message) {
	o := g.out
	first := o.proceeding != m.branch()
	o.proceeding = m.branch()
	if o.cancelled != nil {
		if first {
			g.sendCancel()
		}
		return
	}
	if first || m.status > 100 {
		o.c.stop()
		o.c = g.lane.after(g.ep.tm.c, g.ringTimeout)
	}
	if m.status == 100 {
		return
	}
	e := g.earlyDialog(m)
	if !g.acknowledged(e, m) {
		return
	}
	sdp := m.sdp()
	if e != nil && sdp != nil {
		if e.final {
			sdp = nil // the answer is given already
		} else {
			e.sdp, e.final = sdp, m.requires(tagReliable)
		}
	}
	g.tellProvisional(m, sdp)
}

// tellProvisional tells the user what differs from the last that was told.
func (g *Leg) tellProvisional(m *message, sdp []byte) {
	o := g.out
	if m.status == o.told && bytes.Equal(sdp, o.toldSDP) && (sdp == nil || m.to.tag == o.toldTag) {
		return
	}
	o.told, o.toldSDP = m.status, sdp
	if sdp == nil || m.status == 180 {
		g.emit(Ringing{Status: m.status})
	}
	if sdp != nil {
		o.toldTag = m.to.tag
		g.emit(Progress{SDP: sdp})
	}
}

// answerOf is the SDP that a 2xx means: its own, or what the branch said before; nil where the user has been told
// already and nothing else holds.
func (o *calling) answerOf(m *message) []byte {
	e := o.branch(m.to.tag)
	switch {
	case e == nil || e.sdp == nil:
		return m.sdp()
	case e.final && o.toldTag == m.to.tag:
		return nil
	case e.final || m.sdp() == nil:
		return e.sdp
	}
	return m.sdp()
}
