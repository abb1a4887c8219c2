package actions

import (
	"context"
	"time"

	"assent/flowexec"
)

// transferToStation drains and calls one station.
var transferToStation = flowexec.Action{Verb: "transfer_to_station", Compile: compileTransferToStation}

var phoneOutcomes = []string{"busy", "no_answer", "failure"}

type stationStep struct {
	handover
	station string
	timeout time.Duration // 0: the station's own
}

func compileTransferToStation(b *flowexec.Body) (flowexec.Step, flowexec.Traits) {
	h, traits := compileHandover(b, phoneOutcomes)
	return stationStep{h, b.Station("station"), b.Duration("timeout", 0, time.Second, 10*time.Minute)}, traits
}

// Run transfers the call.
func (s stationStep) Run(ctx context.Context, r *flowexec.Run) (flowexec.Target, error) {
	return s.run(ctx, r, func() (string, error) { return r.ToStation(ctx, s.station, s.timeout) })
}
