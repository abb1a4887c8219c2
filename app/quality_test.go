package app_test

import (
	"strings"
	"testing"

	"assent/event"
)

func TestTheRecordTellsHowTheAudioWasAndASilenceIsTold(t *testing.T) {
	t.Parallel()
	s := prepare(t).start()
	c := s.dial()
	s.press(c, "1")
	far := <-s.far
	s.saw(event.RecordingStarted)
	c.Mute(true)
	if e := s.saw(event.CallAudioLost); e.Leg != "caller" || e.Reason != "no_rtp" {
		t.Errorf("%+v", e)
	}
	c.Mute(false)
	s.saw(event.CallAudioBack)
	heard := len(far.Packets())
	s.until("the caller's audio", func() bool { return len(far.Packets()) > heard+20 })
	s.hangup(c)
	q := s.cdr().Quality
	if q.Caller == nil || q.Agent == nil {
		t.Fatalf("%+v", q)
	}
	if q.Caller.Codec != "PCMU" || q.Caller.MOS < 4 || q.Caller.SilentMS < 4900 || q.Caller.OneWay != "" || q.Caller.Sent == 0 {
		t.Errorf("caller: %+v", *q.Caller)
	}
	if q.Agent.MOS < 4 || q.Agent.SilentMS != 0 || q.Agent.RemoteMOS != 0 {
		t.Errorf("agent: %+v", *q.Agent)
	}
	_, text := s.get("/metrics")
	for _, want := range []string{
		`assent_rtp_mos_count{direction="received",leg="caller",trunk="carrier"} 1`,
		`assent_rtp_packets_total{direction="sent",leg="agent",trunk="carrier"}`,
		`assent_rtp_packets_refused_total{leg="caller",reason="stranger",trunk="carrier"} 0`,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %s in the metrics", want)
		}
	}
}
