package media

import "time"

// Mark is a moment in what a stream has sent: where a notice begins, or where it is over. Stream.Mark makes it.
type Mark struct {
	At      time.Time
	Packets uint64 // RTP packets sent so far

	seq    uint64 // newest sequence number sent, extended
	report remoteReport
}

// Delivery tells what became of the packets that were sent between two marks, as far as the peer's reports say it.
type Delivery struct {
	Sent     uint64 // RTP packets that left for the peer
	Reported uint64 // packets that the peer gave an account of: these, and those up to the nearest reports around them
	Lost     uint64 // of Reported, those that never reached the peer (RFC 3550 section 6.4.1)
	Complete bool   // a report of the peer reaches to the end of the span
	Unheard  int    // reports since the first mark in which the peer, who was sent audio, had heard nothing of it
}

// LossPercent returns the share of packets that the peer did not get, and false if it gave no account of any.
func (d Delivery) LossPercent() (float64, bool) {
	if d.Reported == 0 {
		return 0, false
	}
	return 100 * float64(d.Lost) / float64(d.Reported), true
}

// remoteReport is what the peer said of what we sent, at one time.
type remoteReport struct {
	known   bool
	at      time.Duration
	newest  uint64 // newest sequence number that it had received, extended on our scale
	lost    int64  // packets lost so far; less than none where it got duplicates
	unheard int    // reports so far that had no word of our stream
}

const (
	// maxHistory reports of the peer are kept, at least historyStep apart: two minutes of a peer that keeps to the usual
	// five seconds, half a minute at least.
	maxHistory  = 32
	historyStep = time.Second
)

// history keeps what the peer reported lately, oldest first, in bounded memory.
type history struct {
	reports []remoteReport
}

// add keeps a report. Of those that follow each other within historyStep the newest is kept.
func (h *history) add(r remoteReport) {
	n := len(h.reports)
	switch {
	case n > 1 && h.reports[n-1].at-h.reports[n-2].at < historyStep:
		h.reports[n-1] = r
		return
	case n == maxHistory:
		h.reports = h.reports[:copy(h.reports, h.reports[1:])]
	}
	h.reports = append(h.reports, r)
}

// reaching returns the earliest report kept that reaches to a sequence number, or else the newest, and whether it does
// reach there.
func (h *history) reaching(seq uint64) (r remoteReport, reaches bool) {
	for _, r = range h.reports {
		if distance(seq, r.newest) >= 0 {
			return r, true
		}
	}
	return r, false
}

// mark notes where a stream stands.
func (l *leg) mark() Mark {
	return Mark{At: l.core.now, Packets: l.out.packets, seq: l.out.seq, report: l.reports.theirs}
}

// delivery accounts for what was sent between two marks of the stream.
func (l *leg) delivery(from, to Mark) Delivery {
	if distance(from.seq, to.seq) <= 0 {
		return Delivery{}
	}
	d := Delivery{Sent: to.Packets - from.Packets, Unheard: l.reports.theirs.unheard - from.report.unheard}
	end, complete := l.reports.history.reaching(to.seq)
	start := from.report
	if !start.known {
		start = remoteReport{newest: l.out.origin}
	}
	reported := distance(start.newest, end.newest)
	if !end.known || reported <= 0 {
		return d
	}
	d.Reported, d.Complete = uint64(reported), complete
	d.Lost = uint64(min(max(end.lost-start.lost, 0), reported))
	return d
}
