package media

import (
	"fmt"
	"syscall"
	"testing"
	"time"
)

// BenchmarkConvert is what 20 ms of one direction of a bridge cost between two codecs, without sockets: cpu-ns/op is
// processor time, which a shared machine leaves alone.
func BenchmarkConvert(b *testing.B) {
	for _, from := range goldenFormats() {
		for _, to := range goldenFormats() {
			b.Run(fmt.Sprintf("%s-%d to %s-%d", from.Name, from.ClockHz, to.Name, to.ClockHz), func(b *testing.B) {
				const ptime = 20 * time.Millisecond
				w := newWorld(1)
				w.wire.mute = true
				caller, agent := w.using("caller", callerAddr, from, ptime), w.using("agent", agentAddr, to, ptime)
				w.bridge(caller, agent)
				f := formatOf(from)
				k := newTalker(from, sineOf(f.RateHz, 2*time.Second), packetTime(f, ptime))
				var packets [][]byte
				for p := k.next(); p != nil; p = k.next() {
					packets = append(packets, p)
				}
				p, at, began := &peer{ssrc: 5, pt: from.PayloadType}, time.Duration(0), processorTime()
				for i := 0; b.Loop(); i++ {
					payload := packets[i%len(packets)][rtpHeaderSize:]
					packet := packetOf(p.pt, false, p.seq, p.ts, p.ssrc, payload)
					p.seq++
					p.ts += uint32(f.Ticks(payload))
					w.hears(caller, packet)
					at += packetTime(f, ptime)
					w.until(at)
				}
				b.ReportMetric(float64(processorTime()-began)/float64(b.N), "cpu-ns/op")
			})
		}
	}
}

func processorTime() time.Duration {
	var use syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &use) != nil {
		return 0
	}
	return time.Duration(use.Utime.Nano() + use.Stime.Nano())
}
