package app_test

import (
	"encoding/binary"
	"net"
	"net/netip"
	"testing"
	"time"

	"assent/consent"
	"assent/demo/phone"
	"assent/event"
)

// receiverReport is what a caller's side says by RTCP of what it heard (RFC 3550 section 6.4.2): up to the newest packet,
// and that so many percent of them never came.
func receiverReport(heard []phone.Packet, lostPercent int) []byte {
	newest := heard[len(heard)-1]
	b := make([]byte, 32)
	b[0], b[1], b[3] = 2<<6|1, 201, 7
	binary.BigEndian.PutUint32(b[4:], 0x5eed)
	binary.BigEndian.PutUint32(b[8:], newest.SSRC)
	binary.BigEndian.PutUint32(b[12:], uint32(lostPercent*256/100)<<24|uint32(len(heard)*lostPercent/100))
	binary.BigEndian.PutUint32(b[16:], uint32(newest.Sequence))
	return b
}

// A question of which the caller's side reports loss was not heard: a yes to it is asked again, and then is none.
func TestAYesToAQuestionThatHardlyArrivedIsNoConsent(t *testing.T) {
	t.Parallel()
	s := prepare(t)
	s.edit("assent.yaml", "trust_caller: true", "trust_caller: true\n    rtp_source: learn") // reports may come from any port
	s.file("prompts/question.wav", wav(2*time.Second))
	s.start()
	c := s.dial()
	reports, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	must(t, err)
	defer reports.Close()
	var pressed time.Time
	s.until("an answer", func() bool {
		if heard := c.Packets(); len(heard) > 50 && time.Since(pressed) > pressAgain { // what is pressed while the question plays is no answer
			pressed = time.Now()
			_, err := reports.WriteToUDPAddrPort(receiverReport(heard, 40), netip.AddrPortFrom(c.Peer().Addr(), c.Peer().Port()+1))
			must(t, err)
			c.Press("1") // behind the report
		}
		return s.answers() > 0
	})
	if e := s.saw(event.ConsentNoInput); e.Detail == "" || len(s.all(event.ConsentGranted)) > 0 {
		t.Errorf("%+v", e)
	}
	if asked := s.all(event.ConsentAsked); len(c.Packets()) < 150 {
		t.Errorf("the question was not played again: %d packets, asked %d times", len(c.Packets()), len(asked))
	}
	s.hangup(c)
	cdr := s.cdr()
	if cdr.Recording.Result != "none" || cdr.Recording.File != "" || cdr.Consent.State != "no_input" {
		t.Errorf("%+v %+v", cdr.Consent, cdr.Recording)
	}
	records, err := consent.ByCall(s.path("ledger"), cdr.ID)
	must(t, err)
	d, ok := records[0].Data.(consent.ConsentData)
	if !ok || d.Notice == nil || d.Notice.Heard || d.Notice.Why != "loss" || d.Notice.LossPercent < 20 || d.Notice.Plays < 2 {
		t.Errorf("the ledger has %+v, its notice %+v", d, d.Notice)
	}
}
