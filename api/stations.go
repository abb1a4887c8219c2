package api

import (
	"context"
	"time"

	"github.com/danielgtaylor/huma/v2"
)

// StationState is a station and where it is.
type StationState struct {
	Station
	Address   string    `json:"address" doc:"Where it is dialled; empty for one that registers"`
	Reachable bool      `json:"reachable" doc:"Whether there is a place to ring it at"`
	Bindings  []Binding `json:"bindings" doc:"Where it is registered, newest first"`
}

// Binding is one place where a station is registered.
type Binding struct {
	Contact   string    `json:"contact"`
	Source    string    `json:"source" doc:"The address that it registered from, and is rung at"`
	Transport string    `json:"transport"`
	UserAgent string    `json:"user_agent"`
	Since     time.Time `json:"since"`
	Expires   time.Time `json:"expires"`
}

func (s *Server) stationRoutes(api huma.API) {
	huma.Register(api, get("list-stations", "/v1/stations", "The stations, and where they are registered"), func(context.Context, *nothingAsked) (*list[StationState], error) {
		stations := s.deps.Lines.Stations()
		return paged(stations, len(stations), nil), nil
	})
}
