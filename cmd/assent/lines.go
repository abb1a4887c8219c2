package main

import (
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"assent/api"
)

type trunkVerb struct {
	Ls    trunkLsVerb    `cmd:"" help:"List the trunks, with the calls on them."`
	Ping  trunkPingVerb  `cmd:"" help:"Ask the trunk's gateways by OPTIONS, from the port that its calls leave by."`
	Drain trunkDrainVerb `cmd:"" help:"Take no new calls on a trunk; those that are up go on."`
}

type trunkLsVerb struct {
	apiFlag
	outputFlag
}

// Run lists the trunks of the running service.
func (v trunkLsVerb) Run(io streams) error {
	c, err := v.client()
	if err != nil {
		return err
	}
	trunks, err := all[api.Trunk](c, "/v1/trunks", url.Values{}, 1<<20)
	if err != nil {
		return err
	}
	rows := make([][]string, len(trunks))
	for i, t := range trunks {
		rows[i] = []string{t.Name, of(t.Calls, t.MaxCalls), serving(t.Draining), registered(t.Registration), t.Flow, onOff(t.Recording), t.Consent}
	}
	return v.print(io.out, trunks, []string{"TRUNK", "CALLS", "SERVICE", "REGISTERED", "FLOW", "RECORDING", "CONSENT"}, rows)
}

// registered says how we are registered with a trunk's carrier.
func registered(r *api.Registration) string {
	switch {
	case r == nil:
		return "-"
	case r.Up:
		return "yes"
	case r.Status == 0:
		return "not yet"
	}
	return fmt.Sprintf("no (%d)", r.Status)
}

type trunkPingVerb struct {
	apiFlag
	outputFlag
	Name string `arg:"" help:"The trunk's name."`
}

// Run asks the running service to ask the gateways; it fails where none answers.
func (v trunkPingVerb) Run(io streams) error {
	c, err := v.client()
	if err != nil {
		return err
	}
	var answer struct{ Items []api.Gateway }
	if err := c.ask(http.MethodPost, "/v1/trunks/"+url.PathEscape(v.Name)+"/ping", nil, nil, &answer); err != nil {
		return err
	}
	rows, alive := make([][]string, len(answer.Items)), false
	for i, g := range answer.Items {
		said := "no answer"
		if g.Status != 0 {
			said, alive = strconv.Itoa(g.Status), true
		}
		rows[i] = []string{g.Address, g.State, said, strconv.FormatFloat(g.RTTMS, 'f', 1, 64) + " ms"}
	}
	if err := v.print(io.out, answer.Items, []string{"GATEWAY", "STATE", "ANSWER", "AFTER"}, rows); err != nil {
		return err
	}
	if !alive {
		return fmt.Errorf("no gateway of trunk %s answers", v.Name)
	}
	return nil
}

func serving(draining bool) string {
	if draining {
		return "draining"
	}
	return "in service"
}

type trunkDrainVerb struct {
	apiFlag
	Name string `arg:"" help:"The trunk's name."`
	Off  bool   `help:"Take calls on it again."`
}

// Run takes a trunk out of service, or into it.
func (v trunkDrainVerb) Run(io streams) error {
	c, err := v.client()
	if err != nil {
		return err
	}
	word := "drain"
	if v.Off {
		word = "undrain"
	}
	var t api.Trunk
	if err := c.ask(http.MethodPost, "/v1/trunks/"+url.PathEscape(v.Name)+"/"+word, nil, nil, &t); err != nil {
		return err
	}
	_, err = fmt.Fprintf(io.out, "trunk %s is %s; %d calls are up\n", t.Name, serving(t.Draining), t.Calls)
	return err
}

type queueVerb struct {
	Ls queueLsVerb `cmd:"" help:"List the queues, with who waits."`
}

type queueLsVerb struct {
	apiFlag
	outputFlag
}

// Run lists the queues of the running service.
func (v queueLsVerb) Run(io streams) error {
	c, err := v.client()
	if err != nil {
		return err
	}
	queues, err := all[api.Queue](c, "/v1/queues", url.Values{}, 1<<20)
	if err != nil {
		return err
	}
	rows := make([][]string, len(queues))
	for i, q := range queues {
		stations := make([]string, len(q.Stations))
		for j, s := range q.Stations {
			stations[j] = fmt.Sprintf("%s %s", s.Name, of(s.Taken, s.Calls))
		}
		rows[i] = []string{q.Name, of(q.Waiting, q.MaxWaiting), q.Strategy, onOff(q.Recording), strings.Join(stations, ", ")}
	}
	return v.print(io.out, queues, []string{"QUEUE", "WAITING", "STRATEGY", "RECORDING", "STATIONS"}, rows)
}

// of writes how many of at most so many; 0 is without limit.
func of(n, limit int) string {
	if limit == 0 {
		return strconv.Itoa(n)
	}
	return fmt.Sprintf("%d/%d", n, limit)
}

func onOff(on bool) string {
	if on {
		return "on"
	}
	return "off"
}
