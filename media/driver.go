package media

import (
	"math/rand/v2"
	"net/netip"
	"time"

	"go.uber.org/zap"
)

// driver runs the sessions that are pinned to it on one goroutine: packets by a transport, time by a wheel, commands by a
// mailbox.
type driver struct {
	// set once
	log   *zap.Logger
	nudge *nudge
	mail  mailbox
	ports *portPool
	ended chan struct{}

	// owned by run
	net      transport
	all      bool // the transport has told all that came
	epoch    time.Time
	now      time.Time
	wheel    *wheel
	space    workspace
	sockets  []*sockets // by tag; nil is free
	free     []int      // tags
	sessions map[*Session]struct{}
	current  *Session // whose work is being done
	commands []func() // taken from the mailbox, not done yet
	stopped  bool
	pace     pace
	past     Stats // of streams that are gone
	unsent   uint64
	panics   uint64
}

// sockets are the two ports of a stream.
type sockets struct {
	session *Session
	leg     *leg
	pair    [2]*socket // by port
	number  uint16     // of the RTP port
	tag     int
}

func newDriver(log *zap.Logger, ports *portPool) (*driver, error) {
	nudge, err := newNudge()
	if err != nil {
		return nil, err
	}
	d := &driver{
		log: log, nudge: nudge, ports: ports, ended: make(chan struct{}),
		epoch: time.Now(), wheel: newWheel(), sessions: map[*Session]struct{}{},
	}
	d.mail.wake = nudge.wake
	d.now = d.epoch
	return d, nil
}

// run opens the transport, says how that went, and works until stop was taken from the mailbox.
func (d *driver) run(io string, opened chan<- error) {
	defer close(d.ended)
	defer d.nudge.close()
	stayEager()
	net, err := openTransport(io, d.nudge, d.log)
	opened <- err
	if d.net = net; err != nil {
		d.stopped = true
	}
	for !d.stopped {
		d.shift()
	}
	for s := range d.sessions {
		d.abandon(s)
	}
	d.mail.close()
	d.command() // all sessions are closed, so that each only answers who waits
	if err == nil {
		d.net.close()
	}
}

// shift works until it is stopped or a session's fault ends it; such a session is ended alone.
func (d *driver) shift() {
	defer func() {
		fault := recover()
		if fault == nil {
			return
		}
		d.panics++
		d.log.Error("media session failed", zap.Any("fault", fault), zap.Stack("stack"))
		if s := d.current; s != nil {
			d.current = nil
			d.abandon(s)
		}
	}()
	d.command() // what a fault left undone
	for !d.stopped {
		d.step()
	}
}

// step waits for something to happen, and does it.
func (d *driver) step() {
	all, err := d.net.wait(d.pace.wait(d.all, d.timeout()))
	if err != nil {
		d.log.Error("media transport failed", zap.Error(err))
		d.stopped = true
		return
	}
	d.now, d.all = time.Now(), false // until all is done
	packets := 0
	for e, more := d.net.next(); more; e, more = d.net.next() {
		packets++
		d.take(e)
	}
	if d.all = all; all {
		d.space.heard = d.now
	}
	d.pace.count(packets, d.now)
	d.tick()
}

// take does what an event asks for.
func (d *driver) take(e event) {
	switch e.tag {
	case nudgeTag:
		d.command()
	case unsentTag:
		d.unsent++
	default:
		d.receive(e)
	}
}

// timeout returns how long the transport may wait; negative is for ever.
func (d *driver) timeout() time.Duration {
	wait, ok := d.wheel.wait(time.Since(d.epoch))
	if !ok {
		return -1
	}
	return wait
}

// command runs what waits in the mailbox. A command whose fault ends a session does not take those behind it along.
func (d *driver) command() {
	d.commands = append(d.commands, d.mail.take()...)
	for len(d.commands) > 0 {
		next := d.commands[0]
		d.commands[0] = nil
		d.commands = d.commands[1:]
		next()
	}
}

// receive hands a datagram to its session.
func (d *driver) receive(e event) {
	at := d.sockets[e.tag/2]
	if at == nil {
		return
	}
	d.current = at.session
	at.session.core.receive(d.now, at.leg, port(e.tag%2), e.from, e.datagram)
	d.schedule(at.session)
	d.current = nil
}

// tick gives the time to the sessions that wanted it.
func (d *driver) tick() {
	for {
		t, ok := d.wheel.pop(d.now.Sub(d.epoch))
		if !ok {
			return
		}
		s := t.session
		if due, wanted := s.core.next(); wanted && !due.After(d.now) {
			d.current = s
			s.core.tick(d.now)
			d.current = nil
		}
		t.due = 0
		d.schedule(s)
	}
}

// schedule puts a session into the wheel at the time that it wants.
func (d *driver) schedule(s *Session) {
	due, wanted := s.core.next()
	if !wanted {
		d.wheel.set(&s.timer, 0)
		return
	}
	d.wheel.set(&s.timer, max(due.Sub(d.epoch), 1))
}

// send implements output.
func (d *driver) send(l *leg, p port, to netip.AddrPort, packet []byte) {
	if at := d.at(l); at == nil || !d.net.send(at.pair[p], to, packet) {
		d.unsent++
	}
}

func (d *driver) at(l *leg) *sockets { return l.owner.sockets }

// begin gives a session its core.
func (d *driver) begin(s *Session, config SessionConfig) {
	d.sessions[s] = struct{}{}
	s.core = newCore(d, config.Notify, config.Guard, d.now, rand.Uint32, &d.space)
	s.core.jitter = s.engine.jitter
	s.timer = timer{slot: -1, session: s}
}

// attach begins to watch a stream's ports.
func (d *driver) attach(at *sockets) error {
	if len(d.free) == 0 {
		d.free = append(d.free, len(d.sockets))
		d.sockets = append(d.sockets, nil)
	}
	at.tag = d.free[len(d.free)-1]
	for p, socket := range at.pair {
		if err := d.net.watch(socket, int32(at.tag*2+p)); err != nil {
			return err
		}
	}
	d.free = d.free[:len(d.free)-1]
	d.sockets[at.tag] = at
	return nil
}

// detach closes a stream's ports, which rest from now on.
func (d *driver) detach(at *sockets) {
	if at.leg != nil {
		d.past.add(at.leg.stats())
	}
	if at.tag < len(d.sockets) && d.sockets[at.tag] == at {
		d.sockets[at.tag] = nil
		d.free = append(d.free, at.tag)
	}
	for p, socket := range at.pair {
		d.net.drop(socket, int32(at.tag*2+p))
	}
	d.ports.give(at.number, d.now.Add(portRest))
}

// end closes a session and all that it holds.
func (d *driver) end(s *Session) Report {
	if _, running := d.sessions[s]; !running {
		return s.report
	}
	delete(d.sessions, s)
	d.wheel.set(&s.timer, 0)
	s.report = s.core.close()
	for _, stream := range s.streams {
		stream.release()
	}
	s.streams = nil
	return s.report
}

// abandon ends a session whose state is in doubt: where it can't be closed in order, its ports are at least.
func (d *driver) abandon(s *Session) {
	defer func() {
		if fault := recover(); fault == nil {
			return
		}
		s.core.closed = true
		for _, stream := range s.streams {
			stream.release()
		}
	}()
	d.end(s)
}

// stats adds up what the driver's sessions have counted.
func (d *driver) stats() Stats {
	sum := d.past
	sum.Unsent, sum.Panics, sum.Sessions = d.unsent, d.panics, len(d.sessions)
	for s := range d.sessions {
		for _, l := range s.core.legs {
			sum.add(l.stats())
		}
	}
	return sum
}
