package configs

import (
	"maps"
	"slices"

	"assent/queue"
	"assent/route"
	"assent/toll"
	"assent/trunk"
)

// checkOutbound checks whom stations may call, and where the numbers lead.
func (l *loader) checkOutbound() {
	entries(l, "routes", l.Routes, func(path, _ string, r route.Config) { l.checkRoute(path, r) })
	entries(l, "trunks", l.Trunks, func(path, _ string, t trunk.Config) { l.checkLimits(path+".outbound", t.Outbound) })
	callers := map[string]string{}
	entries(l, "stations", l.Stations, func(path, name string, s queue.StationConfig) {
		l.checkLimits(path+".outbound", s.Outbound.Limits)
		if s.Number != "" && !numberPattern.MatchString(s.Number) {
			l.report(path+".number", "write a number, such as +4980012345", "%q is no number", s.Number)
		}
		if !s.Outbound.Enabled {
			return
		}
		if other, taken := callers[s.Address]; taken && s.Address != "" {
			l.report(path+".address", "give one of them another name or port", "stations %s and %s would call from the same address", other, name)
		}
		callers[s.Address] = name
		if len(l.Routes) == 0 {
			l.warn(path+".outbound.enabled", "give routes", "station %s may call out, and no route leads anywhere: every number gets 404", name)
		}
		if len(s.Outbound.Allow) == 0 && len(s.Outbound.Budgets) == 0 {
			l.warn(path+".outbound.enabled", "give allow, block or budgets", "station %s may call every number there is a route for, without a limit", name)
		}
	})
}

// checkRoute checks one entry of the number plan.
func (l *loader) checkRoute(path string, r route.Config) {
	if len(r.Numbers) == 0 {
		l.report(path, `give numbers; "*" is all`, "the route is for no number")
	}
	l.checkPatterns(path+".numbers", r.Numbers)
	ways := 0
	for _, way := range []struct {
		key, name, noun string
		names           []string
	}{
		{"trunk", r.Trunk, "trunks", slices.Collect(maps.Keys(l.Trunks))},
		{"station", r.Station, "stations", slices.Collect(maps.Keys(l.Stations))},
		{"queue", r.Queue, "queues", slices.Collect(maps.Keys(l.Queues))},
	} {
		if way.name != "" {
			ways++
			l.known(path+"."+way.key, way.name, way.noun, way.names)
		}
	}
	if ways != 1 {
		l.report(path, "give one of trunk, station and queue", "a route leads to one place, and this one to %d", ways)
	}
	if t, ok := l.Trunks[r.Trunk]; ok && len(t.Gateways) == 0 {
		l.report(path+".trunk", "give the trunk gateways", "trunk %s has no gateway: no call can leave by it", r.Trunk)
	}
	for i, name := range r.Stations {
		l.known(item(path+".stations", i), name, "stations", slices.Collect(maps.Keys(l.Stations)))
	}
	within(l, path+".priority", r.Priority, 0, maxRank)
	within(l, path+".weight", r.Weight, 0, maxRank)
}

// checkPatterns checks a list of called numbers.
func (l *loader) checkPatterns(path string, list []string) {
	for i, text := range list {
		if !numberPattern.MatchString(text) {
			l.report(item(path, i), `write a number, a number's beginning and *, or "*" for all`, "%q is no called number", text)
		}
	}
	l.twice(path, list)
}

// checkLimits checks what outbound calls are held to.
func (l *loader) checkLimits(path string, limits toll.Limits) {
	l.checkPatterns(path+".allow", limits.Allow)
	l.checkPatterns(path+".block", limits.Block)
	within(l, path+".calls", limits.Calls, 0, 1_000_000)
	for i, b := range limits.Budgets {
		at := item(path+".budgets", i)
		l.checkPatterns(at+".numbers", b.Numbers)
		l.oneOf(at+".per", b.Per, toll.PerHour, toll.PerDay)
		within(l, at+".calls", b.Calls, 0, 1_000_000)
		within(l, at+".minutes", b.Minutes, 0, 10_000_000)
		if b.Calls == 0 && b.Minutes == 0 {
			l.report(at, "give calls, minutes or both", "the budget limits nothing")
		}
	}
}
