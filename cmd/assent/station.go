package main

import (
	"fmt"
	"net/url"
	"strings"
	"time"

	"assent/api"
)

type stationVerb struct {
	Ls stationLsVerb `cmd:"" help:"List the stations, with where they are registered."`
}

type stationLsVerb struct {
	apiFlag
	outputFlag
}

// Run lists the stations of the running service.
func (v stationLsVerb) Run(io streams) error {
	c, err := v.client()
	if err != nil {
		return err
	}
	stations, err := all[api.StationState](c, "/v1/stations", url.Values{}, 1<<20)
	if err != nil {
		return err
	}
	rows := make([][]string, len(stations))
	for i, s := range stations {
		rows[i] = []string{s.Name, of(s.Taken, s.Calls), place(s)}
	}
	return v.print(io.out, stations, []string{"STATION", "CALLS", "WHERE"}, rows)
}

// place says where a station is rung.
func place(s api.StationState) string {
	if s.Address != "" {
		return s.Address
	}
	var at []string
	for _, b := range s.Bindings {
		at = append(at, fmt.Sprintf("%s:%s (%s left)", b.Transport, b.Source, time.Until(b.Expires).Round(time.Second)))
	}
	if len(at) == 0 {
		return "not registered"
	}
	return strings.Join(at, ", ")
}
