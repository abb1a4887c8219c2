package media

// maxWitnesses bounds the SSRCs that a stream remembers up to the barrier. An honest sender has one or two.
const maxWitnesses = 32

// witnesses are the SSRCs that were heard on a stream before the barrier. A stream tells only a few sources apart at a
// time; one that it had to forget, and that comes back after the barrier, may bring audio from before it, and nothing is
// left to hold its RTP time against. It is never admitted again. The zero value listens.
type witnesses struct {
	ssrc   [maxWitnesses]uint32
	n      int
	full   bool // more came than are remembered
	frozen bool // the barrier is set
}

// add remembers an SSRC until the barrier.
func (w *witnesses) add(ssrc uint32) {
	switch {
	case w.frozen || w.known(ssrc):
	case w.n == maxWitnesses:
		w.full = true
	default:
		w.ssrc[w.n] = ssrc
		w.n++
	}
}

// freeze sets the barrier: what is heard from now on is no witness.
func (w *witnesses) freeze() { w.frozen = true }

// thaw ends the barrier: what is heard until the next one is a witness again.
func (w *witnesses) thaw() { w.frozen = false }

// has tells, after the barrier, whether an SSRC was heard before it, or may have been.
func (w *witnesses) has(ssrc uint32) bool { return w.frozen && (w.full || w.known(ssrc)) }

func (w *witnesses) known(ssrc uint32) bool {
	for _, known := range w.ssrc[:w.n] {
		if known == ssrc {
			return true
		}
	}
	return false
}
