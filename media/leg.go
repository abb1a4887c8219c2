package media

import (
	"net/netip"
	"time"

	"assent/media/codec"
	"assent/media/dtmf"
	"assent/media/sdp"
)

// maxSources is how many senders a stream tells apart at a time: one with audio, one with events, and those before.
const maxSources = 4

// leg is one stream inside a core.
type leg struct {
	// set once
	core   *core
	owner  *Stream
	config StreamConfig
	out    sender

	// owned by the core's driver
	open    bool
	terms                  // what was agreed on
	named   netip.AddrPort // the address that the last agreement named
	secret  *secrecy       // how packets are encrypted; nil if they are not
	peer    *leg
	member  *member // of the mix; nil outside
	playout playout
	reports reports

	sources     [maxSources]source
	generations uint32
	audio       int // slot of the source that carries the audio; -1 before any
	dropped     totals
	floors      floors
	before      witnesses

	events  *dtmf.Collector
	merger  dtmf.Merger
	keyDue  time.Duration
	keyRate clockRate // of the telephone events that come
	ears    *ears     // while something listens
	gate    keyGate   // which of the peer's events go on to the other leg
	keys    keysOut   // to the peer, by telephone event
	beep    beep      // that the peer hears while it is recorded

	alive      alive
	heard      time.Duration // when the last packet was accepted, or reception began
	timeoutDue time.Duration
	began      bool // the first audio has come
	counts     counts
}

// terms are what offer and answer came to.
type terms struct {
	agreed     bool
	remote     netip.AddrPort // where RTP goes; in learn mode the learned one
	remoteRTCP netip.AddrPort
	locked     bool // learn: the source is known
	mux        bool
	receive    payloads
	format     codec.Format // of what we send
	codecName  string       // its encoding name
	payload    uint8        // its type
	event      int          // payload type of events we send; -1 for none
	eventRate  clockRate    // of those events' durations
	noise      int          // payload type of comfort noise we send; -1 for none
	events     bool         // the peer sends telephone events
	ptime      time.Duration
	sends      bool
	receives   bool
	encrypted  bool
	extended   bool // the peer reads extended reports
}

// counts are a stream's datagrams that were not accepted, and its gaps.
type counts struct {
	Strangers uint64 // from an address that was not agreed on
	Malformed uint64 // no RTP or RTCP of version 2
	Unknown   uint64 // a payload type that was not agreed on
	Unwanted  uint64 // while the agreement has us not receive
	Doubtful  uint64 // fits no numbering
	Forged    uint64 // encrypted with no key that was agreed on, changed on its way, or repeated
}

func newLeg(c *core, config StreamConfig, owner *Stream) *leg {
	l := &leg{core: c, owner: owner, config: config, open: true, audio: -1}
	l.event = -1
	l.out = sender{ssrc: c.random(), seq: extendedOrigin | uint64(c.random()&0x7FFF), ts: extendedOrigin | uint64(c.random())}
	l.out.origin = l.out.seq
	for i := range l.sources {
		l.sources[i].slot = i
	}
	l.events = dtmf.NewCollector(0, l.onKey)
	l.reports.init(c.random)
	return l
}

// apply puts an agreement into force: the first, or a later one (hold, resume, a new address or codec).
func (l *leg) apply(a sdp.Agreement) {
	if !l.open {
		return
	}
	before := l.terms
	format, err := codec.FormatOf(a.Codec.Name, a.Codec.ClockHz, a.Codec.Channels)
	l.terms = terms{
		agreed: true, remote: unmap(a.Remote), remoteRTCP: unmap(a.RemoteRTCP), mux: a.Mux, format: format, codecName: a.Codec.Name,
		payload: a.Codec.PayloadType, event: -1, noise: -1, events: a.ReceiveEvent != nil, ptime: packetTime(format, a.Ptime),
		sends: a.Direction.Sends() && a.Remote.IsValid() && err == nil, receives: a.Direction.Receives(), encrypted: a.Crypto != nil,
		extended: a.ExtendedReports,
	}
	l.secure(a.Crypto)
	if a.Event != nil {
		l.event, l.eventRate = int(a.Event.PayloadType), clockRate(a.Event.ClockHz)
	}
	if a.Noise != nil {
		l.noise = int(a.Noise.PayloadType)
	}
	l.receive.learn(a.Receive)
	l.keepLearned(before, unmap(a.Remote))
	if l.out.rate != clockRate(format.ClockHz) {
		l.out.turn(clockRate(format.ClockHz), l.core.random())
	}
	if before.sends != l.sends || before.format != l.format || before.remote != l.remote {
		l.out.cut()
	}
	l.expect(before.agreed && before.receives)
	l.alive.follow(l, before.agreed && before.receives)
	l.playout.resume(l)
	l.reports.start(l)
	l.hark()
}

// secure follows what was agreed on encryption. A stream whose keys can't be used sends and hears nothing.
func (l *leg) secure(c *sdp.Crypto) {
	var err error
	switch {
	case c == nil:
		l.secret = nil
		return
	case l.secret == nil:
		l.secret, err = newSecrecy(*c)
	default:
		var ssrc uint32
		if s := l.speaking(); s != nil {
			ssrc = s.ssrc
		}
		err = l.secret.rekey(*c, ssrc)
	}
	if err != nil {
		l.secret = nil
	}
}

// The packet times that are agreed on lie within these; others are taken for mistakes.
const (
	minPtime = 10 * time.Millisecond
	maxPtime = 60 * time.Millisecond
)

// packetTime returns the length of the packets that we make: what was agreed on, in steps that the format can have, and
// so that one fits into a datagram.
func packetTime(f codec.Format, agreed time.Duration) time.Duration {
	if agreed < minPtime || agreed > maxPtime {
		agreed = sdp.DefaultPtime
	}
	agreed = agreed.Truncate(minPtime)
	switch {
	case f.ID == codec.Opus && agreed == 3*minPtime:
		return 2 * minPtime // a frame of Opus has 10, 20, 40 or 60 ms
	case f.ID == codec.Opus && agreed == 5*minPtime:
		return 4 * minPtime
	case f.ID == codec.L16:
		for agreed > minPtime && 2*clockRate(f.RateHz).ticks(agreed) > codec.MaxPayload {
			agreed -= minPtime
		}
	}
	return agreed
}

// keepLearned keeps the learned address over a re-INVITE that names the same one as before.
func (l *leg) keepLearned(before terms, named netip.AddrPort) {
	if l.config.Learn && before.locked && before.agreed && l.named == named {
		l.locked, l.remote = true, before.remote
	}
	l.named = named
}

// expect watches for RTP from now on, if it was not awaited before.
func (l *leg) expect(before bool) {
	if !l.receives || l.config.Timeout <= 0 {
		l.timeoutDue = 0
		return
	}
	if !before {
		l.heard = l.core.at
		l.timeoutDue = l.core.at + l.config.Timeout
		l.core.wake(l.timeoutDue)
	}
}

func (l *leg) tick() {
	now := l.core.at
	if l.keyDue != 0 && now >= l.keyDue {
		l.events.Tick(l.core.now)
		l.watchKey()
	}
	if l.timeoutDue != 0 && now >= l.timeoutDue {
		l.checkTimeout()
	}
	l.beep.tick(l)
	l.playout.tick(l)
	l.keys.tick(l)
	l.reports.tick(l)
	l.alive.tick(l)
	if l.ears != nil {
		l.ears.tick(l)
	}
	for _, due := range [...]time.Duration{l.keyDue, l.timeoutDue} {
		if due != 0 {
			l.core.wake(due)
		}
	}
}

// checkTimeout moves the alarm on, or raises it.
func (l *leg) checkTimeout() {
	if due := l.heard + l.config.Timeout; due > l.core.at {
		l.timeoutDue = due
		return
	}
	l.timeoutDue = 0
	l.core.notify(TimeoutNotice{Stream: l.owner})
}

// speaking returns the source that carries the stream's audio, or nil before any.
func (l *leg) speaking() *source {
	if l.audio < 0 {
		return nil
	}
	return &l.sources[l.audio]
}

// close ends the stream: a BYE to the peer, and nobody waits for it any more.
func (l *leg) close() {
	l.reports.bye(l)
	l.playout.close()
	l.open, l.peer, l.ears = false, nil, nil
}

func unmap(a netip.AddrPort) netip.AddrPort {
	return netip.AddrPortFrom(a.Addr().Unmap(), a.Port())
}
