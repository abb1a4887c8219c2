package app

import (
	"time"

	"assent/gateway"
	"assent/sip"
	"assent/trunk"
)

// newGateways makes the book of the trunks' gateways; it asks them once the endpoint listens.
func (a *App) newGateways() *gateway.Book {
	book := gateway.New(gateway.Deps{Ask: a.askGateway, Changed: a.trunkChanged})
	book.Update(linesOf(a.current.Load().snapshot.Config.Trunks))
	return book
}

// linesOf picks from the trunks what their gateways need.
func linesOf(trunks map[string]trunk.Config) map[string]gateway.Line {
	lines := map[string]gateway.Line{}
	for name, t := range trunks {
		lines[name] = gateway.Line{Gateways: t.Gateways, Probe: t.Probe}
	}
	return lines
}

func (a *App) askGateway(address string, timeout time.Duration, done func(gateway.Answer)) error {
	return a.sip.Ping(address, timeout, func(p sip.Pong) {
		done(gateway.Answer{Status: p.Status, RetryAfter: p.RetryAfter, RTT: p.RTT})
	})
}

// trunkChanged notes that calls can, or can't any more, leave by a trunk.
func (a *App) trunkChanged(name string, up bool) {
	detail := "a gateway answers"
	if !up {
		detail = "no gateway answers"
	}
	a.health.set(name, "gateways", up, detail)
}
