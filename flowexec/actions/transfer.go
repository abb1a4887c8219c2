package actions

import (
	"context"
	"fmt"
	"slices"

	"assent/flowexec"
)

// handover is what the transfers have in common: the outcomes that they can come
// back with, and where those lead.
type handover struct {
	possible []string
	outcomes map[string]flowexec.Target
}

func compileHandover(b *flowexec.Body, possible []string) (handover, flowexec.Traits) {
	outcomes, traits := b.Outcomes(possible...)
	return handover{possible, outcomes}, traits
}

// run drains and hands the call over. It comes back with a branch when nobody
// was reached, and with ErrOver when the conversation is over.
func (h handover) run(ctx context.Context, r *flowexec.Run, hand func() (string, error)) (flowexec.Target, error) {
	if err := r.Drain(ctx); err != nil {
		return flowexec.Target{}, err
	}
	outcome, err := hand()
	if err != nil {
		return flowexec.Target{}, err
	}
	if !slices.Contains(h.possible, outcome) {
		return flowexec.Target{}, fmt.Errorf("the transfer came back with the outcome %q", outcome)
	}
	return h.outcomes[outcome], nil
}
