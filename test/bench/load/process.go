package load

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// tick is the unit of /proc/PID/stat (USER_HZ, 100 on every Linux).
const tick = time.Second / 100

// CPU is the processor time that a process has used, user and system.
func CPU(pid int) (time.Duration, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, err
	}
	_, rest, _ := strings.Cut(string(b), ") ") // the name may have spaces
	fields := strings.Fields(rest)
	if len(fields) < 13 {
		return 0, fmt.Errorf("/proc/%d/stat: %q", pid, b)
	}
	user, err := strconv.ParseInt(fields[11], 10, 64)
	if err != nil {
		return 0, err
	}
	system, err := strconv.ParseInt(fields[12], 10, 64)
	return time.Duration(user+system) * tick, err
}

// RSS is the resident size of a process in bytes.
func RSS(pid int) (int64, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	_, rest, found := strings.Cut(string(b), "VmRSS:")
	fields := strings.Fields(rest)
	if !found || len(fields) == 0 {
		return 0, fmt.Errorf("/proc/%d/status has no VmRSS", pid)
	}
	kB, err := strconv.ParseInt(fields[0], 10, 64)
	return kB << 10, err
}

// Files is how many file descriptors a process has open.
func Files(pid int) (int, error) {
	entries, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", pid))
	return len(entries), err
}

// Cores lists the processors that this process may run on.
func Cores() (list []int) {
	var set unix.CPUSet
	if unix.SchedGetaffinity(0, &set) != nil {
		return nil
	}
	for i := range len(set) * 64 {
		if set.IsSet(i) {
			list = append(list, i)
		}
	}
	return list
}

// Pin keeps every thread of this process, and those that they start, on cores.
func Pin(cores ...int) error {
	entries, err := os.ReadDir("/proc/self/task")
	if err != nil {
		return err
	}
	set := cpuSet(cores)
	for _, e := range entries {
		if id, err := strconv.Atoi(e.Name()); err == nil {
			_ = unix.SchedSetaffinity(id, &set) // a thread that has ended meanwhile needs none
		}
	}
	return nil
}

// PinnedTo runs start on a thread that is kept on one core; processes that start
// begins inherit it.
func PinnedTo(core int, start func()) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	var before unix.CPUSet
	if err := unix.SchedGetaffinity(0, &before); err != nil {
		return err
	}
	set := cpuSet([]int{core})
	if err := unix.SchedSetaffinity(0, &set); err != nil {
		return err
	}
	defer func() { _ = unix.SchedSetaffinity(0, &before) }() // it was so before
	start()
	return nil
}

func cpuSet(cores []int) (set unix.CPUSet) {
	for _, c := range cores {
		set.Set(c)
	}
	return set
}

// Prefer raises the priority of this process and of those that it starts, as far
// as the system lets it: what yields to other work measures the other work.
func Prefer() {
	const most = "-20"
	_ = os.WriteFile("/proc/self/autogroup", []byte(most), 0) // no kernel has to have it, nor root be asked
	_ = unix.Setpriority(unix.PRIO_PROCESS, 0, -20)
}
