package app

import (
	"fmt"
	"strings"
	"sync"

	"go.uber.org/zap"

	"assent/api"
	"assent/sip"
	"assent/trunk"
)

// enrolments are our registrations with carriers, one for each trunk that asks for it.
type enrolments struct {
	app *App // set once

	mu   sync.Mutex
	kept map[string]*enrolment // by trunk
}

// enrolment is one registration, and how it stands.
type enrolment struct {
	spec  sip.Enrolment
	keeps *sip.Enroller
	state sip.Enrolled
}

// enrolmentOf is where and as whom we register for a trunk; false: we don't.
func enrolmentOf(t trunk.Config) (sip.Enrolment, bool) {
	server := t.Registrar()
	return sip.Enrolment{Server: server, Credentials: t.Register.Credentials, Expires: t.Register.Expires}, server != ""
}

// update begins the registrations that trunks ask for, and ends those that none asks for any more.
func (r *enrolments) update(trunks map[string]trunk.Config) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for name, e := range r.kept {
		if spec, ok := enrolmentOf(trunks[name]); !ok || spec != e.spec {
			e.keeps.Stop()
			delete(r.kept, name)
			r.app.health.forget(name, "registration")
		}
	}
	for name, t := range trunks {
		if spec, ok := enrolmentOf(t); ok && r.kept[name] == nil {
			r.begin(name, spec)
		}
	}
}

// begin starts one registration; mu is held.
func (r *enrolments) begin(name string, spec sip.Enrolment) {
	e := &enrolment{spec: spec}
	keeps, err := r.app.sip.Enrol(spec, func(now sip.Enrolled) { r.stands(name, e, now) })
	if err != nil { // the loader has checked the address
		r.app.log.Error("registration not begun", zap.String("trunk", name), zap.Error(err))
		return
	}
	e.keeps = keeps
	r.kept[name] = e
}

// stands takes how a registration stands now.
func (r *enrolments) stands(name string, e *enrolment, now sip.Enrolled) {
	r.mu.Lock()
	changed := now.Up != e.state.Up || now.Status != e.state.Status
	e.state = now
	current := r.kept[name] == e
	r.mu.Unlock()
	if !current {
		return
	}
	if changed {
		r.app.log.Info("registration with a carrier", zap.String("trunk", name), zap.Bool("up", now.Up), zap.Int("sip", now.Status))
	}
	r.app.health.set(name, "registration", now.Up, "registration: "+why(now))
}

func why(e sip.Enrolled) string {
	switch {
	case e.Up:
		return "accepted"
	case e.Status == 0:
		return "nothing was sent"
	case e.Status == 408:
		return "no answer"
	}
	return fmt.Sprintf("refused with %d", e.Status)
}

// of returns how a trunk's registration stands, as the API tells it; nil if it has none.
func (r *enrolments) of(name string) *api.Registration {
	r.mu.Lock()
	defer r.mu.Unlock()
	e := r.kept[name]
	if e == nil {
		return nil
	}
	return &api.Registration{Server: strings.TrimPrefix(e.spec.Server, "sip:"), Up: e.state.Up, Status: e.state.Status, Until: e.state.Until.UTC()}
}

// down counts the registrations that do not stand.
func (r *enrolments) down() (n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, e := range r.kept {
		if !e.state.Up {
			n++
		}
	}
	return n
}
