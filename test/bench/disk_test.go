package bench

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"assent/test/bench/load"
	"assent/test/service"
)

const (
	stalledCalls = 200
	stallLength  = 5 * time.Second
	stallPairs   = 3 // spans without and with a stall, in turn
	// mostAdded is what a stall may add to the 99.9th percentile of the delay.
	mostAdded = 5 * time.Millisecond
)

// disk is a file system of its own that can be made to stand still.
type disk struct {
	b    *testing.B
	path string
}

// mountDisk mounts an ext4 image for the benchmark's folder. It skips where that is not allowed.
func mountDisk(b *testing.B) *disk {
	b.Helper()
	dir, err := os.MkdirTemp("", "assent-disk")
	if err != nil {
		b.Fatal(err)
	}
	d := &disk{b, filepath.Join(dir, "disk")}
	image := filepath.Join(dir, "image")
	b.Cleanup(func() { _ = os.RemoveAll(dir) })
	for _, step := range []error{os.Mkdir(d.path, 0o700), os.WriteFile(image, nil, 0o600), os.Truncate(image, 2<<30)} {
		if step != nil {
			b.Fatal(step)
		}
	}
	for _, command := range [][]string{{"mkfs.ext4", "-q", "-F", image}, {"mount", "-o", "loop", image, d.path}} {
		if out, err := exec.Command(command[0], command[1:]...).CombinedOutput(); err != nil {
			b.Skipf("a disk that can stall needs root and a loop device: %s: %v %s", command[0], err, out)
		}
	}
	b.Cleanup(func() {
		d.thaw()
		if out, err := exec.Command("umount", d.path).CombinedOutput(); err != nil {
			b.Errorf("umount: %v %s", err, out)
		}
	})
	b.Setenv("TMPDIR", d.path) // the service's folder comes to lie there
	return d
}

// The requests of the kernel that make a file system keep every write waiting, and go on (linux/fs.h).
const (
	fiFreeze = 0xC0045877
	fiThaw   = 0xC0045878
)

func (d *disk) control(request uint) error {
	f, err := os.Open(d.path)
	if err != nil {
		return err
	}
	defer f.Close()
	return unix.IoctlSetInt(int(f.Fd()), request, 0)
}

func (d *disk) thaw() { _ = d.control(fiThaw) } // one that does not stand still says so

// stall lets the disk stand still for a time.
func (d *disk) stall(length time.Duration) {
	if err := d.control(fiFreeze); err != nil {
		d.b.Fatalf("freeze: %v", err)
	}
	time.Sleep(length) // the stall is one of real time
	d.thaw()
}

// BenchmarkStalledDisk stalls the disk that everything is written to while calls are recorded, and compares, in one run, what
// packets are delayed with what they are delayed without.
func BenchmarkStalledDisk(b *testing.B) {
	t := newTable(fmt.Sprintf("A disk that stalls for %v, %d recorded calls", stallLength, stalledCalls), "", "frames", "loss %",
		"added p50 ms", "p99", "p99.9", "max", "missing frames inside", "")
	d := mountDisk(b)
	r, without, with := measureStalls(b, d)
	verdict := "pass"
	added := with.Delay.At(0.999) - without.Delay.At(0.999)
	switch {
	case r.figures.Invalid() != "":
		verdict = "invalid: " + r.figures.Invalid()
	case r.failed+r.without > 0:
		verdict = fmt.Sprintf("fails: %d calls, %d recordings", r.failed, r.without)
	case r.recorded.Inside > 0:
		verdict = "fails: audio is lost"
	case added > mostAdded:
		verdict = fmt.Sprintf("fails: the stall adds %v", added)
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(inMS(added), "added-p99.9-ms")
	row := func(name string, f load.Figures, more ...string) {
		t.add(append([]string{name, fmt.Sprint(f.Sent), fmt.Sprintf("%.4f", f.LossPercent()), ms(f.Delay.At(0.5)), ms(f.Delay.At(0.99)),
			ms(f.Delay.At(0.999)), ms(f.Delay.Max())}, more...)...)
	}
	row("without a stall", without, "", "")
	row("with", with, fmt.Sprintf("%d of %d", r.recorded.Inside, r.recorded.Heard), verdict)
}

// measureStalls holds the calls and lets the disk stall in every other span.
func measureStalls(b *testing.B, d *disk) (r *callRow, without, with load.Figures) {
	s := set(b, "consent", "immediate", true)
	defer s.Close()
	r = &callRow{calls: stalledCalls}
	calls := connectAll(b, s, r)
	var calm, stalled []int
	span := stallLength + time.Second // what has waited is written in it
	for i := range stallPairs {
		s.Measure(span, func() {}, func() {})
		done := make(chan struct{})
		s.Measure(span, func() { go func() { defer close(done); d.stall(stallLength) }() }, func() { <-done })
		calm, stalled = append(calm, 2*i), append(stalled, 2*i+1)
		time.Sleep(settle) // all that has waited is on the disk
	}
	r.failed += hangUpAll(b, s, calls)
	service.Until(b, "all CDRs", func() bool { return len(s.CDRs()) >= stalledCalls })
	s.Stop()
	r.figures = s.Figures()
	r.listen(s, calls)
	return r, s.Figures(calm...), s.Figures(stalled...)
}
