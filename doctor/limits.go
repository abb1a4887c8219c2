package doctor

import (
	"fmt"
	"time"

	"assent/configs"
)

// otherFiles is what is open beside media: SIP connections, the API's clients, ledger, store, recordings of calls.
const otherFiles = 4096

// receiveBuffer is what SIP asks the kernel for: 4 MiB hold about 5,000 messages of a burst.
const receiveBuffer = 4 << 20

// judgeLimits compares the limits of a process with what the configuration may come to need.
func judgeLimits(r *report, cfg configs.Config, f Facts) {
	need := uint64(otherFiles)
	if first, last, err := cfg.Media.PortRange(); err == nil {
		need += uint64(last-first) + 1 // each port is a socket
	}
	if have := f.Limits.Files; have > 0 && have < need {
		r.warn("LimitNOFILE", fmt.Sprintf("start the service with LimitNOFILE=%d or more; the packaged unit has it. This is the limit of who asks here", need),
			"%d files may be open, and media.ports may come to need %d", have, need)
	} else {
		r.ok("%d files may be open, media.ports may come to need %d", have, need)
	}
	switch have := f.Limits.ReceiveBuffer; {
	case have == 0:
	case have < receiveBuffer:
		r.warn("net.core.rmem_max", fmt.Sprintf("sysctl net.core.rmem_max=%d", receiveBuffer),
			"the kernel keeps %d KiB of SIP that comes in a burst, and loses the rest", have>>10)
	default:
		r.ok("the kernel keeps %d KiB of SIP that comes in a burst", receiveBuffer>>10)
	}
}

// clockError is what a timestamp in evidence may be wrong by before it is told.
const clockError = time.Second

// judgeClock looks at what gives evidence its time. The time zone plays no part: all that is written is in UTC.
func judgeClock(r *report, _ configs.Config, f Facts) {
	const want = "run an NTP client: apt-get install chrony (or systemd-timesyncd)"
	switch c := f.Clock; {
	case c.Err != nil:
		r.warn("", want, "whether the clock is right is not known: %v", c.Err)
	case !c.Synced:
		r.warn("", want, "the clock is not synchronised: the times in CDRs, ledger and recordings can't be relied on")
	case c.Error > clockError:
		r.warn("", want, "the clock may be wrong by %s", c.Error.Round(time.Millisecond))
	default:
		r.ok("the clock is synchronised, to %s; the time zone plays no part", c.Error.Round(time.Millisecond))
	}
}

// judgeBuild looks at what this program, and this kernel, can do.
func judgeBuild(r *report, cfg configs.Config, f Facts) {
	if f.Opus {
		r.ok("Opus is there")
	} else {
		r.warn("media.codecs", "make build, with libopus-dev and a C compiler; without it neither opus in media.codecs nor recordings.format: opus", "this build has no Opus")
	}
	const without = "media takes about half as much processor again"
	switch {
	case f.URing == nil:
		r.ok("io_uring is there")
	case cfg.Media.IO == "io_uring":
		r.fail("media.io", "use auto, or let the kernel: sysctl kernel.io_uring_disabled=0; many containers forbid it", "there is no io_uring, and media.io wants it: %v", f.URing)
	case cfg.Media.IO == "epoll":
		r.ok("media.io is epoll: io_uring is not used")
	default:
		r.warn("media.io", "let the kernel: sysctl kernel.io_uring_disabled=0, Linux 6.1 or newer; many containers forbid it", "there is no io_uring, %s: %v", without, f.URing)
	}
}
