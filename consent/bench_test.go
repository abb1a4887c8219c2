package consent

import (
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"assent/consent/merkle"
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

// BenchmarkDurable holds a durable append in a crowd against a bare write and fdatasync of the same line, in one run.
func BenchmarkDurable(b *testing.B) {
	const crowd = 64
	l := openLedger(b, b.TempDir())
	f, err := os.Create(filepath.Join(b.TempDir(), "bare"))
	must(b, err)
	defer f.Close()
	line := appendLine(nil, 0, genesis, answer("01JDCALL0000000000000000000"), []byte(`{"state":"granted","method":"rfc4733","key":"1"}`))
	var bare, crowded time.Duration
	appends := 0
	for b.Loop() {
		start := time.Now()
		_, err := f.Write(line)
		must(b, err)
		must(b, fdatasync(f))
		bare += time.Since(start)
		var wg sync.WaitGroup
		waited := make([]time.Duration, crowd)
		for i := range crowd {
			wg.Go(func() {
				start := time.Now()
				<-l.Append(answer("01JDCALL0000000000000000000")).Done()
				waited[i] = time.Since(start)
			})
		}
		wg.Wait()
		for _, w := range waited {
			crowded += w
		}
		appends += crowd
	}
	perAppend := float64(crowded) / float64(appends)
	b.ReportMetric(float64(bare)/float64(b.N)/1e6, "ms/fdatasync")
	b.ReportMetric(perAppend/1e6, "ms/append")
	b.ReportMetric(perAppend/(float64(bare)/float64(b.N)), "x-fdatasync")
}

// BenchmarkMillion measures a ledger of a million entries: full verification with tree and checkpoints, and the proof of
// one entry, found and checked. It takes a minute to fill.
func BenchmarkMillion(b *testing.B) {
	const entries = 1_000_000
	dir, signer := b.TempDir(), newSigner(b)
	l, n, end := signs(b, dir, signer)
	for i := range entries {
		p := l.Append(answer("01JDCALL0000000000000000000"))
		if i%10_000 == 9_999 {
			<-p.Done()
		}
	}
	end()
	last := n.Last()
	b.Run("verify", func(b *testing.B) {
		for b.Loop() {
			r, err := VerifyAgainst(dir, Against{Heads: []merkle.Checkpoint{last.Checkpoint}})
			must(b, err)
			if r.Entries != entries || r.Signed != entries {
				b.Fatalf("%+v", r)
			}
		}
		b.ReportAllocs()
	})
	b.Run("prove", func(b *testing.B) {
		p, err := OpenProver(dir)
		must(b, err)
		defer p.Close()
		for i := int64(0); b.Loop(); i++ {
			proven, err := p.Prove(i*7919%entries, last)
			must(b, err)
			must(b, proven.Proof.Check(merkle.LeafHash(proven.Line), last.Checkpoint))
		}
	})
	b.Run("entries of a call", func(b *testing.B) {
		p, err := OpenProver(dir)
		must(b, err)
		defer p.Close()
		for b.Loop() {
			if found, err := p.EntriesOf("another"); err != nil || len(found) != 0 {
				b.Fatal(found, err)
			}
		}
	})
}
