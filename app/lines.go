package app

import (
	"context"
	"errors"
	"maps"
	"slices"

	"go.uber.org/zap"

	"assent/api"
	"assent/gateway"
)

// lines tells the API what stands at both ends of calls, by the configuration
// that new calls run by.
type lines struct{ app *App }

// Queues are the queues by name.
func (l lines) Queues() []api.Queue {
	rules := l.app.current.Load().rules
	queues := make([]api.Queue, 0, len(rules.Queues))
	for _, name := range slices.Sorted(maps.Keys(rules.Queues)) {
		q := rules.Queues[name]
		stations := make([]api.Station, len(q.Stations))
		for i, station := range q.Stations {
			stations[i] = l.station(station)
		}
		queues = append(queues, api.Queue{Name: name, Strategy: q.Strategy, Recording: q.Recording.Enabled,
			Waiting: l.app.board.Waiting(name), MaxWaiting: q.MaxWaiting, Stations: stations})
	}
	return queues
}

// Trunks are the trunks by name.
func (l lines) Trunks() []api.Trunk {
	table := l.app.current.Load().rules.Trunks
	trunks := []api.Trunk{}
	for _, name := range slices.Sorted(maps.Keys(table.Calls())) {
		trunks = append(trunks, l.trunk(name))
	}
	return trunks
}

// trunk is one of the table's trunks as it is now.
func (l lines) trunk(name string) api.Trunk {
	table := l.app.current.Load().rules.Trunks
	cfg, _ := table.Config(name)
	return api.Trunk{Name: name, Flow: cfg.Flow, Recording: cfg.Recording.Enabled, Consent: cfg.Recording.Consent,
		Calls: table.Calls()[name], MaxCalls: cfg.Limits.Calls, Draining: table.Draining(name),
		Gateways: gatewaysOf(l.app.gateways.States(name)), Registration: l.app.enrolments.of(name)}
}

// gatewaysOf renders the states of a trunk's gateways.
func gatewaysOf(states []gateway.State) []api.Gateway {
	list := make([]api.Gateway, len(states))
	for i, s := range states {
		list[i] = api.Gateway{Address: s.Address, State: "unknown", Status: s.Last.Status,
			RTTMS: float64(s.Last.RTT.Microseconds()) / 1000, RestsUntil: s.Rests.UTC()}
		if s.Known {
			list[i].State = map[bool]string{true: "up", false: "down"}[s.Up]
		}
	}
	return list
}

// Ping asks a trunk's gateways now.
func (l lines) Ping(ctx context.Context, trunk string) ([]api.Gateway, error) {
	states, err := l.app.gateways.Ping(ctx, trunk)
	if errors.Is(err, gateway.ErrUnknown) {
		return nil, api.ErrNoTrunk
	}
	return gatewaysOf(states), err
}

// Drain makes a trunk take no new calls, or take them again. It is told in the
// log; the audit log is of recordings.
func (l lines) Drain(_ context.Context, by, trunk string, on bool) (api.Trunk, error) {
	if !l.app.current.Load().rules.Trunks.Drain(trunk, on) {
		return api.Trunk{}, api.ErrNoTrunk
	}
	l.app.log.Warn("trunk drained, or taken into service", zap.String("trunk", trunk), zap.Bool("draining", on), zap.String("by", by))
	return l.trunk(trunk), nil
}
