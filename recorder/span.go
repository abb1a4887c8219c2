package recorder

// kind says what a stretch of a channel holds.
type kind uint8

const (
	kindUnplaced kind = iota // nothing came; lost, if the party was heard before and after
	kindAudio
	kindDTX
	kindLost
	kindHold
	kindSecurePause
	kindSuppressed
	kindWithdrawn
	kindDTMF     // a key: nothing is missing, and nothing of it may be heard
	kindLate     // it came, behind the window
	kindUnstored // it came, and there was no memory or no disk for it
	kinds
)

var kindNames = [kinds]string{"unplaced", "audio", "dtx", "lost", "hold", "secure_pause", "suppressed", "withdrawn", "dtmf", "late", "unstored"}

func (k kind) String() string { return kindNames[k] }

// parseKind returns the kind of that name.
func parseKind(name string) (kind, bool) {
	for k, n := range kindNames {
		if n == name {
			return kind(k), true
		}
	}
	return 0, false
}

// paused reports whether audio is kept out on purpose.
func (k kind) paused() bool { return k >= kindHold && k <= kindDTMF }

// lacks reports whether audio that was sent is not there.
func (k kind) lacks() bool { return k == kindLost || k == kindLate || k == kindUnstored }

// gap reports whether the sidecar lists a stretch of this kind.
func (k kind) gap() bool { return k != kindAudio && k != kindDTX && k != kindDTMF }

// span is a stretch of one channel, in samples, its end excluded.
type span struct {
	from, to int64
	kind     kind
}

// maxSpans bounds what is open at once on a channel. In order there is one
// span; 64 are 32 holes inside the disorder window, more than packets fit in it.
const maxSpans = 64

// fewSpans are what most channels need.
const fewSpans = 4

// spanSet is what is known of a channel that is not frozen yet: spans in order,
// neighbours of one kind merged. It allocates where a channel is in more disorder
// than it ever was.
type spanSet struct {
	n int
	s []span // room for spans, of which n are in use
}

// paint lays kind k over [from, to), whatever was there. It reports false, and
// changes nothing, if the set is full.
func (p *spanSet) paint(from, to int64, k kind) bool {
	if from >= to {
		return true
	}
	lo := p.n
	for lo > 0 && p.s[lo-1].to >= from {
		lo--
	}
	var left, right span
	hi, at := lo, span{from, to, k}
	for ; hi < p.n && p.s[hi].from <= to; hi++ {
		old := p.s[hi]
		if old.kind == k {
			at.from, at.to = min(at.from, old.from), max(at.to, old.to)
			continue
		}
		if old.from < from {
			left = span{old.from, min(from, old.to), old.kind}
		}
		if old.to > to {
			right = span{max(to, old.from), old.to, old.kind}
		}
	}
	return p.replace(lo, hi, left, at, right)
}

// replace puts the spans that are not empty in place of those in [lo, hi).
func (p *spanSet) replace(lo, hi int, spans ...span) bool {
	grown := 0
	for _, s := range spans {
		if s.from < s.to {
			grown++
		}
	}
	n := p.n - (hi - lo) + grown
	if n > maxSpans {
		return false
	}
	for n > len(p.s) {
		p.s = append(p.s, make([]span, max(fewSpans, len(p.s)))...)
	}
	copy(p.s[lo+grown:n], p.s[hi:p.n])
	for _, s := range spans {
		if s.from < s.to {
			p.s[lo] = s
			lo++
		}
	}
	p.n = n
	return true
}

// trim forgets everything before position edge.
func (p *spanSet) trim(edge int64) {
	drop := 0
	for drop < p.n && p.s[drop].to <= edge {
		drop++
	}
	copy(p.s[:], p.s[drop:p.n])
	p.n -= drop
	if p.n > 0 && p.s[0].from < edge {
		p.s[0].from = edge
	}
}

// spans returns the spans in order, borrowed until the next change.
func (p *spanSet) spans() []span { return p.s[:p.n] }

// clear returns the first part of [from, to) that no pause covers, or an empty
// one at to.
func (p *spanSet) clear(from, to int64) (int64, int64) {
	for _, s := range p.spans() {
		if !s.kind.paused() || s.to <= from || s.from >= to {
			continue
		}
		if s.from > from {
			return from, s.from
		}
		from = min(s.to, to)
	}
	return from, to
}

// fill lays kind k over what nothing covers in [from, to).
func (p *spanSet) fill(from, to int64, k kind) {
	for from < to {
		next := to
		for _, s := range p.spans() {
			if s.to <= from {
				continue
			}
			if s.from <= from {
				from = min(s.to, to)
				continue
			}
			next = min(s.from, to)
			break
		}
		if from < next && !p.paint(from, next, k) {
			return
		}
		from = next
	}
}
