package sip

import (
	"strconv"
	"strings"
	"time"
)

// maxSession is the longest session interval that a peer can ask of us.
const maxSession = 24 * time.Hour

// maxBriefs bounds how often one request is repeated with a longer session interval.
const maxBriefs = 3

// sessionTimer keeps a dialog from outliving its peer (RFC 4028): one side refreshes it, and who misses the refresh
// ends it.
type sessionTimer struct {
	expires time.Duration // agreed; 0: the session does not expire
	min     time.Duration // the largest Min-SE that we were told
	ours    bool          // we refresh
	briefs  int           // 422 in a row
	refresh *timer        // when we do
	end     *timer        // when nobody did
	update  bool          // our UPDATE has no answer yet
}

// sessionAsk is what a message says of the session interval; 0 where it says nothing.
type sessionAsk struct {
	expires, min time.Duration
	refresher    string // uac, uas or ""
	supported    bool   // the sender speaks RFC 4028
}

// sessionAsk reads Session-Expires, Min-SE and Supported.
func (m *message) sessionAsk() sessionAsk {
	a := sessionAsk{supported: m.supports(tagTimer)}
	if v, ok := m.value("session-expires"); ok {
		interval, params, _ := strings.Cut(v, ";")
		a.expires = deltaSeconds(interval)
		switch r := strings.ToLower(param(params, "refresher")); r {
		case "uac", "uas":
			a.refresher = r
		}
	}
	if v, ok := m.value("min-se"); ok {
		v, _, _ = strings.Cut(v, ";")
		a.min = deltaSeconds(v)
	}
	return a
}

// deltaSeconds reads a header's seconds, 0 where there are none; more than maxSession counts as that.
func deltaSeconds(v string) time.Duration {
	n, err := strconv.ParseUint(strings.TrimSpace(v), 10, 32)
	if err != nil {
		return 0
	}
	return min(time.Duration(n)*time.Second, maxSession)
}

// tooBrief reports whether the interval must be refused with 422; who does not speak RFC 4028 would not understand
// it (section 9).
func (a sessionAsk) tooBrief(least time.Duration) bool {
	return a.supported && a.expires > 0 && a.expires < least
}

// sessionHeaders ask for our session interval in an INVITE or UPDATE (section 7.1).
func (g *Leg) sessionHeaders() []header {
	if g.terms.Expires <= 0 {
		return nil
	}
	s := &g.session
	v := wholeSeconds(max(g.terms.Expires, s.min))
	if s.expires > 0 { // within a dialog the roles stay as they are (section 7.4)
		v += ";refresher=" + who(s.ours, "uac", "uas")
	}
	return []header{{"Session-Expires", v}, {"Min-SE", wholeSeconds(max(g.terms.Min, s.min))}}
}

func who(first bool, a, b string) string {
	if first {
		return a
	}
	return b
}

// sessionAgreed follows a 2xx to our INVITE or UPDATE (section 7.2).
func (g *Leg) sessionAgreed(m *message) {
	a := m.sessionAsk()
	g.session.briefs = 0
	g.startSession(a.expires, a.refresher != "uas")
}

// sessionReply answers what a peer's INVITE or UPDATE asks for, for our 2xx to it, and follows it (section 9).
func (g *Leg) sessionReply(m *message) []header {
	a := m.sessionAsk()
	wanted := g.terms.Expires
	if wanted <= 0 && !m.requires(tagTimer) || a.expires == 0 && !a.supported {
		g.startSession(0, false)
		return nil
	}
	interval := a.expires
	switch {
	case interval == 0:
		interval = max(wanted, a.min)
	case wanted > 0:
		interval = max(min(interval, wanted), a.min)
	}
	refresher := a.refresher
	switch {
	case !a.supported:
		refresher = "uas" // somebody on the way asked for it: we are the only ones who can
	case refresher == "":
		refresher = "uac"
	}
	g.startSession(interval, refresher == "uas")
	out := []header{{"Session-Expires", wholeSeconds(interval) + ";refresher=" + refresher}}
	if refresher == "uac" {
		out = append(out, header{"Require", tagTimer})
	}
	return out
}

// startSession begins the session interval anew; 0 ends the timing.
func (g *Leg) startSession(expires time.Duration, ours bool) {
	s := &g.session
	s.stop()
	s.expires, s.ours = expires, ours
	if expires <= 0 || g.over() {
		return
	}
	// The BYE goes a little before the end, so that the peer still knows the dialog (section 10).
	s.end = g.lane.after(expires-min(32*time.Second, expires/3), g.expire)
	if ours {
		s.refresh = g.lane.after(expires/2, g.refreshSession)
	}
}

// refreshSession tells the peer that we are still here: by UPDATE where it takes that, else by a re-INVITE, whose
// offer is the user's (section 7.4). One that fails is tried again until the session ends.
func (g *Leg) refreshSession() {
	s := &g.session
	if g.over() || s.expires <= 0 {
		return
	}
	s.refresh = g.lane.after(s.expires/10+time.Second/10, g.refreshSession)
	switch {
	case s.update || g.re != nil: // both refresh
	case g.phase.Load() != phaseUp || g.acks != nil:
	case g.d.takesUpdate:
		g.sendRefresh()
	default:
		g.emit(Refresh{})
	}
}

// sendRefresh sends an UPDATE without an offer, which changes nothing but the time.
func (g *Leg) sendRefresh() {
	s := &g.session
	r := g.d.request("UPDATE")
	r.headers = append(g.contactHeaders(), g.sessionHeaders()...)
	s.update = true
	g.lane.start(r, g.acceptsFrom, func(m *message) {
		if m.status < 200 {
			return
		}
		s.update = false
		if !g.over() {
			g.refreshed(m)
		}
	}, func(status int) {
		s.update = false
		g.gone(status)
	})
}

// refreshed takes the final answer to a refresh by UPDATE.
func (g *Leg) refreshed(m *message) {
	switch {
	case m.status < 300:
		g.d.learn(m, false, false, g.reachable)
		g.sessionAgreed(m)
	case m.status == 481 || m.status == 408:
		g.gone(m.status)
	case m.status == 405 || m.status == 501:
		g.d.takesUpdate = false
		g.refreshSession()
	case g.longer(m):
		g.refreshSession()
	}
}

// longer reports whether m is a 422 that a longer session interval may help against, and takes that interval.
func (g *Leg) longer(m *message) bool {
	s := &g.session
	least := m.sessionAsk().min
	if m.status != 422 || least <= max(g.terms.Expires, s.min) || s.briefs >= maxBriefs {
		return false
	}
	s.min = least
	s.briefs++
	return true
}

// expire ends a session that nobody refreshed.
func (g *Leg) expire() {
	if g.over() {
		return
	}
	g.endSession(Cause{Q850: 102, Text: "session expired"})
	g.finish(Ended{By: ByTimeout, Status: 200, Q850: 102, Reason: EndExpired})
}

func (s *sessionTimer) stop() {
	s.refresh.stop()
	s.end.stop()
}
