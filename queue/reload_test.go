package queue

import (
	"errors"
	"reflect"
	"testing"
	"time"
)

func TestReloadKeepsWhatRunningTicketsBeganWith(t *testing.T) {
	cfg := queueOf(InOrder, "a b")
	cfg.MaxWait, cfg.Music = time.Minute, "calm"
	b := open(map[string]Config{"q": cfg}, stationsOf("a b"))
	talking := seize(t, b, "a")
	wantAnswered(t, talking)
	ringing := join(t, b, "q")
	o := wantStation(t, ringing, "b")

	later := b.reload(nil, nil) // everything goes
	if ringing.Queue() != "q" || ringing.Config().Music != "calm" || ringing.Call() != "call" {
		t.Error("the ticket changed")
	}
	if _, err := later.Join(later.rules, "q", "new"); !errors.Is(err, ErrUnknown) {
		t.Errorf("a new call joined a queue that is gone: %v", err)
	}
	if _, err := later.Seize(later.rules, "b"); !errors.Is(err, ErrUnknown) {
		t.Errorf("a new call seized a station that is gone: %v", err)
	}
	if withdrawnNow(o) || b.Waiting("q") != 1 {
		t.Error("the reload ended a running ticket")
	}
	o.Failed("no_answer")
	talking.Release()
	last := wantStation(t, ringing, "a") // gone, but the call began with it
	b.reload(nil, nil)
	last.Failed("no_answer")
	wantFailed(t, ringing)
	wantEmpty(t, b.Board)
}

func TestCallJoinsTheQueueItBeganWithThoughAReloadRemovedIt(t *testing.T) {
	cfg := queueOf(InOrder, "a b")
	cfg.MaxWaiting = 2
	b := open(map[string]Config{"q": cfg}, stationsOf("a b"))
	b.reload(nil, nil)
	wantEmpty(t, b.Board)

	first, second := join(t, b, "q"), join(t, b, "q")
	one, two := wantStation(t, first, "a"), wantStation(t, second, "b")
	if _, err := b.Join(b.rules, "q", "call"); !errors.Is(err, ErrFull) {
		t.Errorf("third caller: %v", err)
	}
	two.Failed("no_answer")
	wantNothing(t, second) // a is merely busy
	wantAnswered(t, one)
	one.Release()
	wantStation(t, second, "a")
	second.Leave()
	wantEmpty(t, b.Board)
}

func TestCallIsOfferedTheStationsItBeganWith(t *testing.T) {
	before := stationsOf("a b")
	b := open(map[string]Config{"q": queueOf(RingAll, "a b")}, before)
	changed := stationsOf("b c")
	changed["b"] = StationConfig{Address: "sip:b@198.51.100.9", Calls: 1, Ring: time.Second}
	later := b.reload(map[string]Config{"q": queueOf(RingAll, "b c")}, changed)

	ticket := join(t, b, "q")
	wantStation(t, ticket, "a").Failed("no_answer") // removed
	o := wantStation(t, ticket, "b")
	if !reflect.DeepEqual(o.Config(), before["b"]) {
		t.Errorf("offered %+v", o.Config())
	}
	o.Failed("no_answer")
	wantFailed(t, ticket) // c is none of its stations
	o = wantStation(t, join(t, later, "q"), "b")
	if !reflect.DeepEqual(o.Config(), changed["b"]) {
		t.Errorf("a new call is offered %+v", o.Config())
	}
}

func TestCallSeizesTheStationItBeganWithThoughAReloadRemovedIt(t *testing.T) {
	b := board(InOrder, "a*2")
	b.reload(nil, nil)
	first, second := seize(t, b, "a"), seize(t, b, "a")
	if !reflect.DeepEqual(first.Config(), b.rules.Stations["a"]) {
		t.Errorf("seized %+v", first.Config())
	}
	if _, err := b.Seize(b.rules, "a"); !errors.Is(err, ErrBusy) {
		t.Errorf("seized a full station: %v", err)
	}
	first.Failed("no_answer")
	wantAnswered(t, second)
	second.Release()
	wantEmpty(t, b.Board)
}

func TestStationThatIsSeizedIsKeptForThoseWhoWaitForIt(t *testing.T) {
	b := board(InOrder, "a")
	b.reload(nil, nil)
	seized := seize(t, b, "a")
	ticket := join(t, b, "q")
	wantNothing(t, ticket)
	seized.Failed("no_answer")
	o := wantStation(t, ticket, "a")
	wantAnswered(t, o)
	if b.Taken("a") != 1 {
		t.Errorf("%d taken", b.Taken("a"))
	}
	o.Release()
	wantEmpty(t, b.Board)
}

func TestEachCallIsHeldToItsOwnMaxWaiting(t *testing.T) {
	few, many := queueOf(InOrder, "a"), queueOf(InOrder, "a")
	few.MaxWaiting, many.MaxWaiting = 1, 3
	b := open(map[string]Config{"q": few}, stationsOf("a"))
	later := b.reload(map[string]Config{"q": many}, stationsOf("a"))
	join(t, b, "q")
	if _, err := b.Join(b.rules, "q", "call"); !errors.Is(err, ErrFull) {
		t.Errorf("second caller with the old limit: %v", err)
	}
	join(t, later, "q")
	join(t, later, "q")
	if _, err := later.Join(later.rules, "q", "call"); !errors.Is(err, ErrFull) {
		t.Errorf("fourth caller with the new limit: %v", err)
	}
}

func TestStationThatComesBackStillHasItsCalls(t *testing.T) {
	b := board(InOrder, "a")
	o := offered(t, join(t, b, "q"))
	wantAnswered(t, o)
	b.reload(nil, nil)
	b = b.reload(b.rules.Queues, b.rules.Stations)
	ticket := join(t, b, "q")
	wantNothing(t, ticket)
	o.Release()
	wantStation(t, ticket, "a")
}

func TestMoreCallsForAStationWakeWhoWaits(t *testing.T) {
	b := board(InOrder, "a")
	offered(t, join(t, b, "q"))
	ticket := join(t, b, "q")
	b.reload(b.rules.Queues, stationsOf("a*2"))
	wantStation(t, ticket, "a")
}

func TestMoreCallsForAStationLetNobodyOvertake(t *testing.T) {
	b := board(InOrder, "a")
	offered(t, join(t, b, "q"))
	later := b.reload(b.rules.Queues, stationsOf("a*2"))
	old, fresh := join(t, b, "q"), join(t, later, "q")
	wantStation(t, old, "a")
	wantNothing(t, fresh)
}

func TestFewerCallsForAStationHoldForCallsThatBeganBefore(t *testing.T) {
	b := board(InOrder, "a*2")
	b.reload(b.rules.Queues, stationsOf("a"))
	o := seize(t, b, "a")
	if _, err := b.Seize(b.rules, "a"); !errors.Is(err, ErrBusy) {
		t.Errorf("seized a full station: %v", err)
	}
	ticket := join(t, b, "q")
	wantNothing(t, ticket)
	o.Failed("no_answer")
	wantStation(t, ticket, "a")
}
