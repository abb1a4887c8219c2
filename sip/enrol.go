package sip

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"

	"github.com/emiago/sipgo/sip"

	"assent/auth"
	"assent/resolver"
)

// Enrolment says where and as whom we register (RFC 3261 section 10.2).
type Enrolment struct {
	Server      string // "sip:registrar.example;transport=tcp": its host is the domain of our address
	Credentials auth.Credentials
	Expires     time.Duration // asked for
}

// Enrolled is how a registration of ours stands.
type Enrolled struct {
	Up     bool
	Status int       // of the last final answer; 0: none came
	Until  time.Time // when the registration would end; the zero time: there is none
}

// Bounds of our own registrations.
const (
	minEnrolment = 5 * time.Second // granted less, we refresh no more often than this
	maxEnrolment = 7 * 24 * time.Hour
	maxBackoff   = 10 * time.Minute
	minBackoff   = 5 * time.Second
	stopPatience = 3 * time.Second // for the answer to the last REGISTER
)

// Enroller keeps one registration of ours alive until Stop.
type Enroller struct {
	// set once
	ep   *Endpoint
	spec Enrolment
	uri  sip.Uri
	via  string // transport that the URI names
	tell func(Enrolled)
	id   string

	// owned by the lane of id
	lane     *lane
	d        dialog
	expires  time.Duration
	left     []resolver.Target // to be tried before we wait
	at       resolver.Target   // tried now, or where we are registered
	failures int
	again    *timer
	tx       *clientTx // the REGISTER under way
	until    time.Time
	last     Enrolled
	told     bool
	stopped  bool
}

// Enrol begins to register, and goes on until Stop or the endpoint's Close, which take the registration back. tell
// hears of each change, in order; it must not block.
func (e *Endpoint) Enrol(spec Enrolment, tell func(Enrolled)) (*Enroller, error) {
	if e.ctx == nil || e.closing.Load() {
		return nil, errors.New("sip: the endpoint is not running")
	}
	uri, via, err := parseTarget(spec.Server)
	if err != nil {
		return nil, fmt.Errorf("register at %w", err)
	}
	r := &Enroller{ep: e, spec: spec, uri: uri, via: via, tell: tell, id: newTag(), expires: spec.Expires}
	host := bracket(strings.Trim(uri.Host, "[]"))
	aor := "<sip:" + escapeUser(spec.Credentials.User) + "@" + host + ">"
	if uri.Port > 0 {
		host += ":" + strconv.Itoa(uri.Port)
	}
	r.d = dialog{callID: r.id, localTag: newTag(), local: aor, remote: aor, target: "sip:" + host, maxForwards: 70,
		prover: prover{creds: spec.Credentials}}
	e.enrollers.Add(1)
	if !e.disp.open(e, r.id, func(l *lane) {
		r.lane, l.enroller = l, r
		l.push(r.begin)
	}) {
		e.enrollers.Add(-1)
		return nil, errors.New("sip: too many calls")
	}
	return r, nil
}

// Stop takes the registration back; it returns at once, and tell hears nothing any more.
func (r *Enroller) Stop() { r.lane.post(r.stop) }

// begin finds the registrar's targets and tries the first.
func (r *Enroller) begin() {
	r.ep.lookUp(r.uri, r.via, r.lane.post, func(targets []resolver.Target) {
		if r.stopped {
			return
		}
		r.left = targets
		r.next(0)
	})
}

// next tries the next target, or waits before it begins anew; status is why the one before did not do.
func (r *Enroller) next(status int) {
	if len(r.left) == 0 {
		r.failed(status, 0)
		return
	}
	r.at, r.left = r.left[0], r.left[1:]
	r.ask(r.expires)
}

// ask sends a REGISTER to the target; expires 0 takes the registration back.
func (r *Enroller) ask(expires time.Duration) {
	h, err := r.ep.socketFor(r.at.Transport, r.at.Addr)
	if err != nil { // lookUp has left only those that have one
		r.next(503)
		return
	}
	h.conn = r.d.hop.conn
	if h.udp != nil || h.conn != nil && (h.conn.closed() || h.conn.remote != r.at.Addr) {
		h.conn = nil
	}
	r.d.hop = h
	addr := r.at.Addr.Addr()
	r.ep.hear(addr)
	q := r.d.request("REGISTER")
	q.headers = []header{{"Contact", r.contact(h)}, {"Expires", strconv.Itoa(int(expires / time.Second))}, {"Allow", allowMethods}}
	r.tx = r.lane.start(q, func(m *message) bool { return m.src.Addr() == addr }, func(m *message) {
		if m.status >= 200 {
			r.tx = nil
			r.d.hop.conn = q.hop.conn
			r.answered(m, expires)
		}
	}, func(status int) {
		r.tx = nil
		r.lost(status)
	})
}

// contact is our Contact with the user that the carrier calls.
func (r *Enroller) contact(h hop) string {
	return strings.Replace(h.contact(), "<sip:", "<sip:"+escapeUser(r.spec.Credentials.User)+"@", 1)
}

// answered takes the final answer of the registrar.
func (r *Enroller) answered(m *message, asked time.Duration) {
	switch {
	case r.stopped && m.status < 300 && asked > 0:
		r.ask(0) // it was on its way when we were stopped
	case r.stopped:
		r.over()
	case m.status < 300:
		r.bound(r.granted(m, asked))
	case m.status == 423 && r.lengthen(m):
		r.ask(r.expires)
	case len(r.left) > 0 && (m.status == 503 || m.status == 500 || m.status == 408):
		r.next(m.status)
	default:
		r.failed(m.status, retryAfter(m))
	}
}

// lost takes the silence of a target: 408, or 503 where nothing could be sent.
func (r *Enroller) lost(status int) {
	if r.stopped {
		r.over()
		return
	}
	r.next(status)
}

// lengthen asks for as long as the registrar wants at least, once more than before (section 10.2.8).
func (r *Enroller) lengthen(m *message) bool {
	v, _ := m.value("min-expires")
	n, ok := seconds(v)
	least := time.Duration(n) * time.Second
	if !ok || least <= r.expires || least > maxEnrolment {
		return false
	}
	r.expires = least
	return true
}

// granted is how long the registrar keeps us: as our Contact says, else the Expires header, else as asked for.
func (r *Enroller) granted(m *message, asked time.Duration) time.Duration {
	ours, _ := parseAddress(r.contact(r.d.hop))
	list := m.list("contact")
	for _, text := range list {
		c, ok := parseAddress(text)
		if !ok || len(list) > 1 && (c.uri.User != ours.uri.User || c.uri.Host != ours.uri.Host || c.uri.Port != ours.uri.Port) {
			continue
		}
		for _, p := range splitOutside(c.text, ';')[1:] {
			name, value, _ := strings.Cut(p, "=")
			if n, ok := seconds(value); ok && strings.EqualFold(strings.TrimSpace(name), "expires") {
				return time.Duration(n) * time.Second
			}
		}
	}
	if v, ok := m.value("expires"); ok {
		if n, ok := seconds(v); ok {
			return time.Duration(n) * time.Second
		}
	}
	return asked
}

// bound waits for the time to refresh: before the registration ends, and not in step with others.
func (r *Enroller) bound(life time.Duration) {
	if life <= 0 {
		r.failed(200, 0) // it has taken our REGISTER, and keeps nothing
		return
	}
	life = min(max(life, minEnrolment), maxEnrolment)
	r.failures, r.left = 0, nil
	r.until = time.Now().Add(life)
	r.say(Enrolled{Up: true, Status: 200, Until: r.until})
	r.after(time.Duration(float64(life) * (0.7 + 0.2*rand.Float64())))
}

// failed tells so, unless an earlier registration still holds, and waits longer each time (RFC 5626 section 4.5).
func (r *Enroller) failed(status int, wish time.Duration) {
	if !r.until.After(time.Now()) || status == 403 || status == 404 || status == 401 || status == 407 {
		r.until = time.Time{}
		r.say(Enrolled{Status: status})
	}
	wait := min(minBackoff<<min(r.failures, 10), maxBackoff)
	r.failures++
	r.after(max(wish, time.Duration(float64(wait)*(0.5+0.5*rand.Float64()))))
}

func (r *Enroller) after(d time.Duration) {
	r.again.stop()
	r.again = r.lane.after(d, r.begin)
}

// say tells a change, or a new end of what holds.
func (r *Enroller) say(now Enrolled) {
	if r.told && now == r.last {
		return
	}
	r.last, r.told = now, true
	defer r.ep.guard("enrolled", nil)
	r.tell(now)
}

// stop takes the registration back where there may be one.
func (r *Enroller) stop() {
	if r.stopped {
		return
	}
	r.stopped = true
	r.again.stop()
	switch {
	case r.tx != nil:
	case r.at.Addr.IsValid() && r.until.After(time.Now()):
		r.ask(0)
	default:
		r.over()
		return
	}
	r.lane.after(stopPatience, func() {
		if r.tx != nil {
			r.tx.abandon()
		}
		r.over()
	})
}

// over lets the lane go.
func (r *Enroller) over() {
	if r.lane.enroller == r {
		r.lane.enroller = nil
		r.ep.enrollers.Add(-1)
	}
}
