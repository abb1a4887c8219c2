package event

import (
	"crypto/rand"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/oklog/ulid/v2"
)

func TestIDsOfManyGoroutinesAreDistinctAndEachSeesItsOwnGrow(t *testing.T) {
	const workers, each = 8, 500
	made := make([][]string, workers)
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			for range each {
				made[w] = append(made[w], NewID())
			}
		})
	}
	wg.Wait()
	all := slices.Concat(made...)
	for _, ids := range made {
		if !slices.IsSorted(ids) {
			t.Error("ids of one goroutine do not grow")
		}
	}
	slices.Sort(all)
	if got := len(slices.Compact(all)); got != workers*each {
		t.Errorf("%d distinct ids, want %d", got, workers*each)
	}
	if _, err := ulid.ParseStrict(all[0]); err != nil {
		t.Error(err)
	}
}

func TestIDsGrowWhileTheClockGoesBack(t *testing.T) {
	now := began
	s := &idSource{now: func() time.Time { return now }, entropy: ulid.Monotonic(rand.Reader, 0)}
	last := s.next()
	for range 100 {
		now = now.Add(-time.Second)
		if id := s.next(); id <= last {
			t.Fatalf("%s after %s", id, last)
		} else {
			last = id
		}
	}
}

// highEntropy makes the first id of a millisecond the last one that fits in it.
type highEntropy struct{}

func (highEntropy) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 0xff
	}
	return len(p), nil
}

func TestIDsGoOnInTheNextMillisecondWhenOneIsFull(t *testing.T) {
	s := &idSource{now: func() time.Time { return began }, entropy: ulid.Monotonic(highEntropy{}, 1)}
	last := s.next()
	for range 5 {
		id := s.next()
		if id <= last {
			t.Fatalf("%s after %s", id, last)
		}
		last = id
	}
}
