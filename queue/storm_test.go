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
	b := New(configs, stations)
	var talks storm
	var callers sync.WaitGroup
	for seed := range 16 {
		callers.Go(func() {
			r := rand.New(rand.NewPCG(uint64(seed), 9))
			for range 150 {
				talks.call(t, b, r)
			}
		})
	}
	fewer := map[string]Config{LongestIdle: configs[LongestIdle], RingAll: configs[RingAll]}
	stop, reloads := make(chan struct{}), sync.WaitGroup{}
	reloads.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
				b.Update(fewer, stationsOf("b c"))
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
	if len(b.waiting) != 0 || talks.answered.Load() == 0 {
		t.Errorf("%d wait at the end, %d were answered", len(b.waiting), talks.answered.Load())
	}
}

// storm counts what became of the callers.
type storm struct{ answered atomic.Int64 }

// call is the life of one caller.
func (s *storm) call(t *testing.T, b *Board, r *rand.Rand) {
	ticket, err := b.Join([]string{LongestIdle, RoundRobin, RingAll, InOrder}[r.IntN(4)], "call")
	if err != nil {
		if !errors.Is(err, ErrFull) && !errors.Is(err, ErrUnknown) {
			t.Errorf("join: %v", err)
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
	board := New(map[string]Config{"q": queueOf(LongestIdle, "a"), "p": queueOf(LongestIdle, "b")}, stationsOf("a b"))
	for range 1000 {
		if _, err := board.Join("q", "call"); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportAllocs()
	for b.Loop() {
		ticket, err := board.Join("p", "call")
		if err != nil {
			b.Fatal(err)
		}
		o := (<-ticket.Events()).(Offered).Offer
		o.Answered()
		o.Release()
	}
}
