package sip

import (
	"math/rand/v2"
	"strconv"
	"strings"
	"time"

	"assent/terms"
)

// maxUnsent bounds the provisional answers that wait for the PRACK of one before them.
const maxUnsent = 8

// reliable are the provisional answers of one INVITE that the caller acknowledges by PRACK (RFC 3262, section 3).
type reliable struct {
	seq      uint32          // RSeq of the last one
	open     *unacknowledged // at most one is on its way
	waiting  []reply         // those behind it
	answered bool            // one that carried our SDP was acknowledged: the offer/answer exchange is over
	final    *[]byte         // the SDP of a 200 that waits for the PRACK (section 3)
}

// unacknowledged is a reliable provisional answer without its PRACK, repeated until it comes.
type unacknowledged struct {
	data        []byte
	sdp         bool
	interval    time.Duration
	resend, end *timer
}

// reliably reports whether a provisional answer has to reach the caller: the caller insists, or can and it carries SDP.
func (g *Leg) reliably(sdp []byte) bool {
	a := &g.asked
	wanted := g.terms.Reliable == terms.Supported || g.terms.Reliable == terms.Required
	return a.insists || wanted && a.reliable && sdp != nil
}

// sendReliable sends a provisional answer, or queues it behind one that has no PRACK yet.
func (g *Leg) sendReliable(r reply) {
	rel := &g.in.rel
	if rel.open != nil {
		if len(rel.waiting) < maxUnsent {
			rel.waiting = append(rel.waiting, r)
		}
		return
	}
	if rel.seq == 0 {
		rel.seq = rand.Uint32N(1<<31-2) + 1 // between 1 and 2^31-1, with room above
	}
	rel.seq++
	r.headers = append(r.headers, header{"Require", tagReliable}, header{"RSeq", strconv.FormatUint(uint64(rel.seq), 10)})
	u := &unacknowledged{sdp: r.sdp != nil, interval: g.ep.tm.t1, data: g.in.tx.respond(r)}
	rel.open = u
	u.resend = g.lane.after(u.interval, func() { g.repeatReliable(u) })
	u.end = g.lane.after(g.ep.tm.giveUp(), g.noPrack)
}

// repeatReliable sends it again at doubling intervals, over any transport: the loss may be beyond the next hop.
func (g *Leg) repeatReliable(u *unacknowledged) {
	if g.in == nil || g.in.rel.open != u {
		return
	}
	g.ep.stats.retransmitted.Add(1)
	g.ep.send(&g.in.tx.hop, u.data, nil)
	u.interval *= 2
	u.resend = g.lane.after(u.interval, func() { g.repeatReliable(u) })
}

// noPrack refuses a call whose caller never acknowledged (section 3).
func (g *Leg) noPrack() {
	if g.in == nil || g.over() {
		return
	}
	g.refuseInvite(Cause{Status: 504, Q850: 102, Text: "no PRACK"})
	g.finish(Ended{By: ByTimeout, Status: 504, Q850: 102, Reason: EndNoAck})
}

// onPrack takes the acknowledgement of a reliable provisional answer; it may bring an offer (section 5).
func (g *Leg) onPrack(tx *serverTx, m *message) {
	if g.in == nil || g.in.rel.open == nil || !g.acknowledges(m) {
		tx.respond(reply{status: 481})
		return
	}
	rel := &g.in.rel
	rel.answered = rel.answered || rel.open.sdp
	rel.stop()
	if m.sdp() != nil && rel.answered && g.offer == nil {
		g.takeOffer(tx, m)
	} else {
		tx.respond(reply{status: 200})
	}
	g.nextReliable()
}

// acknowledges reports whether the RAck names the open answer: its RSeq, and the INVITE's CSeq (section 7.2).
func (g *Leg) acknowledges(m *message) bool {
	v, _ := m.value("rack")
	want := []string{strconv.FormatUint(uint64(g.in.rel.seq), 10), strconv.FormatUint(uint64(g.in.tx.cseq), 10), "INVITE"}
	got := strings.Fields(v)
	if len(got) != len(want) {
		return false
	}
	for i := range want {
		if strings.TrimLeft(got[i], "0") != want[i] {
			return false
		}
	}
	return true
}

// nextReliable sends what waited for a PRACK: the provisional answers in their order, then the 200.
func (g *Leg) nextReliable() {
	rel := &g.in.rel
	if rel.open != nil {
		return
	}
	if len(rel.waiting) > 0 {
		r := rel.waiting[0]
		rel.waiting = rel.waiting[1:]
		g.sendReliable(r)
		return
	}
	if rel.final != nil {
		g.answer(*rel.final)
	}
}

// settled reports whether our answer to the INVITE's offer has reached the caller.
func (r *reliable) settled() bool { return r.answered && r.open == nil }

// stop ends the repetitions of the open answer.
func (r *reliable) stop() {
	if r.open != nil {
		r.open.resend.stop()
		r.open.end.stop()
		r.open = nil
	}
}
