package sip

import (
	"context"
	"testing"
	"time"
)

func TestACallBetweenTwoEndpointsIsSetUpAndTornDown(t *testing.T) {
	for _, network := range []string{"udp", "tcp"} {
		t.Run(network, func(t *testing.T) {
			a, b := startHost(t, quick()), startHost(t, quick())
			g, out := a.dial(b.target(network), func(s *DialSpec) { s.Asserted = &Party{User: "+49301", Host: "x.example"} })
			in := b.incoming()
			if in.Called != "agent" || in.From.User != "+4980012345" || in.From.Display != "Ann" || in.MaxForwards != 69 ||
				in.Asserted == nil || in.Asserted.User != "+49301" || in.Transport != network || string(in.Offer) != string(offer) {
				t.Fatalf("bad invite %+v", in.Invite)
			}
			in.Leg.Ring()
			if r := next[Ringing](out); r.Status != 180 {
				t.Fatalf("status %d", r.Status)
			}
			in.Leg.Progress(answer)
			next[Progress](out)
			if err := in.Leg.Answer(answer); err != nil {
				t.Fatal(err)
			}
			if r := next[Answered](out); string(r.SDP) != string(answer) {
				t.Fatalf("answer %q", r.SDP)
			}
			next[Confirmed](in.box)
			if err := g.Info("application/dtmf-relay", []byte("Signal=1\r\n")); err != nil {
				t.Fatal(err)
			}
			if i := next[Info](in.box); i.ContentType != "application/dtmf-relay" || string(i.Body) != "Signal=1\r\n" {
				t.Fatalf("info %+v", i)
			}
			g.Hangup(Cause{Q850: 16, Text: "done"})
			if e := next[Ended](out); e.By != ByLocal || e.Reason != EndBye {
				t.Fatalf("ended %+v", e)
			}
			if e := next[Ended](in.box); e.By != ByRemote || e.Reason != EndBye || e.Q850 != 16 {
				t.Fatalf("ended %+v", e)
			}
			in.silent(20 * time.Millisecond)
			out.silent(20 * time.Millisecond)
		})
	}
}

func TestARejectionCarriesStatusAndCause(t *testing.T) {
	a, b := startHost(t, quick()), startHost(t, quick())
	_, out := a.dial(b.target("udp"))
	in := b.incoming()
	in.Leg.Reject(Cause{Status: 486, Q850: 17, Text: "busy"})
	if e := next[Ended](in.box); e != (Ended{ByLocal, 486, 17, EndRejected, 0}) {
		t.Fatalf("%+v", e)
	}
	if e := next[Ended](out); e != (Ended{ByRemote, 486, 17, EndRejected, 0}) {
		t.Fatalf("%+v", e)
	}
}

func TestACancelEndsBothSides(t *testing.T) {
	a, b := startHost(t, quick()), startHost(t, quick())
	g, out := a.dial(b.target("udp"))
	in := b.incoming()
	in.Leg.Ring()
	next[Ringing](out)
	g.Hangup(Cause{Q850: 26})
	if e := next[Ended](out); e != (Ended{ByLocal, 487, 26, EndCancelled, 0}) {
		t.Fatalf("%+v", e)
	}
	if e := next[Ended](in.box); e != (Ended{ByRemote, 487, 26, EndCancelled, 0}) {
		t.Fatalf("%+v", e)
	}
	if err := in.Leg.Answer(answer); err != ErrOver {
		t.Fatalf("answer after cancel: %v", err)
	}
}

func TestRingingTooLongIsCancelled(t *testing.T) {
	t.Parallel()
	a, b := startHost(t, quick()), startHost(t, quick())
	_, out := a.dial(b.target("tcp"), func(s *DialSpec) { s.Timeout = 50 * time.Millisecond })
	in := b.incoming()
	if e := next[Ended](out); e.By != ByTimeout || e.Status != 408 || e.Reason != EndTimeout {
		t.Fatalf("%+v", e)
	}
	if e := next[Ended](in.box); e.Reason != EndCancelled {
		t.Fatalf("%+v", e)
	}
}

func TestAnEndpointMayCallItself(t *testing.T) {
	a := startHost(t, quick())
	g, out := a.dial(a.target("udp"))
	in := a.incoming()
	_ = in.Leg.Answer(answer)
	next[Answered](out)
	next[Confirmed](in.box)
	g.Hangup(Cause{})
	next[Ended](out)
	next[Ended](in.box)
}

func TestManyCallsAtOnceLeaveNothingBehind(t *testing.T) {
	unhurried := quick()
	unhurried.t1, unhurried.c = 4*unhurried.t1, time.Minute // so many calls may take a slow machine a while
	a, b := startHost(t, unhurried), startHost(t, unhurried)
	b.onInvite(func(i *Invite) {
		i.Leg.Listen(func(Event) {}, nil)
		i.Leg.Ring()
		_ = i.Leg.Answer(answer)
	})
	const calls = 300
	ended := make(chan Ended, calls)
	for n := range calls {
		network := []string{"udp", "tcp"}[n%2]
		legs := make(chan *Leg, 1)
		g, err := a.Dial(DialSpec{Target: b.target(network), Offer: offer}, func(ev Event) {
			switch e := ev.(type) {
			case Answered:
				(<-legs).Hangup(Cause{Q850: 16})
			case Ended:
				ended <- e
			}
		})
		if err != nil {
			t.Fatal(err)
		}
		legs <- g
		if n%20 == 19 {
			time.Sleep(time.Millisecond) // about what a loaded machine's sockets take
		}
	}
	for range calls {
		if e := <-ended; e.Reason != EndBye {
			t.Fatalf("%+v", e)
		}
	}
	deadline := time.Now().Add(wait)
	for a.Stats().Lanes+b.Stats().Lanes+b.Stats().Legs > 0 && time.Now().Before(deadline) {
		time.Sleep(5 * time.Millisecond)
	}
	if s := b.Stats(); s.Lanes != 0 || s.Legs != 0 || a.Stats().Lanes != 0 {
		t.Fatalf("%+v", s)
	}
}

func TestCloseHangsUpAndTellsEverybody(t *testing.T) {
	a, b := startHost(t, quick()), startHost(t, quick())
	_, up := a.dial(b.target("udp"))
	in := b.incoming()
	_ = in.Leg.Answer(answer)
	next[Answered](up)
	next[Confirmed](in.box)
	_, ringing := a.dial(b.target("tcp"))
	second := b.incoming()
	second.Leg.Ring()
	next[Ringing](ringing)
	ctx, cancel := context.WithTimeout(context.Background(), wait)
	defer cancel()
	if err := a.Close(ctx); err != nil {
		t.Fatal(err)
	}
	next[Ended](up)
	next[Ended](ringing)
	next[Ended](in.box)
	if e := next[Ended](second.box); e.Reason != EndCancelled {
		t.Fatalf("%+v", e)
	}
	if _, err := a.Dial(DialSpec{Target: b.target("udp"), Offer: offer}, nil); err == nil {
		t.Fatal("a closed endpoint dialled")
	}
}
