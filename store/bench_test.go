package store

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"assent/event"
)

// BenchmarkCall measures what a call writes and waits for: its begin, a consent, a recording and its CDR.
func BenchmarkCall(b *testing.B) {
	for _, calls := range []int{1, 64} {
		b.Run(fmt.Sprintf("at_once=%d", calls), func(b *testing.B) {
			s, _ := newStore(b)
			ctx := context.Background()
			var wg sync.WaitGroup
			for w := range calls {
				wg.Go(func() {
					for i := w; i < b.N; i += calls {
						id := fmt.Sprintf("%012d", i)
						must(b, s.BeginCall(ctx, Call{ID: id, Trunk: "carrier-a", From: caller, StartedAt: noon}))
						must(b, s.PutConsent(ctx, given("granted", 0)))
						must(b, s.PutRecording(ctx, Recording{ID: id, Call: id}))
						must(b, s.EndCall(ctx, event.CDR{ID: id, Trunk: "carrier-a", StartedAt: noon}))
					}
				})
			}
			wg.Wait()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "calls/s")
			b.ReportMetric(float64(s.commits.Load())/float64(b.N), "commits/call")
		})
	}
}

// BenchmarkFindConsent measures the lookup that a flow waits for, among 1,000 answers of 1,000 callers.
func BenchmarkFindConsent(b *testing.B) {
	s, _ := newStore(b)
	ctx := context.Background()
	var wg sync.WaitGroup
	for i := range 1000 {
		wg.Go(func() {
			c := given("granted", 0)
			c.Caller = fmt.Sprintf("+4980%06d", i)
			must(b, s.PutConsent(ctx, c))
		})
	}
	wg.Wait()
	for b.Loop() {
		if _, err := s.FindConsent(ctx, "+4980000500", noon); err != nil {
			b.Fatal(err)
		}
	}
}
