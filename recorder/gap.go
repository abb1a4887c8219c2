package recorder

import "slices"

// gap is a stretch of one channel without audio. Positions fit in 32 bits for
// 149 hours at 8 kHz, so that an hour of bad line stays small in memory.
type gap struct {
	from, to uint32
	channel  uint8
	kind     kind
}

// maxGaps bounds the list of a recording: an hour with 1 % of the packets lost
// on both channels. What is beyond is counted, not listed.
const maxGaps = 4096

// gapList is the typed silence of a recording. Not safe for concurrent use.
type gapList struct {
	list     []gap
	unlisted int64 // gaps beyond maxGaps
}

// add appends a gap, or makes the channel's last one longer if it continues it
// and is not below sealed (an index before which entries are already journaled).
func (g *gapList) add(n gap, sealed int) {
	for i := len(g.list) - 1; i >= sealed; i-- {
		if g.list[i].channel != n.channel {
			continue
		}
		if g.list[i].to == n.from && g.list[i].kind == n.kind {
			g.list[i].to = n.to
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
// and reports whether anything changed.
func (g *gapList) retype(channel uint8, from, to uint32, k kind) bool {
	var out []gap
	for _, o := range g.list {
		if o.channel != channel || (o.kind != kindUnplaced && o.kind != kindLost) || o.to <= from || o.from >= to {
			continue
		}
		out = append(out, o)
	}
	if len(out) == 0 {
		return false
	}
	g.list = slices.DeleteFunc(g.list, func(o gap) bool { return slices.Contains(out, o) })
	for _, o := range out {
		if o.from < from {
			g.list = append(g.list, gap{o.from, from, channel, o.kind})
		}
		if k.gap() {
			g.list = append(g.list, gap{max(o.from, from), min(o.to, to), channel, k})
		}
		if o.to > to {
			g.list = append(g.list, gap{to, o.to, channel, o.kind})
		}
	}
	return true
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
			a := audio[o.channel]
			if a.from >= a.to || int64(o.to) <= a.from || int64(o.from) >= a.to {
				o.kind = kindAbsent
			}
		}
		out = append(out, o)
	}
	slices.SortFunc(out, func(a, b gap) int {
		if a.channel != b.channel {
			return int(a.channel) - int(b.channel)
		}
		return int(int64(a.from) - int64(b.from))
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
