package recorder

import (
	"cmp"
	"slices"
)

// gap is a stretch of one channel without audio. Positions fit in 32 bits for
// 149 hours at 8 kHz, so that an hour of bad line stays small in memory.
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
	// logEvery is the length at which a gap that still grows is journaled.
	logEvery = 5 * rateHz
)

// gapList is the typed silence of a recording. Not safe for concurrent use.
type gapList struct {
	list     []gap
	unlisted int64 // gaps beyond maxGaps
}

// add appends a gap, or lengthens the channel's last one where it continues it.
func (g *gapList) add(n gap) {
	for i := len(g.list) - 1; i >= 0; i-- {
		last := &g.list[i]
		if last.channel != n.channel {
			continue
		}
		if last.to == n.from && last.kind == n.kind && !last.logged {
			last.to = n.to
			return
		}
		break
	}
	if len(g.list) >= maxGaps {
		g.unlisted++
		return
	}
	g.list = append(g.list, n)
}

// retype gives what is unplaced or lost in [from, to) of a channel the kind k,
// and reports whether that changes anything which the journal already tells.
func (g *gapList) retype(channel uint8, from, to uint32, k kind) (logged bool) {
	var out []gap
	for _, o := range g.list {
		if o.channel != channel || o.to <= from || o.from >= to || (o.kind != kindUnplaced && o.kind != kindLost) {
			out = append(out, o)
			continue
		}
		logged = logged || o.logged
		if o.from < from {
			out = append(out, gap{o.from, from, channel, o.kind, o.logged})
		}
		if k.gap() {
			out = append(out, gap{max(o.from, from), min(o.to, to), channel, k, o.logged})
		}
		if o.to > to {
			out = append(out, gap{to, o.to, channel, o.kind, o.logged})
		}
	}
	g.list = out
	return logged
}

// due calls log for every gap that the journal should tell now: those that
// ended before edge, and those that have grown long.
func (g *gapList) due(edge uint32, log func(gap)) {
	for i := len(g.list) - 1; i >= 0; i-- {
		o := &g.list[i]
		if !o.logged && (o.to < edge || o.to-o.from >= logEvery) {
			log(*o)
			o.logged = true
		}
	}
}

// resolve returns the list in order, cut at end, neighbours joined. What was
// never placed counts as absent before a channel's first audio and after its
// last (nothing proves that anything was sent), as lost in between.
func (g *gapList) resolve(end uint32, audio [channels]span) []gap {
	out := make([]gap, 0, len(g.list))
	for _, o := range g.list {
		o.to = min(o.to, end)
		if o.from >= o.to {
			continue
		}
		if o.kind == kindUnplaced {
			o.kind = kindLost
			if a := audio[o.channel]; int64(o.to) <= a.from || int64(o.from) >= a.to {
				o.kind = kindAbsent
			}
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
