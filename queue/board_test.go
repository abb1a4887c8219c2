package queue

import (
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"
)

func TestOfferSaysWhereAndHowLongToRing(t *testing.T) {
	o := wantStation(t, join(t, board(InOrder, "a"), "q"), "a")
	if o.Address() != "sip:a@192.0.2.1" || o.Ring() != 20*time.Second || o.Config().Calls != 1 {
		t.Errorf("%s for %s", o.Address(), o.Ring())
	}
}

func TestRingingStationCountsTowardsItsCalls(t *testing.T) {
	b := board(InOrder, "a*2")
	first, second, third := join(t, b, "q"), join(t, b, "q"), join(t, b, "q")
	one := wantStation(t, first, "a")
	two := wantStation(t, second, "a")
	wantNothing(t, third)
	if _, err := b.Seize(b.rules, "a"); !errors.Is(err, ErrBusy) {
		t.Errorf("seized a full station: %v", err)
	}
	wantAnswered(t, one)
	wantNothing(t, third) // answered counts as well
	two.Failed("no_answer")
	wantFailed(t, second)
	wantStation(t, third, "a")
}

func TestFullStationIsPassedOverAndTheCallerWaits(t *testing.T) {
	b := board(InOrder, "a b")
	talking := wantStation(t, join(t, b, "q"), "a")
	wantAnswered(t, talking)
	ticket := join(t, b, "q")
	wantStation(t, ticket, "b").Failed("no_answer")
	wantNothing(t, ticket) // a is merely busy with another call
	talking.Release()
	wantStation(t, ticket, "a").Failed("no_answer")
	wantFailed(t, ticket)
}

func TestStationThatFailedIsNotTriedAgain(t *testing.T) {
	b := board(InOrder, "a b")
	ticket := join(t, b, "q")
	wantStation(t, ticket, "a").Busy()
	wantStation(t, ticket, "b").Failed("unreachable")
	wantFailed(t, ticket)
	wantNothing(t, ticket)
	if b.Waiting("q") != 0 {
		t.Errorf("%d wait", b.Waiting("q"))
	}
}

func TestStationThatFailedForOneCallerIsOfferedToTheNext(t *testing.T) {
	b := board(InOrder, "a b")
	busy := wantStation(t, join(t, b, "q"), "a")
	wantAnswered(t, busy)
	first, second := join(t, b, "q"), join(t, b, "q")
	wantStation(t, first, "b").Failed("no_answer")
	wantNothing(t, first)
	wantStation(t, second, "b")
}

func TestQueueWithoutStationsFailsAtOnce(t *testing.T) {
	b := open(map[string]Config{"q": queueOf(RingAll, "nobody")}, nil)
	wantFailed(t, join(t, b, "q"))
}

func TestStationThatIsListedTwiceIsOfferedOnce(t *testing.T) {
	b := open(map[string]Config{"q": queueOf(RingAll, "a a")}, stationsOf("a*2"))
	ticket := join(t, b, "q")
	wantStation(t, ticket, "a").Failed("no_answer")
	wantFailed(t, ticket)
}

func TestUnknownNamesAreErrors(t *testing.T) {
	b := board(InOrder, "a")
	if _, err := b.Join(b.rules, "z", "call"); !errors.Is(err, ErrUnknown) {
		t.Errorf("queue: %v", err)
	}
	if _, err := b.Seize(b.rules, "z"); !errors.Is(err, ErrUnknown) {
		t.Errorf("station: %v", err)
	}
	if b.Waiting("z") != 0 || b.Taken("z") != 0 {
		t.Error("somebody waits in a queue that does not exist")
	}
}

func TestFullQueueTakesNobody(t *testing.T) {
	cfg := queueOf(InOrder, "a")
	cfg.MaxWaiting = 2
	b := open(map[string]Config{"q": cfg}, stationsOf("a"))
	first := join(t, b, "q")
	join(t, b, "q")
	if _, err := b.Join(b.rules, "q", "call"); !errors.Is(err, ErrFull) {
		t.Fatalf("third caller: %v", err)
	}
	wantAnswered(t, offered(t, first)) // who is connected does not wait
	join(t, b, "q")
	if b.Waiting("q") != 2 {
		t.Errorf("%d wait", b.Waiting("q"))
	}
}

func TestCallerTimesOutAfterMaxWaitAndNotBefore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := queueOf(InOrder, "a")
		cfg.MaxWait = time.Minute
		b := open(map[string]Config{"q": cfg}, stationsOf("a"))
		ringing := join(t, b, "q")
		o := offered(t, ringing)
		time.Sleep(30 * time.Second)
		waiting := join(t, b, "q")
		time.Sleep(30*time.Second - 1)
		synctest.Wait()
		wantNothing(t, ringing)
		time.Sleep(1)
		synctest.Wait()
		if e := <-ringing.Events(); e != Event(TimedOut{}) {
			t.Errorf("told %#v", e)
		}
		if !withdrawnNow(o) || o.Answered() {
			t.Error("the offer stands after max_wait")
		}
		next := wantStation(t, waiting, "a")
		wantAnswered(t, next)
		time.Sleep(time.Hour)
		synctest.Wait()
		wantNothing(t, waiting) // who is connected does not time out
		next.Release()
		next.Release()
		if b.Taken("a") != 0 {
			t.Errorf("%d taken", b.Taken("a"))
		}
	})
}

func TestLeavingWithdrawsTheOfferAndLetsTheNextCallerIn(t *testing.T) {
	b := board(InOrder, "a")
	first, second := join(t, b, "q"), join(t, b, "q")
	o := offered(t, first)
	first.Leave()
	first.Leave()
	if !withdrawnNow(o) || o.Answered() {
		t.Error("the offer stands after its caller left")
	}
	wantStation(t, second, "a")
	if b.Waiting("q") != 1 {
		t.Errorf("%d wait", b.Waiting("q"))
	}
}

func TestLeavingDropsTheOfferThatWasNotRead(t *testing.T) {
	b := board(RingAll, "a b")
	ticket := join(t, b, "q")
	ticket.Leave()
	wantNothing(t, ticket)
	if b.Taken("a") != 0 || b.Taken("b") != 0 {
		t.Error("stations are taken by a caller who left")
	}
}

func TestLeavingAfterTheAnswerKeepsTheStation(t *testing.T) {
	b := board(InOrder, "a")
	ticket := join(t, b, "q")
	o := offered(t, ticket)
	wantAnswered(t, o)
	ticket.Leave()
	o.Failed("too late")
	if b.Taken("a") != 1 || withdrawnNow(o) {
		t.Error("leaving the queue ended the call")
	}
	o.Release()
	if b.Taken("a") != 0 {
		t.Error("the station is taken after the call")
	}
}

func TestReleaseOfARingingOfferDoesNothing(t *testing.T) {
	b := board(InOrder, "a")
	o := offered(t, join(t, b, "q"))
	o.Release()
	if b.Taken("a") != 1 {
		t.Error("a ringing station is free")
	}
}

func TestLongestWaitingCallerComesFirstAcrossQueuesThatShareStations(t *testing.T) {
	b := open(map[string]Config{"q": queueOf(InOrder, "a"), "p": queueOf(RingAll, "a"), "r": queueOf(LongestIdle, "a b")}, stationsOf("a b"))
	talking := seize(t, b, "a")
	other := seize(t, b, "b")
	wantAnswered(t, talking)
	order := []*Ticket{}
	for i := range 12 {
		order = append(order, join(t, b, []string{"q", "p", "r"}[i%3]))
	}
	for i, ticket := range order {
		talking.Release()
		for _, later := range order[i+1:] {
			wantNothing(t, later)
		}
		talking = wantStation(t, ticket, "a")
		wantAnswered(t, talking)
	}
	other.Failed("")
}

func TestCallerWhoCannotUseTheStationDoesNotHoldUpThoseBehind(t *testing.T) {
	b := open(map[string]Config{"q": queueOf(InOrder, "a"), "p": queueOf(InOrder, "b")}, stationsOf("a b"))
	seize(t, b, "a")
	wantNothing(t, join(t, b, "q"))
	wantStation(t, join(t, b, "p"), "b")
}

func TestSeizedStationIsGivenBack(t *testing.T) {
	b := board(InOrder, "a")
	for _, end := range []func(*Offer){
		func(o *Offer) { o.Failed("no_answer") },
		func(o *Offer) { o.Busy() },
		func(o *Offer) { o.Answered(); o.Release() },
	} {
		o := seize(t, b, "a")
		waiting := join(t, b, "q")
		wantNothing(t, waiting)
		end(o)
		wantStation(t, waiting, "a")
		waiting.Leave()
	}
}

func TestDefaultsAreThoseOfTheManual(t *testing.T) {
	q, s := DefaultConfig(), DefaultStationConfig()
	if q.Strategy != LongestIdle || q.MaxWait != 5*time.Minute || q.MaxWaiting != 100 || q.Recording.Enabled {
		t.Errorf("%+v", q)
	}
	if s.Calls != 1 || s.Ring != 20*time.Second || s.Recording.Enabled {
		t.Errorf("%+v", s)
	}
}

func ExampleBoard_Join() {
	rules := Rules{
		Queues:   map[string]Config{"support": {Stations: []string{"agent-1"}, Strategy: LongestIdle}},
		Stations: map[string]StationConfig{"agent-1": {Address: "sip:agent-1@198.51.100.7:5060", Calls: 1}},
	}
	b := New(rules.Queues, rules.Stations)
	ticket, err := b.Join(rules, "support", "call-1")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer ticket.Leave()
	switch e := (<-ticket.Events()).(type) {
	case Offered:
		fmt.Println("ring", e.Offer.Address())
		if e.Offer.Answered() {
			fmt.Println("connected with", e.Offer.Station())
			e.Offer.Release()
		}
	case Failed, TimedOut:
		fmt.Println("back to the flow")
	}
	// Output:
	// ring sip:agent-1@198.51.100.7:5060
	// connected with agent-1
}
