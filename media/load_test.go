package media

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"slices"
	"testing"
	"time"
)

// The load generator is this test binary, started once more as a process of its own, so that the CPU time of the
// process under test is the engine's. It plays both parties of many calls: each sends 50 packets a second with the time
// of sending in the payload, which its counterpart reads.

// loadEnv tells the test binary to be a load generator, and how.
const loadEnv = "ASSENT_MEDIA_LOAD"

// loadJob is what the generator is asked to do; party 2n talks to party 2n+1.
type loadJob struct {
	Parties int
	Warm    time.Duration
	Length  time.Duration
}

// loadResult is what it saw, after the warm-up.
type loadResult struct {
	Sent, Received int
	Median, P99    time.Duration
}

func TestMain(m *testing.M) {
	if text := os.Getenv(loadEnv); text != "" {
		if err := generateLoad(text); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// loader is the generator as its parent sees it.
type loader struct {
	*exec.Cmd
	in      *json.Encoder
	out     *json.Decoder
	Parties []netip.AddrPort
}

// startLoader starts a generator, whose parties' addresses are known when it returns.
func startLoader(b *testing.B, job loadJob) *loader {
	b.Helper()
	l := &loader{Cmd: exec.Command(os.Args[0])}
	l.Env = append(os.Environ(), loadEnv+"="+string(must(json.Marshal(job))))
	l.Stderr = os.Stderr
	l.in, l.out = json.NewEncoder(must(l.StdinPipe())), json.NewDecoder(must(l.StdoutPipe()))
	if err := l.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = l.Process.Kill(); _ = l.Wait() })
	if err := l.out.Decode(&l.Parties); err != nil {
		b.Fatal(err)
	}
	return l
}

// run lets each party send to its target. started is called when the measured time begins.
func (l *loader) run(b *testing.B, targets []netip.AddrPort, started func()) (r loadResult) {
	b.Helper()
	var begun bool
	if err := l.in.Encode(targets); err != nil {
		b.Fatal(err)
	}
	if err := l.out.Decode(&begun); err != nil {
		b.Fatal(err)
	}
	started()
	if err := l.out.Decode(&r); err != nil {
		b.Fatal(err)
	}
	return r
}

// generateLoad is the generator's life.
func generateLoad(text string) error {
	var job loadJob
	if err := json.Unmarshal([]byte(text), &job); err != nil {
		return err
	}
	g := &generator{job: job, poll: must(openEpoll(must(newNudge())))}
	addresses, err := g.open()
	if err != nil {
		return err
	}
	out, in := json.NewEncoder(os.Stdout), json.NewDecoder(os.Stdin)
	if err := out.Encode(addresses); err != nil {
		return err
	}
	if err := in.Decode(&g.targets); err != nil {
		return err
	}
	g.work(func() { _ = out.Encode(true) })
	slices.Sort(g.delays)
	r := loadResult{Sent: g.sent, Received: len(g.delays)}
	if n := len(g.delays); n > 0 {
		r.Median, r.P99 = g.delays[n/2], g.delays[n*99/100]
	}
	return out.Encode(r)
}

type generator struct {
	job     loadJob
	poll    *epoll
	sockets []*socket
	targets []netip.AddrPort
	sent    int
	delays  []time.Duration
}

func (g *generator) open() (addresses []netip.AddrPort, err error) {
	for i := range g.job.Parties {
		at := netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), uint16(40000+i))
		s, err := listenUDP(at, 0)
		if err != nil {
			return nil, err
		}
		g.sockets = append(g.sockets, s)
		addresses = append(addresses, at)
		if err := g.poll.watch(s, int32(i)); err != nil {
			return nil, err
		}
	}
	return addresses, nil
}

// work sends and receives: the parties' packets are spread evenly over 20 ms.
func (g *generator) work(begin func()) {
	const packetTime = 20 * time.Millisecond
	start := time.Now()
	measuring, packet := false, packetOf(0, false, 0, 0, 0, frameOf(after))
	step := packetTime / time.Duration(g.job.Parties)
	for n := 0; ; {
		now := time.Since(start)
		if !measuring && now > g.job.Warm {
			measuring = true
			begin()
		}
		if now > g.job.Warm+g.job.Length {
			g.receive(50*time.Millisecond, start, measuring)
			return
		}
		for batch := 0; batch < 4 && time.Duration(n)*step <= now; batch++ {
			i, round := n%g.job.Parties, n/g.job.Parties
			binary.BigEndian.PutUint16(packet[2:], uint16(round))
			binary.BigEndian.PutUint32(packet[4:], uint32(round*160))
			binary.BigEndian.PutUint32(packet[8:], uint32(i+1))
			stamp := time.Duration(0)
			if measuring {
				stamp = time.Since(start)
				g.sent++
			}
			binary.BigEndian.PutUint64(packet[rtpHeaderSize:], uint64(stamp))
			g.sockets[i].send(g.targets[i], packet)
			n++
		}
		wait := time.Duration(0)
		if time.Duration(n)*step > time.Since(start)+time.Millisecond {
			wait = time.Millisecond
		}
		g.receive(wait, start, measuring)
	}
}

func (g *generator) receive(wait time.Duration, start time.Time, measuring bool) {
	for {
		if _, err := g.poll.wait(0, wait); err != nil || g.poll.n == 0 {
			return
		}
		for {
			e, ok := g.poll.next()
			if !ok {
				break
			}
			if !measuring || len(e.datagram) != 172 {
				continue
			}
			if stamp := binary.BigEndian.Uint64(e.datagram[rtpHeaderSize:]); stamp != 0 {
				g.delays = append(g.delays, time.Since(start)-time.Duration(stamp))
			}
		}
		if wait == 0 {
			return
		}
	}
}
