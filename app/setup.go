package app

import (
	"fmt"

	"assent/call"
	"assent/configs"
	"assent/flowexec"
	"assent/flowexec/actions"
	"assent/media"
	"assent/route"
	"assent/sip"
	"assent/source"
	"assent/speech"
	"assent/stir"
	"assent/trunk"
)

// setup is one configuration, loaded whole: what a reload swaps.
type setup struct {
	snapshot *configs.Snapshot
	rules    call.Rules
	accounts map[string]sip.Account
	warnings []source.Problem
}

// load reads and checks everything that a configuration names. before is the
// setup that it would replace, whose seats stay taken.
func load(opts Options, before *setup) (*setup, error) {
	snapshot, err := configs.Load(opts.Config, opts.Env)
	if err != nil {
		return nil, err
	}
	cfg := snapshot.Config
	prompts, err := media.LoadPrompts(cfg.Prompts)
	if err != nil {
		return nil, fmt.Errorf("prompts: %w", err)
	}
	flows, problems := flowexec.Load(cfg.Flows, actions.All(), world(cfg, prompts))
	if err := source.Problems(problems).Err(); err != nil {
		return nil, err
	}
	var seats *trunk.Table
	if before != nil {
		seats = before.rules.Trunks
	}
	trunks, err := trunk.New(cfg.Trunks, seats)
	if err != nil {
		return nil, err
	}
	vouchers, err := stir.New(cfg.STIR, formerVouchers(before))
	if err != nil {
		return nil, err
	}
	return &setup{
		snapshot: snapshot, warnings: append(snapshot.Warnings, problems...), accounts: accountsOf(cfg),
		rules: call.Rules{
			Version: snapshot.Version, Source: snapshot.Source, Trunks: trunks, STIR: vouchers, Stations: cfg.Stations,
			Callers: call.NewCallers(cfg.Stations), Plan: route.New(cfg.Routes), Queues: cfg.Queues,
			Flows: flows, Prompts: prompts, Speech: speech.New(cfg.TTS), Codecs: cfg.Media.Codecs, Language: cfg.Language,
			ValidFor: cfg.Consent.ValidFor, Guard: cfg.Consent.Guard, NoticeLoss: cfg.Consent.NoticeLoss, Control: cfg.Control,
		},
	}, nil
}

// formerVouchers is the service whose certificates and memory the next one keeps.
func formerVouchers(before *setup) *stir.Service {
	if before == nil {
		return nil
	}
	return before.rules.STIR
}

// world is what flows are checked against.
func world(cfg configs.Config, prompts *media.Prompts) flowexec.World {
	w := flowexec.World{Language: cfg.Language, Prompts: prompts, Queues: map[string]bool{}, Speech: cfg.TTS.Ready}
	for name, q := range cfg.Queues {
		w.Queues[name] = q.Recording.Enabled
	}
	for name := range cfg.Trunks {
		w.Trunks = append(w.Trunks, name)
	}
	for name := range cfg.Stations {
		w.Stations = append(w.Stations, name)
	}
	w.Gated = func(flow string) bool { return gated(cfg, flow) }
	return w
}

// gated tells whether a trunk records by this flow and waits for consent. A flow
// that no trunk runs yet is judged as if one did.
func gated(cfg configs.Config, flow string) bool {
	runs := false
	for _, t := range cfg.Trunks {
		if t.Flow != flow {
			continue
		}
		if t.Recording.Enabled && t.Recording.Consent == "required" {
			return true
		}
		runs = true
	}
	return !runs
}

// Check loads and validates everything that a configuration names, and starts
// nothing. It returns what is worth a warning.
func Check(opts Options) ([]source.Problem, error) {
	s, err := load(opts, nil)
	if err != nil {
		return nil, err
	}
	return s.warnings, nil
}
