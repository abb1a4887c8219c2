package media

import (
	"time"

	"assent/media/codec"
)

const (
	// jitterSlots packets are kept at most: more than maxDelay of the shortest usual packets.
	jitterSlots = 32
)

// jitterConfig bounds how long a jitter buffer waits for a missing packet.
type jitterConfig struct{ minDelay, maxDelay time.Duration }

// defaultJitter waits one packet on a quiet network, and ten on a bad one.
var defaultJitter = jitterConfig{20 * time.Millisecond, 200 * time.Millisecond}

// boundsOf returns the configured bounds; the default for none.
func boundsOf(j Jitter) jitterConfig {
	if j == (Jitter{}) {
		return defaultJitter
	}
	return jitterConfig{j.Min, j.Max}
}

// jitterBuffer brings packets into the order of their RTP time, for those who listen to audio. What is in order passes
// at once; behind a gap it waits for as long as the jitter makes it likely that the gap closes. It is a ring by sequence
// number, and allocates nothing once its slots have held a packet each.
type jitterBuffer struct {
	// set once
	config jitterConfig

	slots   [jitterSlots]jitterSlot
	held    int
	started bool
	next    uint64 // sequence number that is wanted
	newest  uint64
}

type jitterSlot struct {
	used    bool
	seq, ts uint64
	came    time.Duration
	kind    kind
	ticks   int // RTP time of the payload
	format  codec.Format
	payload []byte
}

// reset forgets all packets, goes back to the state that the configuration gives, and returns how many were held.
func (b *jitterBuffer) reset(config jitterConfig) (discarded int) {
	discarded = b.held
	for i := range b.slots {
		b.slots[i].used = false
	}
	b.config, b.held, b.started = config, 0, false
	return discarded
}

// push keeps a copy of a packet. It is false if the packet is too late, or too far ahead to be kept.
func (b *jitterBuffer) push(in *inbound, now time.Duration) bool {
	seq := in.seq
	if !b.started {
		b.started, b.next, b.newest = true, seq, seq
	}
	ahead := distance(b.next, seq)
	switch {
	case ahead < 0:
		return false
	case ahead >= jitterSlots:
		if b.held > 0 {
			return false // the caller pops what is held first
		}
		b.next = seq
	}
	s := &b.slots[seq%jitterSlots]
	if s.used {
		return false
	}
	s.used, s.seq, s.ts, s.came, s.kind, s.format, s.ticks = true, seq, in.ts, now, in.kind, in.format, in.ticks
	s.payload = append(s.payload[:0], in.payload...)
	b.held++
	b.newest = later(b.newest, seq)
	return true
}

// delay returns how long a gap is waited for: three times the mean deviation of the arrivals, within the bounds.
func (b *jitterBuffer) delay(jitter time.Duration) time.Duration {
	return min(max(3*jitter, b.config.minDelay), b.config.maxDelay)
}

// pop returns the next packet in order, or after a gap that was waited for long enough. The packet is good until the
// next push.
func (b *jitterBuffer) pop(now, delay time.Duration) (*jitterSlot, bool) {
	if b.held == 0 {
		return nil, false
	}
	s := &b.slots[b.next%jitterSlots]
	if !s.used {
		if s = b.oldest(); now < s.came+delay {
			return nil, false
		}
	}
	s.used = false
	b.held--
	b.next = s.seq + 1
	return s, true
}

// oldest returns the held packet with the lowest sequence number.
func (b *jitterBuffer) oldest() *jitterSlot {
	for seq := b.next; ; seq++ {
		if s := &b.slots[seq%jitterSlots]; s.used {
			return s
		}
	}
}
