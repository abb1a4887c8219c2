package queue

import (
	"testing"
	"testing/synctest"
	"time"
)

func TestInOrderTakesTheFirstThatIsFree(t *testing.T) {
	b := board(InOrder, "a b c")
	first := wantStation(t, join(t, b, "q"), "a")
	wantStation(t, join(t, b, "q"), "b")
	wantAnswered(t, first)
	first.Release()
	wantStation(t, join(t, b, "q"), "a")
	wantStation(t, join(t, b, "q"), "c")
}

func TestRoundRobinGoesOnAfterTheLastOffer(t *testing.T) {
	b := board(RoundRobin, "a b c")
	for _, want := range []string{"a", "b", "c", "a", "b"} {
		ticket := join(t, b, "q")
		wantAnswered(t, wantStation(t, ticket, want))
		b.release(want)
	}
	ticket := join(t, b, "q")
	wantStation(t, ticket, "c").Failed("no_answer")
	wantStation(t, ticket, "a")
	wantStation(t, join(t, b, "q"), "b")
}

// release gives back a place of a station whose offer the test did not keep.
func (b *Board) release(name string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.stations[name].taken--
	b.dispatch()
}

func TestRoundRobinGoesOnAcrossAReload(t *testing.T) {
	b := board(RoundRobin, "a b c")
	wantStation(t, join(t, b, "q"), "a")
	b = b.reload(map[string]Config{"q": queueOf(RoundRobin, "c a b")}, stationsOf("a b c"))
	wantStation(t, join(t, b, "q"), "b")
}

func TestLongestIdleTakesWhoseLastCallEndedFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := board(LongestIdle, "a b c")
		var offers []*Offer
		for _, want := range []string{"a", "b", "c"} { // nobody had a call: in their order
			o := wantStation(t, join(t, b, "q"), want)
			wantAnswered(t, o)
			offers = append(offers, o)
		}
		for _, i := range []int{1, 2, 0} {
			time.Sleep(time.Second) // of the test's own clock
			offers[i].Release()
		}
		for _, want := range []string{"b", "c", "a"} {
			wantStation(t, join(t, b, "q"), want)
		}
	})
}

func TestLongestIdleTakesAStationWithoutCallsFirst(t *testing.T) {
	b := board(LongestIdle, "a*2 b*2")
	for _, want := range []string{"a", "b", "a", "b"} {
		wantAnswered(t, wantStation(t, join(t, b, "q"), want))
	}
	wantNothing(t, join(t, b, "q"))
}

func TestRingAllRingsEveryFreeStationAndTheFirstAnswerWins(t *testing.T) {
	b := board(RingAll, "a b c")
	taken := seize(t, b, "b")
	ticket := join(t, b, "q")
	a, c := wantStation(t, ticket, "a"), wantStation(t, ticket, "c")
	wantNothing(t, ticket)
	taken.Failed("no_answer")
	late := wantStation(t, ticket, "b") // it gets free and rings too

	wantAnswered(t, c)
	if !withdrawnNow(a) || !withdrawnNow(late) || withdrawnNow(c) {
		t.Error("the offers that lost are not withdrawn, or the one that won is")
	}
	if a.Answered() {
		t.Error("two stations answered one call")
	}
	a.Failed("late")
	a.Release()
	if b.Taken("a") != 0 || b.Taken("b") != 0 || b.Taken("c") != 1 {
		t.Errorf("taken: a %d, b %d, c %d", b.Taken("a"), b.Taken("b"), b.Taken("c"))
	}
	wantNothing(t, ticket)
}

func TestRingAllFailsWhenTheLastOneHasFailed(t *testing.T) {
	b := board(RingAll, "a b")
	ticket := join(t, b, "q")
	a, c := offered(t, ticket), offered(t, ticket)
	a.Busy()
	wantNothing(t, ticket)
	c.Failed("no_answer")
	if got := wantFailed(t, ticket).Reasons; got["a"] != "busy" || got["b"] != "no_answer" {
		t.Errorf("reasons %v", got)
	}
}

func TestRingAllLeavesStationsToTheNextCallerWhenOneAnswers(t *testing.T) {
	b := board(RingAll, "a b")
	first, second := join(t, b, "q"), join(t, b, "q")
	a := wantStation(t, first, "a")
	wantNothing(t, second)
	wantAnswered(t, a)
	wantStation(t, second, "b")
	wantNothing(t, second)
}
