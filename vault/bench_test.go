package vault

import (
	"bytes"
	"context"
	"syscall"
	"testing"
	"time"
)

// flushed is what a recording writes every 150 ms: both channels in 16-bit PCM.
const flushed = 4800

// discard takes what is written and keeps nothing.
type discard struct{ memory }

func (*discard) WriteAt(b []byte, _ int64) (int, error) { return len(b), nil }

// BenchmarkWrite is what sealing adds to one flush of one recording.
func BenchmarkWrite(b *testing.B) {
	key, _ := keyOf(b, "01JBENCH")
	f, err := Create(&discard{}, key, Audio)
	must(b, err)
	text, at := make([]byte, flushed), int64(0)
	b.SetBytes(flushed)
	b.ReportAllocs()
	start := cpuTime(b)
	for b.Loop() {
		_, err := f.WriteAt(text, at)
		must(b, err)
		at += flushed
	}
	cost(b, start)
}

// hour is a sealed hour of two channels.
func hour(b *testing.B) (*memory, *Key) {
	b.Helper()
	key, _ := keyOf(b, "01JBENCH")
	raw := &memory{}
	f, err := Create(raw, key, Audio)
	must(b, err)
	text := bytes.Repeat([]byte{1, 2}, flushed/2)
	for range 3600 * 1000 / 150 {
		_, err := f.WriteAt(text, f.Size())
		must(b, err)
	}
	must(b, f.Finish())
	return raw, key
}

// cost reports the CPU time of one turn: a busy machine does not change it much.
func cost(b *testing.B, since time.Duration) {
	b.Helper()
	b.ReportMetric(float64((cpuTime(b)-since).Microseconds())/float64(b.N), "cpu-us/op")
}

func cpuTime(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	must(b, syscall.Getrusage(syscall.RUSAGE_SELF, &u))
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkRead reads a sealed hour from its beginning to its end.
func BenchmarkRead(b *testing.B) {
	raw, key := hour(b)
	text := make([]byte, 64<<10)
	b.SetBytes(int64(len(raw.b)))
	start := cpuTime(b)
	for b.Loop() {
		r, err := NewReader(raw, int64(len(raw.b)), key, Audio)
		must(b, err)
		for at := int64(0); at < r.Size(); at += int64(len(text)) {
			_, _ = r.ReadAt(text, at) // the last one is short
		}
	}
	cost(b, start)
	plain := float64(3600 * 1000 / 150 * flushed)
	b.ReportMetric(100*(float64(len(raw.b))-plain)/plain, "%-overhead")
}

// BenchmarkSeek opens a sealed hour and reads a second in the middle of it.
func BenchmarkSeek(b *testing.B) {
	raw, key := hour(b)
	text := make([]byte, 32000)
	start := cpuTime(b)
	for b.Loop() {
		r, err := NewReader(raw, int64(len(raw.b)), key, Audio)
		must(b, err)
		_, err = r.ReadAt(text, r.Size()/2)
		must(b, err)
	}
	cost(b, start)
}

// BenchmarkNewKey makes and wraps the data key of a recording, with a KEK in memory.
func BenchmarkNewKey(b *testing.B) {
	ring := ringOf(b, NewKeyText())
	start := cpuTime(b)
	for b.Loop() {
		_, err := fresh(context.Background(), ring)
		must(b, err)
	}
	cost(b, start)
}
