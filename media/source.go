package media

import "time"

const (
	// maxDropout and maxMisorder bound what is taken for loss and for disorder (RFC 3550 appendix A.1).
	maxDropout  = 3000
	maxMisorder = 100
	// maxStandstill is how much less RTP time than true time may go by between two packets before the sender's clock counts
	// as having stood still: more than a network's jitter. There are phones that stop it while they hold a call.
	maxStandstill = time.Second / 4
	// usualFrame is the length of a packet until one was seen.
	usualFrame = 20 * time.Millisecond
)

// verdict says how a packet fits into what came before it.
type verdict uint8

const (
	fresh     verdict = iota // newer than all before
	overtaken                // older than one that came before it
	duplicate                // came before
	stale                    // of a numbering that was given up
	doubtful                 // fits nothing; the next one will show (RFC 3550 appendix A.1)
)

// arrival is a packet's place in its source.
type arrival struct {
	verdict verdict
	seq, ts uint64 // extended
	jump    bool   // the timestamp leapt by more than a second
	stood   bool   // the sender's clock stood still before it, by more than maxStandstill
}

// source is the receiving state of one SSRC (RFC 3550 appendix A). A sender that numbers anew under its SSRC gets a new
// generation, and is a new source to all who ask by it.
type source struct {
	ssrc       uint32
	generation uint32 // unique in its leg; 0 is an unused slot
	slot       int
	rate       clockRate // of its timestamps; another one makes a new generation

	first, newest uint64        // extended sequence numbers, the first of this generation
	seen          uint64        // bit i: newest-i was received
	newestTS      uint64        // extended RTP time
	stamped       time.Duration // when newestTS arrived
	heard         time.Duration
	suspect       uint16 // the sequence number that would prove a restart
	suspicious    bool

	audio     bool          // audio was received
	spoke     time.Duration // when audio came last
	returned  bool          // its SSRC was heard before the barrier, and forgotten since
	end       uint64        // RTP time after the newest audio
	frame     int64         // RTP time in the last audio packet
	reference uint64        // RTP time that transit times are counted from
	baseline  baseline

	reception
	route route
}

// begin starts a generation with its first packet.
func (s *source) begin(generation uint32, rate clockRate, seq uint16, ts uint32, arrival time.Duration) {
	old := *s
	*s = source{
		ssrc: old.ssrc, slot: old.slot, rate: rate, returned: old.returned, generation: generation, heard: arrival, stamped: arrival,
	}
	s.earlier, s.jitter, s.bursts = old.sum(), rate.ticks(old.rate.span(old.jitter)), old.bursts
	s.first = (old.newest>>16+1)<<16 | uint64(seq)
	s.newestTS = (old.newestTS>>32+1)<<32 | uint64(ts)
	if old.generation == 0 {
		s.first, s.newestTS = extendedOrigin|uint64(seq), extendedOrigin|uint64(ts)
	}
	s.newest, s.seen, s.reference = s.first, 1, s.newestTS
	s.base, s.received = s.first, 1
}

// place finds a packet's extended numbers and its verdict. Events say nothing of the audio's time, for there are
// gateways that stamp them from another clock.
func (s *source) place(seq uint16, ts uint32, event bool, at time.Duration) arrival {
	a := arrival{seq: extend16(s.newest, seq), ts: extend32(s.newestTS, ts)}
	ahead, leap := distance(s.newest, a.seq), distance(s.newestTS, a.ts)
	switch {
	case ahead > 0 && ahead < maxDropout:
		a.stood = !event && at-s.stamped-s.rate.span(leap) > maxStandstill
		a.jump = !event && !s.isNear(leap)
		if a.jump && !s.plausible(ahead, leap, at) {
			a.verdict = doubtful
			s.suspect, s.suspicious = seq, true // the sequence goes on: proof enough
		}
	case ahead <= 0 && ahead > -64 && s.seen>>uint(-ahead)&1 == 1:
		a.verdict = duplicate
	case ahead <= 0 && (ahead > -maxMisorder || s.onLine(ahead, leap)):
		a.verdict = overtaken
		if distance(s.first, a.seq) < 0 {
			a.verdict = stale
		}
	case ahead > 0 && s.plausible(ahead, leap, at):
		a.jump = true
	default:
		a.verdict = doubtful
	}
	return a
}

// plausible tells whether a leap is what the time since, or the packets since, account for: a pause of the sender
// (silence suppression, hold) or a long loss.
func (s *source) plausible(ahead, leap int64, at time.Duration) bool {
	return s.isNear(leap-s.rate.ticks(at-s.stamped)) || s.onLine(ahead, leap)
}

// isNear tells whether a leap of the timestamp is below the second from which it counts as a new stream.
func (s *source) isNear(leap int64) bool { return leap > -int64(s.rate) && leap < int64(s.rate) }

// onLine tells whether a packet's sequence number and time belong together in the present numbering.
func (s *source) onLine(ahead, leap int64) bool {
	return s.isNear(leap - ahead*max(s.frame, s.rate.ticks(usualFrame/2)))
}

// restarts tells whether a doubtful packet proves that the sender numbers anew, and remembers it if not.
func (s *source) restarts(seq uint16) bool {
	if s.suspicious && seq == s.suspect {
		return true
	}
	s.suspect, s.suspicious = seq+1, true
	return false
}

// accept counts a packet that was placed as fresh or overtaken.
func (s *source) accept(a arrival, event bool, at time.Duration) {
	s.heard, s.suspicious = at, false
	s.reception.received++
	if ahead := distance(s.newest, a.seq); ahead > 0 {
		s.judge(ahead)
		s.newest = a.seq
		s.seen = s.seen<<min(uint64(ahead), 64) | 1
	} else {
		s.reception.late++
		s.seen |= 1 << min(uint64(-ahead), 64)
	}
	if !event && distance(s.newestTS, a.ts) > 0 {
		s.newestTS, s.stamped = a.ts, at
	}
}

// judge decides on the packets that the window of those seen leaves behind when it moves on: whoever is not there by now
// is lost.
func (s *source) judge(ahead int64) {
	const window = 64
	known := min(distance(s.first, s.newest)+1, window)
	if leaving := known - window + min(ahead, window); leaving > 0 {
		s.bursts.pass(s.seen<<(window-known), int(leaving))
	}
	if ahead > window {
		s.bursts.loseAll(uint64(ahead - window))
	}
}

// hear takes an audio packet into the clock's estimates: the time that it covers, and when it came.
func (s *source) hear(ts uint64, ticks int, at time.Duration) {
	end := ts + uint64(ticks)
	if !s.audio || distance(s.end, end) > 0 {
		s.end = end
	}
	s.audio, s.frame, s.spoke = true, int64(ticks), at
	transit := at - s.since(ts)
	s.baseline.add(at, transit)
	s.reception.jitterOf(transit, s.rate)
}

// restart forgets when packets came before the one at ts: the clock's estimates begin with that.
func (s *source) restart(ts uint64, at time.Duration) {
	s.baseline = baseline{}
	s.baseline.add(at, at-s.since(ts))
}

// since returns the time between the source's reference and ts, by its own clock.
func (s *source) since(ts uint64) time.Duration {
	return s.rate.span(distance(s.reference, ts))
}

// timeAt returns the RTP time of the sample that would arrive at a time without jitter: the opposite of due.
func (s *source) timeAt(at time.Duration) uint64 {
	return s.reference + uint64(s.rate.ticks(at-s.baseline.least))
}

// due returns when the sample at ts would have arrived without jitter.
func (s *source) due(ts uint64) time.Duration { return s.baseline.least + s.since(ts) }
