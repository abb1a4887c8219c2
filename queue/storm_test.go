package queue

import (
	"errors"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// TestNothingIsLostInAStorm lets many callers join, answer, fail and leave while the
// configuration is reloaded, and looks whether every place comes back.
func TestNothingIsLostInAStorm(t *testing.T) {
	configs := map[string]Config{}
	for i, strategy := range []string{LongestIdle, RoundRobin, RingAll, InOrder} {
		cfg := queueOf(strategy, []string{"a b c", "b c d", "c d a", "a d"}[i])
		cfg.MaxWait, cfg.MaxWaiting = 50*time.Millisecond, 20
		configs[strategy] = cfg
	}
	stations := stationsOf("a b*2 c d")
	fewer := map[string]Config{LongestIdle: configs[LongestIdle], RingAll: configs[RingAll]}
	b := open(configs, stations)
	reduced := &desk{b.Board, Rules{fewer, stationsOf("b c")}}
	var talks storm
	var callers sync.WaitGroup
	for seed := range 16 {
		callers.Go(func() {
			r := rand.New(rand.NewPCG(uint64(seed), 9))
			for range 150 {
				talks.call(t, []*desk{b, reduced}[r.IntN(2)], r)
			}
		})
	}
	stop, reloads := make(chan struct{}), sync.WaitGroup{}
	reloads.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
				b.Update(fewer, reduced.rules.Stations)
				b.Update(configs, stations)
			}
		}
	})
	callers.Wait()
	close(stop)
	reloads.Wait()
	for name := range stations {
		if b.Taken(name) != 0 {
			t.Errorf("station %s: %d calls at the end", name, b.Taken(name))
		}
	}
	for name := range configs {
		if b.Waiting(name) != 0 {
			t.Errorf("queue %s: %d callers at the end", name, b.Waiting(name))
		}
	}
	b.Update(nil, nil)
	wantEmpty(t, b.Board)
	if talks.answered.Load() == 0 {
		t.Error("nobody was answered")
	}
}

// storm counts what became of the callers.
type storm struct{ answered atomic.Int64 }

// call is the life of one caller.
func (s *storm) call(t *testing.T, d *desk, r *rand.Rand) {
	name := []string{LongestIdle, RoundRobin, RingAll, InOrder}[r.IntN(4)]
	ticket, err := d.Join(d.rules, name, "call")
	if err != nil {
		_, known := d.rules.Queues[name]
		if !errors.Is(err, ErrFull) && (known || !errors.Is(err, ErrUnknown)) {
			t.Errorf("join %s: %v", name, err)
		}
		return
	}
	defer ticket.Leave()
	for {
		if r.IntN(6) == 0 {
			return
		}
		switch e := (<-ticket.Events()).(type) {
		case Offered:
			if r.IntN(2) == 0 {
				e.Offer.Failed("no_answer")
				continue
			}
			if e.Offer.Answered() {
				s.answered.Add(1)
				e.Offer.Release()
				return
			}
			<-e.Offer.Withdrawn() // the only way in which it can stop standing
		case Failed, TimedOut:
			return
		}
	}
}

func BenchmarkJoinAnswerReleaseWith1000Waiting(b *testing.B) {
	board := open(map[string]Config{"q": queueOf(LongestIdle, "a"), "p": queueOf(LongestIdle, "b")}, stationsOf("a b"))
	for range 1000 {
		if _, err := board.Join(board.rules, "q", "call"); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportAllocs()
	for b.Loop() {
		ticket, err := board.Join(board.rules, "p", "call")
		if err != nil {
			b.Fatal(err)
		}
		o := (<-ticket.Events()).(Offered).Offer
		o.Answered()
		o.Release()
	}
}
