package media

import "time"

// reception is what RTCP and the statistics count of a source.
type reception struct {
	base     uint64 // extended sequence number of its first packet
	received uint64 // packets, without duplicates
	late     uint64 // packets that were overtaken
	doubles  uint64 // duplicates

	transit time.Duration // of the last audio packet
	timed   bool
	jitter  int64 // RTP time units, times 16 (RFC 3550 appendix A.8)

	bursts bursts // the pattern of its losses

	expectedBefore, receivedBefore uint64 // at the last report (appendix A.3)
	earlier                        totals // of the generations before
}

// totals are the sums over generations and sources that are gone.
type totals struct {
	received, expected, late, doubles uint64
}

// jitterOf follows the interarrival jitter (RFC 3550 appendix A.8). Events are left out: their timestamps stand still.
func (r *reception) jitterOf(transit time.Duration, rate clockRate) {
	if r.timed {
		d := rate.ticks(transit - r.transit)
		if d < 0 {
			d = -d
		}
		r.jitter += d - (r.jitter+8)>>4
	}
	r.transit, r.timed = transit, true
}

// jitterTime returns the interarrival jitter as a length of time.
func (s *source) jitterTime() time.Duration { return s.rate.span(s.jitter >> 4) }

// expected returns how many packets of this generation were sent, up to the newest.
func (s *source) expected() uint64 {
	if s.generation == 0 {
		return 0
	}
	return s.newest - s.base + 1
}

// sum returns the totals of a source, past generations included.
func (s *source) sum() totals {
	t := s.earlier
	t.received += s.received
	t.expected += s.expected()
	t.late += s.late
	t.doubles += s.doubles
	return t
}

func (t *totals) add(o totals) {
	t.received += o.received
	t.expected += o.expected
	t.late += o.late
	t.doubles += o.doubles
}

// lost returns the packets that never came (RFC 3550 section 6.4.1).
func (t totals) lost() uint64 {
	if t.expected < t.received {
		return 0
	}
	return t.expected - t.received
}
