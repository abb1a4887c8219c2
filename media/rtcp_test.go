package media

import (
	"net/netip"
	"testing"
	"time"

	"github.com/pion/rtcp"

	"assent/media/sdp"
)

// reportsOf returns the RTCP packets that a leg sent.
func (w *wire) reportsOf(t *testing.T, l *leg) (out [][]rtcp.Packet) {
	t.Helper()
	for _, p := range w.packets {
		if p.leg != l || !isRTCP(p.b) {
			continue
		}
		packets, err := rtcp.Unmarshal(p.b)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, packets)
	}
	return out
}

func TestReportsTellWhatWasLostAndWhatWasSent(t *testing.T) {
	w, caller, agent := bridged()
	p := &peer{ssrc: 5, seq: 65500}
	for i := range 1000 {
		packet := p.say(frameOf(1))
		if i%10 != 3 {
			w.hears(caller, packet)
		}
		w.until(w.clock.Sub(dawn) + 20*time.Millisecond)
	}
	reports := w.wire.reportsOf(t, caller)
	if len(reports) < 2 || len(reports) > 8 {
		t.Fatalf("%d reports in 20 s", len(reports))
	}
	rr, ok := reports[len(reports)-1][0].(*rtcp.ReceiverReport)
	if !ok || len(rr.Reports) != 1 || rr.Reports[0].SSRC != 5 || rr.Reports[0].FractionLost < 24 || rr.Reports[0].FractionLost > 27 {
		t.Fatalf("receiver report %+v", reports[len(reports)-1][0])
	}
	sr, ok := w.wire.reportsOf(t, agent)[0][0].(*rtcp.SenderReport)
	if !ok || sr.SSRC != agent.out.ssrc || sr.PacketCount == 0 || sr.OctetCount != sr.PacketCount*160 {
		t.Fatalf("sender report %+v", sr)
	}
	w.close()
	last := w.wire.reportsOf(t, agent)
	if _, ok := last[len(last)-1][2].(*rtcp.Goodbye); !ok {
		t.Error("no BYE at the end")
	}
}

func TestTheRoundTripTimeFollowsFromThePeersReports(t *testing.T) {
	for _, mux := range []bool{false, true} {
		w := newWorld(1)
		caller := w.leg("caller", callerAddr, func(_ *StreamConfig, a *sdp.Agreement) { a.Mux = mux })
		asked := uint32(ntp(w.now) >> 16)
		w.until(90 * time.Millisecond)
		rr := &rtcp.ReceiverReport{Reports: []rtcp.ReceptionReport{{
			SSRC: caller.out.ssrc, LastSenderReport: asked, Delay: 65536 / 20, TotalLost: 7,
		}}}
		b := must(rtcp.Marshal([]rtcp.Packet{rr}))
		from, p := netip.AddrPortFrom(callerAddr.Addr(), callerAddr.Port()+1), portRTCP
		if mux {
			from, p = callerAddr, portRTP
		}
		w.receive(w.clock, caller, p, from, b)
		s := caller.stats()
		if s.RTT < 39*time.Millisecond || s.RTT > 41*time.Millisecond || s.RemoteLost != 7 {
			t.Errorf("mux %v: round trip %v, want 40 ms; lost %d", mux, s.RTT, s.RemoteLost)
		}
	}
}

func TestABlizzardOfReportsIsNotRead(t *testing.T) {
	w := newWorld(1)
	caller := w.leg("caller", callerAddr)
	for range 1000 {
		w.receive(w.clock, caller, portRTCP, caller.remoteRTCP, []byte("not RTCP"))
	}
	if n := caller.stats().Rejected; n != maxReports {
		t.Errorf("%d packets looked at, want %d", n, maxReports)
	}
}
