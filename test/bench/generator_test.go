package bench

import (
	"fmt"
	"net/netip"
	"os"
	"testing"
	"time"

	"assent/test/bench/load"
)

// BenchmarkGenerator holds calls without a service in between: what the
// generator itself costs, and that it can hold more than it will be asked to.
func BenchmarkGenerator(b *testing.B) {
	t := newTable("The generator against itself, one core", "calls", "core %", "loss %", "delay p50 ms", "p99", "late p99 ms", "")
	for _, n := range []int{400, 1200} {
		b.Run(fmt.Sprint(n), func(b *testing.B) { alone(b, t, n) })
	}
}

func alone(b *testing.B, t *table, calls int) {
	if err := load.Pin(cores[0]); err != nil {
		b.Fatal(err)
	}
	g, err := load.New()
	if err != nil {
		b.Fatal(err)
	}
	defer g.Close()
	g.Mirror(calls)
	g.Start(netip.AddrPort{}) // no call leaves it
	time.Sleep(settle)
	const length = 3 * time.Second
	var begin, end time.Duration
	g.Measure(length, func() { begin = own(b) }, func() { end = own(b) })
	g.Stop()
	f := g.Figures()
	verdict := f.Invalid()
	if verdict == "" {
		verdict = "pass"
	}
	core := 100 * (end - begin).Seconds() / length.Seconds()
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(core, "core-%")
	t.add(fmt.Sprint(calls), fmt.Sprintf("%.1f", core), fmt.Sprintf("%.4f", f.LossPercent()),
		ms(f.Delay.At(0.5)), ms(f.Delay.At(0.99)), ms(f.Late.At(0.99)), verdict)
}

func own(b *testing.B) time.Duration {
	used, err := load.CPU(os.Getpid())
	if err != nil {
		b.Fatal(err)
	}
	return used
}
