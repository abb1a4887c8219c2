package media

import "time"

const (
	// deadAfter is how long RTP may be missing before a stream counts as dead: longer than any pause of a sender that
	// suppresses silence, which sends comfort noise meanwhile.
	deadAfter = 5 * time.Second
	// deafAfter is how many reports of the peer in a row must know nothing of what we send.
	deafAfter = 2
	// aliveEvery bounds how often a loss is told: a peer that flickers is told of once in that time.
	aliveEvery = 5 * time.Second
)

// alive watches whether audio really flows, either way.
type alive struct {
	due    time.Duration // when to look; 0 is never
	dead   bool          // nothing comes
	since  time.Duration // when the last packet came before that
	silent time.Duration // in all, of dead times that are over
	deaf   int           // reports in a row that knew nothing of our stream
	told   [2]told       // by way
}

// told is what was noticed last of one way.
type told struct {
	lost bool
	at   time.Duration // when the last loss was told
}

// The ways that audio flows, as AudioNotice says them.
const (
	wayIn = iota
	wayOut
)

// follow watches from now on what an agreement has the peer send; before says whether it was to send already.
func (a *alive) follow(l *leg, before bool) {
	switch {
	case !l.receives:
		a.revive(l)
		a.due = 0
	case !before:
		l.heard = max(l.heard, l.core.at)
		a.due = l.core.at + deadAfter
		l.core.wake(a.due)
	}
}

// tick looks whether RTP is missing.
func (a *alive) tick(l *leg) {
	switch {
	case a.due == 0:
		return
	case l.core.at < a.due:
	case l.heard+deadAfter > l.core.at:
		a.due = l.heard + deadAfter
	default:
		a.due, a.dead, a.since = 0, true, l.heard
		a.tell(l, wayIn, true)
		return
	}
	l.core.wake(a.due)
}

// revive notes that a packet came, or that none is awaited any more.
func (a *alive) revive(l *leg) {
	if !a.dead {
		return
	}
	a.dead = false
	a.silent += l.core.at - a.since
	a.due = l.core.at + deadAfter
	l.core.wake(a.due)
	a.tell(l, wayIn, false)
}

// reported notes whether a report of the peer knew of our stream.
func (a *alive) reported(l *leg, heard bool) {
	if heard {
		a.deaf = 0
		a.tell(l, wayOut, false)
		return
	}
	if a.deaf++; a.deaf >= deafAfter {
		a.tell(l, wayOut, true)
	}
}

// tell notices a change.
func (a *alive) tell(l *leg, way int, lost bool) {
	t := &a.told[way]
	if t.lost == lost || lost && t.at != 0 && l.core.at-t.at < aliveEvery {
		return
	}
	t.lost = lost
	if lost {
		t.at = l.core.at
	}
	l.core.notify(AudioNotice{Stream: l.owner, Lost: lost, Sent: way == wayOut})
}

// silence returns how long, in all, RTP was missing when it should have come.
func (a *alive) silence(l *leg) time.Duration {
	if a.dead {
		return a.silent + l.core.at - a.since
	}
	return a.silent
}

// How audio flowed on a stream, as StreamStats.OneWay says it.
const (
	// OneWayOut: the peer was sent audio, and none came from it.
	OneWayOut = "out"
	// OneWayIn: audio came from the peer, and by its reports it heard nothing of ours.
	OneWayIn = "in"
)

// oneWay tells whether audio flowed one way only although both were agreed on, as far as it is known. received are the
// packets that came.
func (l *leg) oneWay(received uint64) string {
	const some = unheardAfter
	switch sent := l.out.packets; {
	case received == 0 && sent >= some && l.alive.told[wayIn].lost:
		return OneWayOut
	case received >= some && sent >= some && !l.reports.theirs.known && l.reports.theirs.unheard >= deafAfter:
		return OneWayIn
	}
	return ""
}
