package bench

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"assent/test/bench/load"
	"assent/test/service"
)

const (
	mostFailures = 0.1 // percent
	setupLength  = 5 * time.Second
)

// setupRow is one row of the table of call set-ups.
type setupRow struct {
	rate, calls, failed int
	cpu                 time.Duration
	repeats             int64
	delays              load.Delays
}

// BenchmarkSetup sets calls up straight to an agent that answers at once, and
// ends them at once, at a growing rate until a row fails.
func BenchmarkSetup(b *testing.B) {
	t := newTable("Call set-ups, no IVR, no audio, one core", "per second", "core %", "CPU ms per call", "failed",
		"repeats", "INVITE to 200, added, p50 ms", "p99", "max", "")
	for _, rate := range numbers(b, *rates) {
		passed := false
		b.Run(fmt.Sprint(rate), func(b *testing.B) {
			r := setUp(b, rate)
			passed = r.verdict() == "pass"
			r.report(b, t)
		})
		if !passed {
			break
		}
	}
}

func setUp(b *testing.B, rate int) *setupRow {
	s := set(b, "straight", "on_agent", false)
	defer s.Close()
	r := &setupRow{rate: rate, calls: rate * int(setupLength/time.Second)}
	var wg sync.WaitGroup
	var mu sync.Mutex
	before, next := s.cpu(b), time.Now()
	for range r.calls {
		time.Sleep(time.Until(next)) // the rate of arrivals
		next = next.Add(time.Second / time.Duration(rate))
		c := s.NewCall()
		wg.Go(func() {
			ctx, done := context.WithTimeout(b.Context(), patience)
			defer done()
			err := short(ctx, c)
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				if r.failed++; r.failed == 1 {
					b.Log(err)
				}
				return
			}
			r.delays.Add(c.SetUp)
		})
	}
	wg.Wait()
	r.cpu = s.cpu(b) - before
	service.Until(b, "all CDRs", func() bool { return len(s.CDRs()) >= r.calls-r.failed })
	s.Stop()
	r.repeats = s.Repeats()
	return r
}

// short is a call that is over as soon as it is answered.
func short(ctx context.Context, c *load.Call) error {
	if err := c.Dial(ctx, "+4980012345", false); err != nil {
		return err
	}
	if err := c.Hangup(ctx); err != nil {
		return err
	}
	return released(ctx, c.AgentReleased())
}

func (r *setupRow) verdict() string {
	switch {
	case 100*float64(r.failed) > mostFailures*float64(r.calls):
		return "fails: calls failed"
	case r.repeats > 0:
		return "fails: requests had to be repeated"
	}
	return "pass"
}

func (r *setupRow) report(b *testing.B, t *table) {
	core := 100 * r.cpu.Seconds() / setupLength.Seconds()
	each := inMS(r.cpu) / float64(r.calls)
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(core, "core-%")
	b.ReportMetric(each, "ms/call")
	b.ReportMetric(inMS(r.delays.At(0.99)), "p99-ms")
	t.add(fmt.Sprint(r.rate), fmt.Sprintf("%.1f", core), fmt.Sprintf("%.2f", each), fmt.Sprintf("%d of %d", r.failed, r.calls),
		fmt.Sprint(r.repeats), ms(r.delays.At(0.5)), ms(r.delays.At(0.99)), ms(r.delays.Max()), r.verdict())
}
