package recorder

import (
	"fmt"
	"syscall"
	"testing"
	"time"
	"unsafe"
)

// recordingBytes is what a Recording takes beside its audio.
const recordingBytes = int(unsafe.Sizeof(Recording{}))

// BenchmarkConcurrentRecordings records 1000 calls at the pace of its own
// flush periods, as fast as the machine goes, and tells the CPU time that one
// second of one call costs, in user space and in the kernel.
func BenchmarkConcurrentRecordings(b *testing.B) {
	const calls = 1000
	g := newRig(b, nil, nil)
	var recs []*Recording
	for range calls {
		recs = append(recs, g.open(nil))
	}
	left, right := ramp(0, 160), ramp(9, 160)
	pos, held := int64(0), 0
	g.flush() // makes the files
	start := cpuTime(b)
	b.ResetTimer()
	for range b.N { // one second of all calls
		for range 50 {
			for _, rec := range recs {
				rec.Place(0, pos, left)
				rec.Place(1, pos, right)
			}
			pos += 160
			if pos%1200 == 0 {
				held = max(held, g.r.pool.bytes())
				g.flush()
			}
		}
	}
	b.StopTimer()
	used := cpuTime(b) - start
	b.ReportMetric(float64(used.Microseconds())/float64(b.N*calls), "cpu-us/call-second")
	b.ReportMetric(float64(held)/calls+float64(recordingBytes), "B/call")
	for _, rec := range recs {
		rec.Finish(Final{Erase: true})
	}
	for _, rec := range recs {
		g.settle(rec)
	}
}

// BenchmarkPlace is what the media driver pays for a packet.
func BenchmarkPlace(b *testing.B) {
	g := newRig(b, nil, nil)
	rec := g.open(nil)
	samples, pos := ramp(0, 160), int64(0)
	b.ReportAllocs()
	for b.Loop() {
		rec.Place(0, pos, samples)
		if pos += 160; pos%(20*DefaultRateHz) == 0 {
			b.StopTimer()
			g.flush()
			b.StartTimer()
		}
	}
	rec.Finish(Final{Erase: true})
	g.settle(rec)
}

// BenchmarkSeal finishes recordings of ten seconds.
func BenchmarkSeal(b *testing.B) {
	g := newRig(b, nil, nil)
	for i := range b.N {
		b.StopTimer()
		rec := g.open(func(s *Spec) { s.ID = fmt.Sprintf("01JSEAL%08d", i) })
		talk(rec, 0, 10*DefaultRateHz)
		rec.Finish(Final{})
		g.flush()
		b.StartTimer()
		out := <-g.r.sealing
		g.r.finish(out, g.r.conclude(b.Context(), out))
	}
}

func cpuTime(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
