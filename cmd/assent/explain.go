package main

import (
	"context"
	"fmt"
	"net/netip"
	"strconv"

	"go.uber.org/zap"

	"assent/policy"
	"assent/store"
	"assent/trunk"
)

type explainVerb struct {
	Call   explainCallVerb   `cmd:"" help:"Why a call was, or was not, recorded."`
	Invite explainInviteVerb `cmd:"" help:"Which trunk, flow and queue would take a call."`
}

type explainCallVerb struct {
	configFlag
	outputFlag
	ID string `arg:"" help:"The call's id."`
}

// Run prints every decision of the call, row by row, with the source line.
func (v explainCallVerb) Run(io streams) error {
	s, err := v.open()
	if err != nil {
		return err
	}
	defer s.Close()
	ctx := context.Background()
	decisions, err := s.Decisions(ctx, v.ID)
	if err != nil {
		return err
	}
	cdr, err := s.CDR(ctx, v.ID)
	if err != nil && len(decisions) == 0 {
		return err
	}
	if v.Output == "json" {
		return v.print(io.out, map[string]any{"cdr": cdr, "decisions": decisions}, nil, nil)
	}
	if err == nil {
		fmt.Fprintf(io.out, "call %s on trunk %s: consent %s, recording %s (%s)\n", cdr.ID, cdr.Trunk, cdr.Consent.State, cdr.Recording.Result, cdr.Recording.Reason)
	}
	for _, d := range decisions {
		fmt.Fprintf(io.out, "\n%s at %s: %s (%s)\n", d.Trigger, d.At.Format("15:04:05.000"), d.Decision.Verdict, d.Decision.Reason)
		if err := v.steps(io, d.Decision); err != nil {
			return err
		}
		if o := d.Decision.Other; o != nil {
			fmt.Fprintf(io.out, "the %s's side: %s (%s)\n", o.Side, o.Verdict, o.Reason)
			if err := v.steps(io, *o); err != nil {
				return err
			}
		}
	}
	return nil
}

func (v explainCallVerb) steps(io streams, d policy.Decision) error {
	rows := make([][]string, 0, len(d.Steps))
	for _, s := range d.Steps {
		answer := "no"
		switch {
		case s.Matched:
			answer = "YES"
		case !s.Reached:
			answer = "not reached"
		}
		rows = append(rows, []string{strconv.Itoa(s.Row), string(s.Reason), answer, s.Input, s.Key, s.Source})
	}
	return outputFlag{"table"}.print(io.out, nil, []string{"ROW", "REASON", "DECIDES", "INPUT", "KEY", "SOURCE"}, rows)
}

// open opens the configured store beside a running service.
func (f configFlag) open() (*store.Store, error) {
	snapshot, err := f.load()
	if err != nil {
		return nil, err
	}
	return store.OpenReadOnly(context.Background(), snapshot.Config.Store, zap.NewNop())
}

type explainInviteVerb struct {
	configFlag
	outputFlag
	From     string `help:"The caller's number." required:""`
	To       string `help:"The called number." required:""`
	SourceIP string `help:"Where the INVITE comes from: IP or IP:port." required:"" name:"source-ip"`
}

// Run says which trunk takes the call, and why the others do not.
func (v explainInviteVerb) Run(io streams) error {
	src, err := parseSource(v.SourceIP)
	if err != nil {
		return err
	}
	snapshot, err := v.load()
	if err != nil {
		return err
	}
	table, err := trunk.New(snapshot.Config.Trunks, nil)
	if err != nil {
		return err
	}
	candidates := table.Explain(src, v.To)
	rows := make([][]string, 0, len(candidates))
	chosen := false
	for _, c := range candidates {
		takes := "no"
		if c.Chosen {
			takes, chosen = "YES", true
		}
		rows = append(rows, []string{c.Trunk, takes, c.Flow, c.Why})
	}
	if err := v.print(io.out, candidates, []string{"TRUNK", "TAKES IT", "FLOW", "WHY"}, rows); err != nil {
		return err
	}
	switch {
	case chosen:
		return nil
	case table.Known(src):
		return fmt.Errorf("%w: the number is served by no trunk of this source, the caller gets 404", errNotFound)
	}
	return fmt.Errorf("%w: no trunk has this source, the caller gets silence", errNotFound)
}

// sipPort is where an INVITE comes from unless told otherwise.
const sipPort = 5060

func parseSource(text string) (netip.AddrPort, error) {
	if src, err := netip.ParseAddrPort(text); err == nil {
		return src, nil
	}
	addr, err := netip.ParseAddr(text)
	if err != nil {
		return netip.AddrPort{}, fmt.Errorf("--source-ip %q: an IP address is wanted, or IP:port", text)
	}
	return netip.AddrPortFrom(addr, sipPort), nil
}
