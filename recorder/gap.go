package recorder

import (
	"cmp"
	"slices"
)

// gap is a stretch of one channel without audio. Positions fit in 32 bits for
// 149 hours at 8 kHz and for a day at 48 kHz, so that an hour of bad line stays small in memory.
type gap struct {
	from, to uint32
	channel  uint8
	kind     kind
	logged   bool // stands in the journal
}

const (
	// maxGaps bounds the list of a recording: an hour with 1 % of the packets
	// lost on both channels. What is beyond is counted, not listed.
	maxGaps = 4096
	// logEvery is the length at which a gap that still grows is journaled, in seconds.
	logEvery = 5
	// logBehinds a second: half a second behind the present a pause counts as
	// ended; its marks come piece by piece, some time after the fact.
	logBehinds = 2
)

// gapList is the typed silence of a recording. Not safe for concurrent use.
type gapList struct {
	list     []gap
	unlisted int64 // gaps beyond maxGaps
}

// add appends a gap, or lengthens one of the same kind that it continues.
func (g *gapList) add(n gap) {
	for i := len(g.list) - 1; i >= 0; i-- {
		if g.list[i].continuedBy(n) {
			g.list[i].to = n.to
			return
		}
	}
	if len(g.list) >= maxGaps {
		g.unlisted++
		return
	}
	g.list = append(g.list, n)
}

// continuedBy reports whether n is the same gap, further on.
func (o gap) continuedBy(n gap) bool {
	return o.to == n.from && o.channel == n.channel && o.kind == n.kind && o.logged == n.logged
}

// retype gives what is unplaced or lacking in [from, to) of a channel the kind k,
// and reports whether that changes anything which the journal already tells.
func (g *gapList) retype(channel uint8, from, to uint32, k kind) (logged bool) {
	hit := func(o gap) bool {
		return o.channel == channel && o.to > from && o.from < to && (o.kind == kindUnplaced || o.kind.lacks())
	}
	var old []gap
	for _, o := range g.list {
		if hit(o) {
			old = append(old, o)
		}
	}
	g.list = slices.DeleteFunc(g.list, hit)
	for _, o := range old {
		logged = logged || o.logged
		if o.from < from {
			g.add(gap{o.from, from, channel, o.kind, o.logged})
		}
		if k.gap() {
			g.add(gap{max(o.from, from), min(o.to, to), channel, k, o.logged})
		}
		if o.to > to {
			g.add(gap{to, o.to, channel, o.kind, o.logged})
		}
	}
	return logged
}

// lose types [from, to) of a channel unstored, where it is not paused, whatever
// was placed.
func (g *gapList) lose(channel uint8, from, to uint32) {
	g.retype(channel, from, to, kindDTX)
	var kept []gap
	for _, o := range g.list {
		if o.channel == channel && o.to > from && o.from < to {
			kept = append(kept, o)
		}
	}
	slices.SortFunc(kept, func(a, b gap) int { return cmp.Compare(a.from, b.from) })
	for _, o := range append(kept, gap{from: to, to: to}) {
		if from < o.from {
			g.add(gap{from, o.from, channel, kindUnstored, false})
		}
		from = max(from, o.to)
	}
}

// due calls log for every gap that the journal should tell now: those that
// ended before edge, and those that have grown long, at a rate in samples a second.
func (g *gapList) due(edge, rate uint32, log func(gap)) {
	for i := 0; i < len(g.list); i++ {
		o := g.list[i]
		if o.logged || (!o.ended(edge, rate) && o.to-o.from < logEvery*rate) {
			continue
		}
		log(o)
		g.list = slices.Delete(g.list, i, i+1)
		o.logged = true
		g.add(o)
		i--
	}
}

// ended reports whether a gap grows no more, seen from edge.
func (o gap) ended(edge, rate uint32) bool {
	if o.kind.paused() {
		return int64(o.to)+int64(rate/logBehinds) < int64(edge)
	}
	return o.to < edge
}

// resolve returns the list in order, cut at end, neighbours joined. What was
// never placed counts as lost between a channel's first audio and its last;
// before and after, nothing proves that anything was sent, and it is no gap.
func (g *gapList) resolve(end uint32, audio [channels]span) []gap {
	out := make([]gap, 0, len(g.list))
	for _, o := range g.list {
		o.to = min(o.to, end)
		if o.from >= o.to {
			continue
		}
		if o.kind == kindUnplaced {
			if a := audio[o.channel]; int64(o.to) <= a.from || int64(o.from) >= a.to {
				continue
			}
			o.kind = kindLost
		}
		o.logged = false
		out = append(out, o)
	}
	slices.SortFunc(out, func(a, b gap) int {
		return cmp.Or(cmp.Compare(a.channel, b.channel), cmp.Compare(a.from, b.from))
	})
	return join(out)
}

// join merges neighbours of one channel and kind; the list is in order.
func join(list []gap) []gap {
	out := list[:0]
	for _, o := range list {
		if n := len(out); n > 0 && out[n-1].channel == o.channel && out[n-1].kind == o.kind && out[n-1].to >= o.from {
			out[n-1].to = max(out[n-1].to, o.to)
			continue
		}
		out = append(out, o)
	}
	return out
}
