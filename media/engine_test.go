package media

import (
	"errors"
	"net"
	"net/netip"
	"runtime"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
	"go.uber.org/zap"

	"assent/media/codec"
	"assent/media/sdp"
)

// startEngine runs an engine on loopback and checks that nothing of it is left after the test.
func startEngine(t testing.TB, ports string) *Engine {
	t.Helper()
	return startEngineBy(t, IOAuto, ports)
}

// startEngineBy is startEngine with one of the ways to the kernel.
func startEngineBy(t testing.TB, io, ports string) *Engine {
	t.Helper()
	e, err := New(Config{Address: "127.0.0.1", Ports: ports, DSCP: 46, IO: io}, zap.NewNop())
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(e.Close)
	return e
}

// phone is a peer's socket.
type phone struct {
	*net.UDPConn
	t testing.TB
}

func newPhone(t testing.TB) phone {
	t.Helper()
	c, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return phone{c, t}
}

func (p phone) addr() netip.AddrPort { return p.LocalAddr().(*net.UDPAddr).AddrPort() }

func (p phone) say(to netip.AddrPort, b []byte) {
	p.t.Helper()
	if _, err := p.WriteToUDPAddrPort(b, to); err != nil {
		p.t.Fatal(err)
	}
}

// hear returns the next packet; the test fails after 5 s without one.
func (p phone) hear() []byte {
	p.t.Helper()
	b := make([]byte, maxPacket)
	_ = p.SetReadDeadline(time.Now().Add(5 * time.Second))
	n, err := p.Read(b)
	if err != nil {
		p.t.Fatal(err)
	}
	return b[:n]
}

func TestACallRunsOverRealSocketsAndLeavesNothingBehind(t *testing.T) {
	eachWay(t, aCallRunsOverRealSocketsAndLeavesNothingBehind)
}

func aCallRunsOverRealSocketsAndLeavesNothingBehind(t *testing.T, io string) {
	defer goleak.VerifyNone(t)
	e := startEngineBy(t, io, "31000-31099")
	defer e.Close()
	notices := make(chan Notice, 16)
	s := e.NewSession(SessionConfig{Guard: testGuard, Notify: func(n Notice) { notices <- n }})
	caller, agent := newPhone(t), newPhone(t)
	left, right := openStream(t, s, "caller", caller.addr()), openStream(t, s, "agent", agent.addr())
	s.Bridge(left, right)

	p := &peer{ssrc: 5}
	caller.say(left.Local(), p.say(frameOf(1)))
	if got := agent.hear(); got[rtpHeaderSize] != 1 || len(got) != 172 {
		t.Errorf("the agent hears %x", got)
	}
	agent.say(right.Local(), (&peer{ssrc: 6}).say(frameOf(2)))
	if got := caller.hear(); got[rtpHeaderSize] != 2 {
		t.Errorf("the caller hears %x", got)
	}
	left.Play(clipOf(3, 3), PlayOptions{})
	<-left.Drained()
	for range 3 {
		if got := caller.hear(); got[rtpHeaderSize] != 3 {
			t.Errorf("the caller hears %x, want the prompt", got)
		}
	}
	for _, packet := range p.press(1, 3) {
		caller.say(left.Local(), packet)
	}
	key := waitFor[DigitNotice](t, notices)
	if key.Stream != left || key.Digit.Key != '1' {
		t.Errorf("key %+v", key)
	}
	b := s.Cut(&key.Digit)
	sink := &memory{}
	tap := s.Tap(b.Permit(), left, right, rateHz, sink)
	p.ts += 1600
	caller.say(left.Local(), p.say(frameOf(after)))
	if first := waitFor[FirstSampleNotice](t, notices); first.Tap != tap || first.SSRC != 5 || first.RTPTime < b.Floors[0].RTPTime {
		t.Errorf("first sample %+v, barrier %+v", first, b)
	}
	if tap.Close() == 0 || len(sink.channel[0]) == 0 {
		t.Error("nothing was recorded")
	}
	if stats := e.Stats(); stats.PortsInUse != 2 || stats.Sessions != 1 || stats.Received < 8 {
		t.Errorf("stats %+v", stats)
	}
	right.Close()
	r := s.Close()
	if len(r.Streams) != 2 || r.Streams[0].Leg != "agent" || r.Streams[1].Packets < 7 {
		t.Errorf("report %+v", r)
	}
	if stats := e.Stats(); stats.PortsInUse != 0 || stats.PortsResting != 2 || stats.Sessions != 0 || stats.Received < 8 {
		t.Errorf("stats at the end %+v", stats)
	}
}

func openStream(t testing.TB, s *Session, leg string, remote netip.AddrPort) *Stream {
	t.Helper()
	st, err := s.Open(StreamConfig{Leg: leg})
	if err != nil {
		t.Fatal(err)
	}
	a := agree(remote, codec.PCMU)
	a.Mux = true // the phones of these tests have one socket
	st.Apply(a)
	return st
}

func waitFor[N Notice](t *testing.T, notices <-chan Notice) N {
	t.Helper()
	patience := time.After(5 * time.Second)
	for {
		select {
		case n := <-notices:
			if wanted, ok := n.(N); ok {
				return wanted
			}
		case <-patience:
			t.Fatal("the notice does not come")
		}
	}
}

func TestAfterCloseEverythingIsAHarmlessNoOp(t *testing.T) {
	defer goleak.VerifyNone(t)
	e := startEngine(t, "31100-31199")
	use := func(s *Session, st *Stream, tap *Tap) {
		if _, err := s.Open(StreamConfig{}); !errors.Is(err, ErrClosed) {
			t.Errorf("open: %v", err)
		}
		s.Bridge(st, st)
		s.Unbridge()
		if b := s.Cut(&Digit{}); len(b.Floors) != 0 {
			t.Errorf("cut: %+v", b)
		}
		s.Tap(s.NotRequired(), st, nil, rateHz, &memory{}).Close()
		st.Apply(sdp.Agreement{})
		st.Play(clipOf(1, 1), PlayOptions{})
		st.Stop()
		<-st.Drained()
		st.Inject('1', MethodInfo)
		st.Listen(time.Second)
		_ = st.Stats()
		st.Close()
		tap.Pause("hold")
		tap.Resume()
		tap.Replace(nil)
		tap.Close()
		s.Close()
	}
	s := e.NewSession(SessionConfig{})
	st := openStream(t, s, "caller", callerAddr)
	tap := s.Tap(s.NotRequired(), st, nil, rateHz, &memory{})
	s.Close()
	use(s, st, tap)
	other := e.NewSession(SessionConfig{})
	st = openStream(t, other, "caller", callerAddr)
	st.Play(clipOf(1, 1000), PlayOptions{})
	waiting := st.Drained()
	tap = other.Tap(other.NotRequired(), st, nil, rateHz, &memory{})
	e.Close()
	<-waiting
	use(other, st, tap)
	late := e.NewSession(SessionConfig{})
	if _, err := late.Open(StreamConfig{}); !errors.Is(err, ErrClosed) {
		t.Errorf("open on a closed engine: %v", err)
	}
	late.Close()
	e.Close()
	if err := e.Start(); err == nil {
		t.Error("a closed engine starts")
	}
}

func TestCallsFromManyGoroutinesRaceWithTheirEnd(t *testing.T) {
	eachWay(t, callsFromManyGoroutinesRaceWithTheirEnd)
}

func callsFromManyGoroutinesRaceWithTheirEnd(t *testing.T, io string) {
	defer goleak.VerifyNone(t)
	e := startEngineBy(t, io, "31200-31399")
	defer e.Close()
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			s := e.NewSession(SessionConfig{Guard: testGuard})
			a, err := s.Open(StreamConfig{Leg: "caller"})
			if err != nil {
				t.Error(err)
				return
			}
			b := openStream(t, s, "agent", agentAddr)
			a.Apply(agree(callerAddr, codec.PCMU))
			var users sync.WaitGroup
			users.Go(func() { a.Play(clipOf(1, 500), PlayOptions{}); <-a.Drained() })
			users.Go(func() { s.Tap(s.Cut(nil).Permit(), a, b, rateHz, &memory{}).Close() })
			users.Go(func() { s.Bridge(a, b); b.Close(); a.Stats() })
			users.Go(func() { s.Close() })
			users.Wait()
		})
	}
	all.Wait()
	if stats := e.Stats(); stats.PortsInUse != 0 || stats.Sessions != 0 || stats.Panics != 0 {
		t.Errorf("stats %+v", stats)
	}
}

func TestAFaultEndsOneSessionAndNoOther(t *testing.T) { eachWay(t, aFaultEndsOneSessionAndNoOther) }

func aFaultEndsOneSessionAndNoOther(t *testing.T, io string) {
	defer goleak.VerifyNone(t)
	e := startEngineBy(t, io, "31400-31499")
	defer e.Close()
	bad := e.NewSession(SessionConfig{Notify: func(Notice) { panic("a fault in a notice") }})
	good := e.NewSession(SessionConfig{})
	broken, whole := openStream(t, bad, "caller", callerAddr), openStream(t, good, "caller", callerAddr)
	broken.Inject('1', MethodInfo)
	bad.Cut(nil)
	if stats := e.Stats(); stats.Panics != 1 || stats.Sessions != 1 || stats.PortsInUse != 1 {
		t.Errorf("stats %+v", stats)
	}
	<-broken.Drained()
	whole.Play(clipOf(1, 1), PlayOptions{})
	<-whole.Drained()
}

func TestAnEngineBringsItsDriversProcessorsAndTakesThemBack(t *testing.T) {
	before := runtime.GOMAXPROCS(0)
	first, second := startEngine(t, "31300-31309"), startEngine(t, "31310-31319")
	if len(second.drivers) != len(first.drivers) {
		t.Errorf("%d drivers, then %d", len(first.drivers), len(second.drivers))
	}
	if got := runtime.GOMAXPROCS(0); got != before+len(first.drivers)+1+len(second.drivers)+1 {
		t.Errorf("%d processors with drivers, %d without", got, before)
	}
	first.Close()
	second.Close()
	if got := runtime.GOMAXPROCS(0); got != before {
		t.Errorf("%d processors are left of %d", got, before)
	}
}

func TestPortsRestBeforeTheyAreUsedAgain(t *testing.T) {
	pool := newPortPool(40002, 40006)
	now := time.Now()
	first, _ := pool.take(now)
	second, err := pool.take(now)
	if err != nil || first%2 != 0 || second%2 != 0 || first == second {
		t.Fatalf("ports %d and %d: %v", first, second, err)
	}
	if _, err := pool.take(now); !errors.Is(err, ErrNoPorts) {
		t.Errorf("a third pair of two: %v", err)
	}
	pool.give(first, now.Add(portRest))
	if _, err := pool.take(now.Add(portRest - 1)); !errors.Is(err, ErrNoPorts) {
		t.Error("a port is used again at once")
	}
	if again, err := pool.take(now.Add(portRest)); again != first || err != nil {
		t.Errorf("after the rest %d: %v", again, err)
	}
}

func TestConfigurationsThatCannotWorkAreRefused(t *testing.T) {
	for name, c := range map[string]Config{
		"no ports":         {Address: "127.0.0.1"},
		"one port":         {Address: "127.0.0.1", Ports: "40001-40002"},
		"ports backwards":  {Address: "127.0.0.1", Ports: "400-300"},
		"no address":       {Address: "localhost", Ports: "20000-20010"},
		"public wildcard":  {Address: "127.0.0.1", Ports: "20000-20010", PublicAddress: "0.0.0.0"},
		"ports beyond all": {Address: "127.0.0.1", Ports: "20000-90000"},
		"unknown way":      {Address: "127.0.0.1", Ports: "20000-20010", IO: "iouring"},
	} {
		if _, err := New(c, zap.NewNop()); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	e, err := New(Config{Address: "0.0.0.0", Ports: "20000-20010"}, zap.NewNop())
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	if e.public.IsUnspecified() {
		t.Error("the wildcard stands in SDP")
	}
}

func TestTheWheelWakesEachTimerOnceAndInTime(t *testing.T) {
	w := newWheel()
	timers := make([]timer, 500)
	for i := range timers {
		timers[i].slot = -1
		w.set(&timers[i], time.Duration(i*37)*time.Millisecond+1)
	}
	w.set(&timers[7], 0)
	woken := 0
	for now := time.Duration(0); now < 30*time.Second; now += 3 * time.Millisecond {
		if wait, ok := w.wait(now); ok && wait < 0 {
			t.Fatalf("waits %v", wait)
		}
		for {
			timer, ok := w.pop(now)
			if !ok {
				break
			}
			if due := timer.due; due > now { // beyond what the wheel sees
				timer.due = 0
				w.set(timer, due)
				continue
			}
			if now-timer.due > 3*time.Millisecond+2*wheelSlot {
				t.Errorf("woken %v late", now-timer.due)
			}
			woken++
		}
	}
	if _, ok := w.wait(time.Hour); woken != len(timers)-1 || ok {
		t.Errorf("%d timers woken, want %d; more waiting: %v", woken, len(timers)-1, ok)
	}
}
