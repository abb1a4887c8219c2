package media

import (
	"testing"
	"time"

	"github.com/pion/rtcp"

	"assent/media/sdp"
)

func TestExtendedReportsGoToWhoReadsThem(t *testing.T) {
	for _, reads := range []bool{false, true} {
		w := newWorld(1)
		caller := w.leg("caller", callerAddr, func(_ *StreamConfig, a *sdp.Agreement) { a.ExtendedReports = reads })
		p := &peer{ssrc: 5, seq: 65000}
		for i := range 2000 {
			packet := p.say(frameOf(1))
			if i%100 < 95 {
				w.hears(caller, packet)
			}
			w.until(w.clock.Sub(dawn) + 20*time.Millisecond)
		}
		reports := w.wire.reportsOf(t, caller)
		var metrics *rtcp.VoIPMetricsReportBlock
		for _, packet := range reports[len(reports)-1] {
			if x, ok := packet.(*rtcp.ExtendedReport); ok {
				metrics = x.Reports[0].(*rtcp.VoIPMetricsReportBlock)
			}
		}
		if !reads {
			if metrics != nil {
				t.Error("an extended report went to a peer that does not read them")
			}
			continue
		}
		switch {
		case metrics == nil:
			t.Fatal("no extended report")
		case metrics.SSRC != 5 || metrics.Gmin != gmin || metrics.SignalLevel != unavailable:
			t.Errorf("%+v", metrics)
		case metrics.LossRate < 11 || metrics.LossRate > 14: // 5 % of 256
			t.Errorf("loss rate %d", metrics.LossRate)
		case metrics.BurstDuration != 100 || metrics.BurstDensity != 255 || metrics.GapDuration < 1700 || metrics.GapDuration > 2000:
			t.Errorf("bursts of %d ms at %d, gaps of %d ms", metrics.BurstDuration, metrics.BurstDensity, metrics.GapDuration)
		case metrics.RFactor < 70 || metrics.RFactor > 78 || metrics.MOSCQ < 36 || metrics.MOSCQ > 40:
			t.Errorf("R %d, MOS %d", metrics.RFactor, metrics.MOSCQ)
		}
	}
}

func TestTheFiguresTellEitherWaysQuality(t *testing.T) {
	w := newWorld(1)
	caller := w.leg("caller", callerAddr)
	if s := caller.stats(); s.MOS != 0 || s.RemoteMOS != 0 {
		t.Errorf("an opinion of nothing: %+v", s)
	}
	w.talk(caller, &peer{ssrc: 5}, 1, 200)
	w.plays(caller, 200)
	w.reports(caller, 20)
	s := caller.stats()
	if s.Codec != "PCMU" || s.MOS < 4.4 || s.MOS > 4.42 {
		t.Errorf("clean audio: %+v", s)
	}
	if s.RemoteLost != 20 || s.RemoteLoss != 10 || s.RemoteMOS < 3.3 || s.RemoteMOS > 3.5 {
		t.Errorf("a tenth lost on the way there: %+v", s)
	}
	w.rtcp(caller, &rtcp.ReceiverReport{SSRC: 9}, &rtcp.ExtendedReport{SenderSSRC: 9, Reports: []rtcp.ReportBlock{
		&rtcp.VoIPMetricsReportBlock{SSRC: caller.out.ssrc, MOSCQ: 27}, &rtcp.VoIPMetricsReportBlock{SSRC: 1, MOSCQ: 10},
	}})
	if s := caller.stats(); s.RemoteMOS != 2.7 {
		t.Errorf("the peer's own opinion is 2.7, ours of it %v", s.RemoteMOS)
	}
	w.rtcp(caller, &rtcp.ReceiverReport{SSRC: 9}, &rtcp.ExtendedReport{SenderSSRC: 9, Reports: []rtcp.ReportBlock{
		&rtcp.VoIPMetricsReportBlock{SSRC: caller.out.ssrc, MOSCQ: unavailable},
	}})
	if s := caller.stats(); s.RemoteMOS != 2.7 {
		t.Errorf("an opinion that is not there counts: %v", s.RemoteMOS)
	}
}
