package consent

import (
	"fmt"
	"sync"
	"testing"
)

// BenchmarkAppend measures durable appends: each appender waits for its entry before it goes on, as calls do.
func BenchmarkAppend(b *testing.B) {
	for _, appenders := range []int{1, 64} {
		b.Run(fmt.Sprintf("appenders=%d", appenders), func(b *testing.B) {
			l := openLedger(b, b.TempDir())
			e := answer("01JDCALL0000000000000000000")
			var wg sync.WaitGroup
			for i := range appenders {
				n := b.N / appenders
				if i < b.N%appenders {
					n++
				}
				wg.Go(func() {
					for range n {
						p := l.Append(e)
						<-p.Done()
						if p.Err() != nil {
							b.Error(p.Err())
						}
					}
				})
			}
			wg.Wait()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "appends/s")
			b.ReportMetric(float64(l.Stats().Syncs)/float64(b.N), "syncs/append")
		})
	}
}

// BenchmarkVerify measures how fast a ledger is read and checked.
func BenchmarkVerify(b *testing.B) {
	dir := filled(b, 10_000)
	for b.Loop() {
		if _, err := Verify(dir); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(10_000*float64(b.N)/b.Elapsed().Seconds(), "entries/s")
}
