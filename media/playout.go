package media

import (
	"time"

	"assent/media/codec"
)

// PlayOptions say how a clip behaves in the playout queue.
type PlayOptions struct {
	BargeIn bool // a key ends it, and skips what is queued behind it
	Notice  bool // can neither be interrupted nor skipped
	Loop    bool // begins anew at its end, until Stop
}

// playout is the queue of what is played to a leg, and the clock that sends it: one packet each packet time, counted
// from the first, whatever the ticks' lateness.
type playout struct {
	queue    []item
	position int           // samples of queue[0] that were sent, at 8 kHz
	feed     *converter    // what is heard while the queue is empty: the other leg, in another codec
	due      time.Duration // when the next packet begins; while the queue is empty, when the last one is over
	joined   bool          // the next packet follows the last one without a pause
	queued   uint64        // items queued so far
	over     uint64        // items sent, stopped or skipped so far
	waiters  []waiter
}

type item struct {
	clip      *Clip
	options   PlayOptions
	rendition *rendition // of the clip in the leg's format; nil until needed, and for G.711
}

// waiter waits until that many items are over.
type waiter struct {
	items uint64
	end   time.Duration // when the last packet of the last of them is over; 0 until it was sent
	done  chan struct{}
}

// maxLate is how far the clock of a playout may fall behind and catch up by a burst. Beyond, it is set anew: whoever
// listens hears the rest later, and never less of it, since a notice that nobody heard is none.
const maxLate = 200 * time.Millisecond

// playing tells whether the leg hears the queue, and nothing else.
func (p *playout) playing() bool { return len(p.queue) > 0 }

// play queues a clip.
func (p *playout) play(l *leg, clip *Clip, options PlayOptions) {
	if !l.open || clip == nil || clip.samples() == 0 {
		return
	}
	p.queue = append(p.queue, item{clip: clip, options: options})
	p.queued++
	if len(p.queue) == 1 {
		p.resume(l)
	}
}

// busy tells whether there is something to send.
func (p *playout) busy(l *leg) bool { return p.playing() || p.feed.alive(l.core.at) }

// resume starts the clock of what is ready: at once, or where the last packet ends.
func (p *playout) resume(l *leg) {
	if !l.agreed || !p.busy(l) {
		return
	}
	if p.due < l.core.at-l.ptime {
		p.due, p.joined = l.core.at, false
	}
	p.tick(l)
}

// tick sends what is due and tells who waits.
func (p *playout) tick(l *leg) {
	now := l.core.at
	if l.agreed {
		if p.busy(l) && p.due < now-maxLate {
			p.due, p.joined = now, false
		}
		for p.busy(l) && p.due <= now {
			p.frame(l)
		}
		if p.busy(l) {
			l.core.wake(p.due)
		}
	}
	p.tell(l)
}

// frame sends the next packet. Where the agreement has us silent, the queue's time goes on unheard.
func (p *playout) frame(l *leg) {
	begun := p.due
	p.due += l.ptime
	if !p.playing() {
		p.feed.frame(l, begun)
		return
	}
	n := p.supply(l, l.core.space.bytes[rtpHeaderSize:])
	if !l.sends || n == 0 {
		p.joined = false
		return
	}
	if mixed, ok := l.beep.mix(l, l.core.space.bytes[rtpHeaderSize:rtpHeaderSize+n], p.time(l, begun)); ok {
		n = mixed
	}
	p.send(l, l.payload, int(l.out.rate.ticks(l.ptime)), n, begun)
}

// time returns the RTP time of a packet of our own that begins at begun.
func (p *playout) time(l *leg, begun time.Duration) uint64 {
	if p.joined {
		return l.out.ts + uint64(l.out.frame)
	}
	return l.out.clock(begun)
}

// send numbers and sends a packet of our own that begins at begun, covers so much RTP time, and whose payload of n bytes
// lies in the workspace.
func (p *playout) send(l *leg, payloadType uint8, ticks, n int, begun time.Duration) {
	o, packet := &l.out, l.core.space.bytes[:rtpHeaderSize+n]
	ts, marker := p.time(l, begun), !p.joined
	p.joined = true
	seq := o.next(ts, ticks, begun)
	o.header(packet, payloadType, marker, seq, ts)
	l.transmit(packet, n)
}

// supply writes the payload of the next packet and returns its length.
func (p *playout) supply(l *leg, b []byte) int {
	n := int(l.ptime / tick)
	if l.format.Companded() {
		p.fill(l.format.ID, b[:n])
		return n
	}
	current := &p.queue[0]
	key := renditionKey{l.format, l.ptime}
	if current.rendition == nil || current.rendition.key != key {
		current.rendition = current.clip.rendition(key)
	}
	size := copy(b, current.rendition.frame(p.position/n))
	p.position += n
	p.pass(current)
	return size
}

// fill takes the next samples out of the queue; what is missing at its end is silence.
func (p *playout) fill(id codec.ID, b []byte) {
	for len(b) > 0 && p.playing() {
		current := &p.queue[0]
		n := copy(b, current.clip.encoded[id][min(p.position, current.clip.samples()):])
		b, p.position = b[n:], p.position+n
		p.pass(current)
	}
	id.Fill(b)
}

// pass goes on behind the current item if it is over: to its beginning, or to the next one.
func (p *playout) pass(current *item) {
	if p.position < current.clip.samples() {
		return
	}
	p.position = 0
	if !current.options.Loop {
		p.drop(0)
	}
}

// drop takes an item out of the queue.
func (p *playout) drop(i int) {
	p.queue = append(p.queue[:i], p.queue[i+1:]...)
	p.queue[:len(p.queue)+1][len(p.queue)] = item{}
	p.over++
}

// bargeIn ends the current clip if a key may, and skips what is queued behind it, except notices.
func (p *playout) bargeIn(l *leg) {
	if !p.playing() || !p.queue[0].options.BargeIn || p.queue[0].options.Notice {
		return
	}
	p.position = 0
	p.drop(0)
	for i := 0; i < len(p.queue); {
		if p.queue[i].options.Notice {
			i++
			continue
		}
		p.drop(i)
	}
	p.tell(l)
}

// stop drops the current clip and all that are queued.
func (p *playout) stop(l *leg) {
	p.position = 0
	for p.playing() {
		p.drop(0)
	}
	p.tell(l)
}

// remove takes a clip out of the queue, wherever it stands.
func (p *playout) remove(l *leg, clip *Clip) {
	for i := len(p.queue) - 1; i >= 0; i-- {
		if p.queue[i].clip != clip {
			continue
		}
		if i == 0 {
			p.position = 0
		}
		p.drop(i)
	}
	p.tell(l)
}

// drained closes done once all that is queued now is over, to the end of its last packet.
func (p *playout) drained(l *leg, done chan struct{}) {
	if !l.open {
		close(done)
		return
	}
	p.waiters = append(p.waiters, waiter{items: p.queued, done: done})
	p.tell(l)
}

// tell closes the channels of those whose items are over.
func (p *playout) tell(l *leg) {
	if len(p.waiters) == 0 {
		return
	}
	kept := p.waiters[:0]
	for _, w := range p.waiters {
		if w.end == 0 && p.over >= w.items {
			w.end = max(p.due, 1)
		}
		if w.end != 0 && w.end <= l.core.at {
			close(w.done)
			continue
		}
		if w.end != 0 {
			l.core.wake(w.end)
		}
		kept = append(kept, w)
	}
	clear(p.waiters[len(kept):])
	p.waiters = kept
}

// close lets nobody wait any longer.
func (p *playout) close() {
	for _, w := range p.waiters {
		close(w.done)
	}
	p.queue, p.waiters = nil, nil
}
