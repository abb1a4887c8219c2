package media

import (
	"testing"
	"time"

	"github.com/pion/rtcp"
)

// reports lets the peer of l report on what it got: all up to our newest packet, less lost so far.
func (w *world) reports(l *leg, lost uint32) {
	w.reportsUpTo(l, l.out.seq, lost)
}

func (w *world) reportsUpTo(l *leg, seq uint64, lost uint32) {
	w.rtcp(l, &rtcp.ReceiverReport{SSRC: 9, Reports: []rtcp.ReceptionReport{{
		SSRC: l.out.ssrc, LastSequenceNumber: 3<<16 | uint32(uint16(seq)), TotalLost: lost,
	}}})
}

// rtcp lets a report of l's peer arrive.
func (w *world) rtcp(l *leg, packets ...rtcp.Packet) {
	w.receive(w.clock, l, portRTCP, l.remoteRTCP, must(rtcp.Marshal(packets)))
}

// plays sends n packets of a prompt to a leg, in their time.
func (w *world) plays(l *leg, n int) {
	l.playout.play(l, clipOf(1, n), PlayOptions{})
	w.until(w.clock.Sub(dawn) + time.Duration(n)*20*time.Millisecond)
}

func TestADeliveryCountsWhatThePeerLostOfThatSpan(t *testing.T) {
	w := newWorld(1)
	caller := w.leg("caller", callerAddr)
	w.plays(caller, 100)
	w.reports(caller, 10)
	from := caller.mark()
	w.plays(caller, 200)
	to := caller.mark()
	if d := caller.delivery(from, to); d != (Delivery{Sent: 200}) {
		t.Errorf("before any report: %+v", d)
	}
	w.reportsUpTo(caller, to.seq-100, 15)
	if d := caller.delivery(from, to); d != (Delivery{Sent: 200, Reported: 100, Lost: 5}) {
		t.Errorf("half reported: %+v", d)
	}
	w.plays(caller, 100)
	w.reports(caller, 40)
	d := caller.delivery(from, to)
	if d != (Delivery{Sent: 200, Reported: 300, Lost: 30, Complete: true}) {
		t.Errorf("reported: %+v", d)
	}
	if share, ok := d.LossPercent(); !ok || share != 10 {
		t.Errorf("loss %v %v, want 10 percent", share, ok)
	}
	w.plays(caller, 1000)
	w.reports(caller, 1000)
	if later := caller.delivery(from, to); later != d {
		t.Errorf("what was lost later counts: %+v", later)
	}
}

func TestADeliveryFromTheFirstPacketNeedsNoReportBeforeIt(t *testing.T) {
	w := newWorld(1)
	caller := w.leg("caller", callerAddr)
	from := caller.mark()
	w.plays(caller, 50)
	to := caller.mark()
	if _, ok := caller.delivery(from, to).LossPercent(); ok {
		t.Error("a loss is known of which nobody told")
	}
	w.reports(caller, 20)
	if d := caller.delivery(from, to); d != (Delivery{Sent: 50, Reported: 50, Lost: 20, Complete: true}) {
		t.Errorf("%+v", d)
	}
}

func TestAPeerThatHearsNothingIsToldFromOneThatSaysNothing(t *testing.T) {
	w := newWorld(1)
	caller := w.leg("caller", callerAddr)
	w.rtcp(caller, &rtcp.ReceiverReport{SSRC: 9})
	from := caller.mark()
	if from.report.unheard != 0 {
		t.Error("a report before anything was sent counts")
	}
	w.plays(caller, 100)
	to := caller.mark()
	if d := caller.delivery(from, to); d.Unheard != 0 {
		t.Errorf("no report, and %+v", d)
	}
	w.rtcp(caller, &rtcp.ReceiverReport{SSRC: 9})
	w.rtcp(caller, &rtcp.ReceiverReport{SSRC: 9}) // nothing was sent since the one before
	w.plays(caller, 50)
	w.rtcp(caller, &rtcp.ReceiverReport{SSRC: 9, Reports: []rtcp.ReceptionReport{{SSRC: 77}}})
	if d := caller.delivery(from, to); d != (Delivery{Sent: 100, Unheard: 2}) {
		t.Errorf("%+v", d)
	}
}

func TestAReportCanNeitherClaimMoreThanWasSentNorLoseLessThanNothing(t *testing.T) {
	w := newWorld(1)
	caller := w.leg("caller", callerAddr)
	from := caller.mark()
	w.plays(caller, 10)
	to := caller.mark()
	w.reportsUpTo(caller, to.seq+500, 1<<24-3) // three duplicates
	if d := caller.delivery(from, to); d != (Delivery{Sent: 10, Reported: 10, Complete: true}) {
		t.Errorf("%+v", d)
	}
	w.reportsUpTo(caller, to.seq, 1<<23-1)
	if d := caller.delivery(from, to); d.Lost > d.Reported {
		t.Errorf("more lost than reported: %+v", d)
	}
	if d := caller.delivery(to, from); d.Sent != 0 || d.Reported != 0 {
		t.Errorf("a span that runs backwards: %+v", d)
	}
}

func TestTheHistoryOfReportsIsBoundedAndKeepsTheNewest(t *testing.T) {
	var h history
	for i := range 1000 {
		h.add(remoteReport{known: true, at: time.Duration(i) * 100 * time.Millisecond, newest: uint64(i)})
	}
	if len(h.reports) != maxHistory || cap(h.reports) > 2*maxHistory {
		t.Fatalf("%d reports kept", len(h.reports))
	}
	if r, ok := h.reaching(999); !ok || r.newest != 999 {
		t.Errorf("newest %+v %v", r, ok)
	}
	if r, ok := h.reaching(2000); ok || r.newest != 999 {
		t.Errorf("beyond the newest %+v %v", r, ok)
	}
	for i := 1; i < len(h.reports)-1; i++ {
		if gap := h.reports[i].at - h.reports[i-1].at; gap < historyStep {
			t.Errorf("reports %d and %d are %v apart", i-1, i, gap)
		}
	}
}
