package actions

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"go.uber.org/zap"

	"assent/flowexec"
	"assent/policy"
)

// errNotFound says that a service knows nothing.
var errNotFound = errors.New("not found")

const (
	lookupTimeout    = 5 * time.Second
	maxLookupTimeout = 30 * time.Second
)

// dataLookup asks the consent store, or an HTTP service, after a drain.
func dataLookup(client *http.Client) flowexec.Action {
	return flowexec.Action{Verb: "data_lookup", Compile: func(b *flowexec.Body) (flowexec.Step, flowexec.Traits) {
		outcomes, traits := b.Outcomes("found", "not_found", "failure")
		s := &lookupStep{outcomes: outcomes}
		switch source := b.Required("source", "consent or http"); source {
		case "consent":
			s.find = findConsent
			onlyHTTP(b)
			traits.Exits[0].Consent = policy.StateOnFile
		case "http":
			s.find = compileHTTP(b, client)
		case "":
			onlyHTTP(b)
		default:
			b.Report("source", fmt.Sprintf("there is no source %q", source), "consent or http")
			onlyHTTP(b)
		}
		return s, traits
	}}
}

// onlyHTTP reports the keys that only an HTTP service has.
func onlyHTTP(b *flowexec.Body) {
	for _, key := range []string{"url", "method", "timeout", "save"} {
		if b.Has(key) {
			b.Report(key, key+" is for an HTTP service", "source: http")
		}
	}
}

type lookupStep struct {
	find     func(ctx context.Context, r *flowexec.Run) error // nil: found; errNotFound
	outcomes map[string]flowexec.Target
}

func findConsent(ctx context.Context, r *flowexec.Run) error {
	found, err := r.OnFile(ctx)
	if err == nil && !found {
		err = errNotFound
	}
	return err
}

// Run looks up. Whatever goes wrong with a source is its outcome failure, not a
// failure of the flow.
func (s *lookupStep) Run(ctx context.Context, r *flowexec.Run) (flowexec.Target, error) {
	if err := r.Drain(ctx); err != nil {
		return flowexec.Target{}, err
	}
	err := s.find(ctx, r)
	switch {
	case err == nil:
		return s.outcomes["found"], nil
	case errors.Is(err, errNotFound):
		return s.outcomes["not_found"], nil
	case errors.Is(err, flowexec.ErrOver) || ctx.Err() != nil:
		return flowexec.Target{}, err
	}
	r.Warn("data lookup failed", zap.Error(err))
	return s.outcomes["failure"], nil
}
