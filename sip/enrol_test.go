package sip

import (
	"context"
	"net/netip"
	"strings"
	"testing"
	"time"

	"assent/auth"
)

// carrier is a registrar that the test speaks for.
type carrier struct {
	*peer
	guard *auth.Guard
}

func (h *host) enrol(c *carrier, expires time.Duration) (*Enroller, chan Enrolled) {
	h.t.Helper()
	told := make(chan Enrolled, 16)
	r, err := h.Enrol(Enrolment{Server: "sip:" + c.addr(), Credentials: carrierUser, Expires: expires}, func(e Enrolled) { told <- e })
	if err != nil {
		h.t.Fatal(err)
	}
	return r, told
}

func newCarrier(t *testing.T, h *host) *carrier {
	return &carrier{newPeer(t, "udp", h.addr("udp")), auth.NewGuard("carrier", nil)}
}

// admits challenges the next REGISTER and accepts the proven one.
func (c *carrier) admits(headers ...string) *message {
	c.t.Helper()
	c.ask(c.guard, c.request("REGISTER"), 401, false)
	m := c.request("REGISTER")
	c.proven(c.guard, m, "authorization")
	c.reply(m, 200, "reg", "", headers...)
	return m
}

func state(t *testing.T, told chan Enrolled) Enrolled {
	t.Helper()
	select {
	case e := <-told:
		return e
	case <-time.After(wait):
		t.Fatal("no state was told")
		return Enrolled{}
	}
}

func TestWeRegisterRefreshAndTakeItBackAtTheEnd(t *testing.T) {
	t.Parallel()
	h := startHost(t, unhurried())
	c := newCarrier(t, h)
	r, told := h.enrol(c, time.Hour)
	first := c.admits("Expires: 6") // the reply's own Contact says nothing
	if v, _ := first.value("contact"); v != "<sip:acme@"+h.addr("udp")+">" {
		t.Errorf("we register as %s", v)
	}
	if v, _ := first.value("expires"); v != "3600" || first.uriText != "sip:"+c.addr() {
		t.Errorf("REGISTER %s for %s s", first.uriText, v)
	}
	if e := state(t, told); !e.Up || e.Status != 200 || time.Until(e.Until) > 6*time.Second {
		t.Errorf("told %+v", e)
	}
	again := c.admits("Expires: 600")
	if again.callID != first.callID || again.cseq <= first.cseq || again.from.tag != first.from.tag {
		t.Error("the refresh is another registration")
	}
	state(t, told)
	r.Stop()
	if v, _ := c.admits().value("expires"); v != "0" {
		t.Errorf("taken back for %s s", v)
	}
	eventually(t, "the registration is gone", func() bool { return h.enrollers.Load() == 0 })
}

func TestARegistrationTooShortIsAskedForLonger(t *testing.T) {
	t.Parallel()
	h := startHost(t, unhurried())
	c := newCarrier(t, h)
	_, told := h.enrol(c, time.Minute)
	c.reply(c.request("REGISTER"), 423, "reg", "", "Min-Expires: 1800")
	m := c.request("REGISTER")
	if v, _ := m.value("expires"); v != "1800" {
		t.Errorf("asked for %s s", v)
	}
	c.reply(m, 200, "reg", "")
	if e := state(t, told); !e.Up || time.Until(e.Until) < 20*time.Minute {
		t.Errorf("told %+v", e)
	}
	closed := make(chan error, 1)
	go func() { closed <- h.Close(context.Background()) }()
	m = c.request("REGISTER")
	if v, _ := m.value("expires"); v != "0" {
		t.Errorf("at the end for %s s", v)
	}
	c.reply(m, 200, "reg", "")
	if err := <-closed; err != nil {
		t.Error(err)
	}
}

func TestARefusedRegistrationIsToldAndTriedLater(t *testing.T) {
	t.Parallel()
	h := startHost(t, unhurried())
	c := newCarrier(t, h)
	r, told := h.enrol(c, time.Hour)
	c.ask(auth.NewGuard("another realm", nil), c.request("REGISTER"), 401, false)
	if e := state(t, told); e.Up || e.Status != 401 {
		t.Errorf("told %+v", e)
	}
	m := c.request("REGISTER") // after 2.5 to 5 s
	c.reply(m, 503, "reg", "", "Retry-After: 3600")
	if e := state(t, told); e.Up || e.Status != 503 {
		t.Errorf("told %+v", e)
	}
	r.Stop() // nothing to take back
	eventually(t, "the registration is gone", func() bool { return h.enrollers.Load() == 0 })
}

// A registration that is stopped while its REGISTER is on its way is taken back all the same.
func TestAStopThatCrossesTheAnswerTakesTheRegistrationBack(t *testing.T) {
	t.Parallel()
	h := startHost(t, unhurried())
	c := newCarrier(t, h)
	r, told := h.enrol(c, time.Hour)
	m := c.request("REGISTER")
	r.Stop()
	c.reply(m, 200, "reg", "")
	m = c.request("REGISTER")
	if v, _ := m.value("expires"); v != "0" {
		t.Errorf("taken back for %s s", v)
	}
	c.reply(m, 200, "reg", "")
	eventually(t, "the registration is gone", func() bool { return h.enrollers.Load() == 0 })
	select {
	case e := <-told:
		t.Errorf("told %+v after the stop", e)
	default:
	}
}

func TestASilentRegistrarHoldsNobodyUpAtTheEnd(t *testing.T) {
	t.Parallel()
	h := startHost(t, unhurried())
	c := newCarrier(t, h)
	h.enrol(c, time.Hour)
	c.request("REGISTER") // no answer; the host closes with the test
}

func TestWhatIsGrantedIsReadFromOurOwnContact(t *testing.T) {
	t.Parallel()
	h := startHost(t, unhurried())
	for headers, want := range map[string]time.Duration{
		"Contact: <sip:acme@10.9.9.9:5060>;expires=99, <sip:acme@" + h.addr("udp") + ">;expires=77\r\nExpires: 55": 77 * time.Second,
		"Contact: <sip:acme@somewhere.else>;q=1;Expires=44":                                                        44 * time.Second,
		"Expires: 55":       55 * time.Second,
		"Contact: nonsense": time.Minute,
	} {
		m, flt := parse([]byte("SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP a;branch=z9hG4bKx\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:a@b>;tag=2\r\nCall-ID: 1\r\nCSeq: 1 REGISTER\r\n" + headers + "\r\n\r\n"))
		if flt != nil {
			t.Fatal(flt)
		}
		hop, err := h.socketFor("udp", netip.MustParseAddrPort("127.0.0.1:5060"))
		if err != nil {
			t.Fatal(err)
		}
		r := &Enroller{spec: Enrolment{Credentials: carrierUser}, d: dialog{hop: hop}}
		if got := r.granted(m, time.Minute); got != want {
			t.Errorf("%s: %v, want %v", strings.ReplaceAll(headers, "\r\n", " "), got, want)
		}
	}
}
