package bench

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"assent/test/bench/load"
	"assent/test/service"
)

const (
	arrivals = 50 // calls per second while a row is set up and torn down
	settle   = 1500 * time.Millisecond
	patience = 15 * time.Second // of one call for one step
)

// The marks of a row that passes.
const (
	mostLoss  = 0.1 // percent
	mostDelay = 20 * time.Millisecond
)

// callRow is one row of the table of concurrent calls.
type callRow struct {
	calls    int
	failed   int // to be set up or to be ended
	length   time.Duration
	cpu      time.Duration // in the window
	grown    int64         // resident bytes since the fresh start
	figures  load.Figures
	recorded load.Recorded // of all calls together
	without  int           // calls without a file that can be read
	skew     []time.Duration
}

// BenchmarkCalls bridges more and more calls, recorded and not, until a row fails.
func BenchmarkCalls(b *testing.B) {
	for _, mode := range []struct {
		name     string
		recorded bool
	}{{"recorded", true}, {"unrecorded", false}} {
		b.Run(mode.name, func(b *testing.B) {
			t := newTable("Concurrent bridged calls, "+mode.name+", one core", "calls", "core %", "CPU ms per call-second",
				"loss %", "added p50 ms", "p99", "max", "missing frames (at the start, inside)", "skew median ms", "p99", "max", "kB per call", "")
			for _, n := range numbers(b, *sizes) {
				var r *callRow
				b.Run(fmt.Sprint(n), func(b *testing.B) {
					r = measure(b, n, mode.recorded)
					r.report(b, t, mode.recorded)
				})
				if r == nil || r.fails() != "" && r.figures.Invalid() == "" {
					break
				}
			}
		})
	}
}

func measure(b *testing.B, n int, recorded bool) *callRow {
	s := set(b, "consent", "immediate", recorded)
	defer s.Close()
	r := &callRow{calls: n, length: *window}
	calls := connectAll(b, s, r)
	var before time.Duration
	s.Measure(r.length, func() { before = s.cpu(b) }, func() {
		r.cpu, r.grown = s.cpu(b)-before, s.rss(b)-s.fresh
	})
	r.failed += hangUpAll(b, s, calls)
	service.Until(b, "all CDRs", func() bool { return len(s.CDRs()) >= n })
	s.Stop()
	r.figures = s.Figures()
	if recorded {
		r.listen(s, calls)
	}
	return r
}

// connectAll sets a row's calls up.
func connectAll(b *testing.B, s *stage, r *callRow) []*load.Call {
	calls := make([]*load.Call, r.calls)
	r.failed = s.each(b, calls, connect)
	time.Sleep(settle) // what set the calls up is no part of the figures
	return calls
}

// hangUpAll ends calls, and returns how often that failed.
func hangUpAll(b *testing.B, s *stage, calls []*load.Call) int {
	time.Sleep(settle) // late frames still count
	return s.each(b, calls, func(ctx context.Context, c *load.Call) error {
		if err := c.Hangup(ctx); err != nil {
			return err
		}
		return released(ctx, c.AgentReleased())
	})
}

// each does something with every call, so many in a second, and returns how
// often it failed. Calls that are nil are made.
func (s *stage) each(b *testing.B, calls []*load.Call, do func(context.Context, *load.Call) error) int {
	b.Helper()
	var wg sync.WaitGroup
	failed := make(chan error, len(calls))
	next := time.Now()
	for i := range calls {
		if calls[i] == nil {
			calls[i] = s.NewCall()
		}
		time.Sleep(time.Until(next)) // the rate of arrivals
		next = next.Add(time.Second / arrivals)
		wg.Go(func() {
			ctx, done := context.WithTimeout(b.Context(), patience)
			defer done()
			if err := do(ctx, calls[i]); err != nil {
				failed <- err
			}
		})
	}
	wg.Wait()
	if len(failed) > 0 {
		b.Log(<-failed)
		return len(failed) + 1
	}
	return 0
}

// connect calls, says yes, and is connected with an agent.
func connect(ctx context.Context, c *load.Call) error {
	if err := c.Dial(ctx, "+4980012345", true); err != nil {
		return err
	}
	return c.Connect(ctx, '1')
}

func released(ctx context.Context, done <-chan struct{}) error {
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("the other party was not hung up: %w", ctx.Err())
	}
}

// listen holds every recording against what the far ends heard.
func (r *callRow) listen(s *stage, calls []*load.Call) {
	files := map[string]string{}
	for _, cdr := range s.CDRs() {
		files[cdr.From] = filepath.Join(s.Dir, "recordings", filepath.Base(cdr.Recording.File))
	}
	for _, c := range calls {
		held, err := c.Held(files[c.Number])
		if err != nil {
			r.without++
			continue
		}
		r.recorded.Heard += held.Heard
		r.recorded.Missing += held.Missing
		r.recorded.Inside += held.Inside
		r.recorded.Head += held.Head
		r.recorded.Foreign += held.Foreign
		r.recorded.Widest = max(r.recorded.Widest, held.Widest)
		r.skew = append(r.skew, held.Skew)
	}
	slices.Sort(r.skew)
}

// verdict is the row's last cell.
func (r *callRow) verdict() string {
	invalid, fails := r.figures.Invalid(), r.fails()
	switch {
	case invalid != "" && fails != "":
		return "invalid: " + invalid + " (and fails: " + fails + ")"
	case invalid != "":
		return "invalid: " + invalid
	case fails != "":
		return "fails: " + fails
	}
	return "pass"
}

// fails names the mark that the row misses, "" if none.
func (r *callRow) fails() string {
	switch f := r.figures; {
	case f.Foreign+r.recorded.Foreign > 0:
		return fmt.Sprintf("%d frames of another call on the line, %d in recordings", f.Foreign, r.recorded.Foreign)
	case r.failed > 0:
		return fmt.Sprintf("%d calls", r.failed)
	case f.LossPercent() >= mostLoss:
		return "loss"
	case f.Delay.At(0.99) >= mostDelay:
		return "delay"
	case r.without > 0:
		return fmt.Sprintf("%d calls without a recording", r.without)
	}
	return ""
}

func (r *callRow) core() float64 { return 100 * r.cpu.Seconds() / r.length.Seconds() }

func (r *callRow) each() float64 { return inMS(r.cpu) / float64(r.calls) / r.length.Seconds() }

func (r *callRow) report(b *testing.B, t *table, recorded bool) {
	f := r.figures
	b.ReportMetric(0, "ns/op") // it would be the length of the run
	b.ReportMetric(r.core(), "core-%")
	b.ReportMetric(r.each(), "ms/call-s")
	b.ReportMetric(f.LossPercent(), "loss-%")
	b.ReportMetric(inMS(f.Delay.At(0.99)), "p99-ms")
	b.ReportMetric(float64(r.grown)/1024/float64(r.calls), "kB/call")
	missing, median, p99, widest := "-", "-", "-", "-"
	if recorded {
		missing = fmt.Sprintf("%d (%d, %d) of %d", r.recorded.Missing, r.recorded.Head, r.recorded.Inside, r.recorded.Heard)
		if n := len(r.skew); n > 0 {
			median, p99, widest = ms(r.skew[n/2]), ms(r.skew[n*99/100]), ms(r.recorded.Widest)
		}
	}
	verdict := r.verdict()
	if f.Doubled+f.Swapped > 0 {
		verdict += fmt.Sprintf("; %d frames twice, %d out of order", f.Doubled, f.Swapped)
	}
	t.add(fmt.Sprint(r.calls), fmt.Sprintf("%.1f", r.core()), fmt.Sprintf("%.2f", r.each()), fmt.Sprintf("%.4f", f.LossPercent()),
		ms(f.Delay.At(0.5)), ms(f.Delay.At(0.99)), ms(f.Delay.Max()), missing, median, p99, widest,
		fmt.Sprint(r.grown/1024/int64(r.calls)), verdict)
}
