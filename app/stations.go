package app

import (
	"maps"
	"slices"

	"assent/api"
)

// Stations are the stations by name.
func (l lines) Stations() []api.StationState {
	stations := l.app.current.Load().rules.Stations
	list := make([]api.StationState, 0, len(stations))
	for _, name := range slices.Sorted(maps.Keys(stations)) {
		s := api.StationState{Station: l.station(name), Address: stations[name].Address, Bindings: []api.Binding{}}
		for _, b := range l.app.registrar.Where(name) {
			s.Bindings = append(s.Bindings, api.Binding{Contact: b.Contact, Source: b.Source.String(), Transport: b.Transport,
				UserAgent: b.UserAgent, Since: b.Since.UTC(), Expires: b.Expires.UTC()})
		}
		s.Reachable = s.Address != "" || len(s.Bindings) > 0
		list = append(list, s)
	}
	return list
}

// station is a station and how busy it is.
func (l lines) station(name string) api.Station {
	return api.Station{Name: name, Taken: l.app.board.Taken(name), Calls: max(1, l.app.current.Load().rules.Stations[name].Calls)}
}
