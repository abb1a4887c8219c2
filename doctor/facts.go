package doctor

import (
	"net/netip"
	"os"
	"time"

	"assent/configs"
	"assent/media"
	"assent/media/codec"
)

// Facts are what a machine answered. Where a question had no answer, its error stands beside it, or the value is empty:
// what is not known is told, and no reason to fail.
type Facts struct {
	Network Network
	Limits  Limits
	Clock   Clock
	Places  []Place // the folders that the service writes to
	Files   []File  // those that hold secrets or proofs
	UID     int     // who asks
	Opus    bool    // the build has libopus
	URing   error   // why io_uring is not to be had
}

// Network is what the machine has to be reached by.
type Network struct {
	Addresses    []netip.Addr // of its interfaces
	Sockets      []Socket     // that are bound (UDP) or listening (TCP)
	Serving      bool         // our own service answers at api.listen
	Ephemeral    Range        // ports that outgoing sockets of any program get
	Reserved     []Range      // of these, the ports that they do not get
	Unprivileged int          // the first port that needs no privilege
	Err          error
}

// Range is a range of ports, both ends included; the zero value is none.
type Range struct{ First, Last int }

func (r Range) overlaps(other Range) bool {
	return r.Last > 0 && other.Last > 0 && r.First <= other.Last && other.First <= r.Last
}

func (r Range) contains(other Range) bool { return r.First <= other.First && other.Last <= r.Last }

// Limits are those of a process.
type Limits struct {
	Files         uint64 // how many may be open: the hard limit, which a Go program gets
	ReceiveBuffer int    // the most bytes that a socket may keep for us; 0: not known
}

// Clock is what the kernel says of the time.
type Clock struct {
	Synced bool
	Error  time.Duration // the most that it may be wrong by
	Err    error
}

// Gather asks this machine what the configuration needs to know.
func Gather(cfg configs.Config) Facts {
	return Facts{
		Network: network(cfg), Limits: limits(), Clock: clock(), Places: places(cfg), Files: files(cfg),
		UID: os.Geteuid(), Opus: codec.HasOpus, URing: media.ProbeURing(),
	}
}

// Judge makes findings of the facts, check by check.
func Judge(cfg configs.Config, f Facts) []Finding {
	var all []Finding
	for _, check := range []struct {
		name  string
		judge func(*report, configs.Config, Facts)
	}{
		{"addresses", judgeAddresses}, {"ports", judgePorts}, {"limits", judgeLimits}, {"clock", judgeClock},
		{"disk", judgeDisk}, {"files", judgeFiles}, {"build", judgeBuild},
	} {
		r := &report{check: check.name}
		check.judge(r, cfg, f)
		all = append(all, r.all...)
	}
	return all
}
