package media

// neighbourSlots packets are remembered: more than a second of them.
const neighbourSlots = 64

// neighbours remembers which RTP time the last packets covered, by their sequence numbers, so that a gap in time is told
// from a loss whatever order packets come in.
type neighbours struct {
	slots [neighbourSlots]covered
}

// covered is the RTP time that one packet covers. A sequence number is never 0, for extended ones begin far above.
type covered struct{ seq, from, to uint64 }

// add remembers a packet and returns where the one before it ends, and where the one after it begins; 0 for a
// neighbour that did not come yet.
func (n *neighbours) add(seq, from, to uint64) (before, after uint64) {
	n.slots[seq%neighbourSlots] = covered{seq, from, to}
	if b := &n.slots[(seq-1)%neighbourSlots]; b.seq == seq-1 {
		before = b.to
	}
	if a := &n.slots[(seq+1)%neighbourSlots]; a.seq == seq+1 {
		after = a.from
	}
	return before, after
}
