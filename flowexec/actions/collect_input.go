package actions

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"assent/flowexec"
)

// collectInput asks for digits, or for consent. Outcomes are the entries
// themselves, no_input and invalid.
var collectInput = flowexec.Action{Verb: "collect_input", Compile: compileCollectInput}

const (
	noEntryTimeout    = 5 * time.Second
	interDigitTimeout = 3 * time.Second
	maxTimeout        = 99 * time.Second
	maxDigits         = 40
	maxRepeats        = 10
)

type collectStep struct {
	question
	digits   string       // as the flow says it
	consent  *consentKeys // nil: it asks for something else
	save     string       // a variable, may be ""
	outcomes map[string]flowexec.Target
}

func compileCollectInput(b *flowexec.Body) (flowexec.Step, flowexec.Traits) {
	s := &collectStep{}
	s.consent = compileConsent(b)
	s.prompt = b.Prompt("prompt")
	s.silent = !b.Has("prompt")
	s.notice = b.Bool("notice", false)
	s.fresh = s.consent != nil
	s.repeats = b.Int("repeats", 0, 0, maxRepeats)
	s.pad = compileKeypad(b)
	if s.digits = b.Text("digits"); s.digits == "" {
		s.digits = "1"
	}
	secure := b.Bool("secure", false)
	s.save = b.Variable("save", false)
	if secure && s.save != "" {
		b.Secret(s.save)
	}
	s.outcomes = b.Branches("outcomes", s.checkOutcome)
	s.pad.named = func(text string) bool {
		_, named := s.outcomes[text]
		return named || s.consent != nil && s.consent.names(text)
	}
	s.good = func(text string) bool { return s.consent == nil || s.consent.names(text) }
	if s.consent != nil {
		s.checkConsent(b)
	} else if s.silent && s.notice {
		b.Report("notice", "a notice needs a prompt", "prompt: the name of a prompt")
	}
	return s, s.traits()
}

// compileKeypad reads how many digits, which terminator and how long to wait.
func compileKeypad(b *flowexec.Body) keypad {
	k := keypad{
		low: 1, high: 1,
		first:   b.Duration("no_entry_timeout", noEntryTimeout, time.Second, maxTimeout),
		between: b.Duration("inter_digit_timeout", interDigitTimeout, time.Second, maxTimeout),
	}
	if b.Has("digits") {
		var ok bool
		if k.low, k.high, ok = digitRange(b.Text("digits")); !ok {
			b.Report("digits", "digits is no number of digits", fmt.Sprintf("1, or 4-6; from 1 to %d", maxDigits))
		}
	}
	if k.low < k.high {
		k.terminator = '#'
	}
	if b.Has("terminator") {
		k.terminator = 0
		switch t := b.Text("terminator"); {
		case len(t) == 1 && strings.Contains(digits+"*#", t):
			k.terminator = t[0]
		case t != "none":
			b.Report("terminator", "the terminator is no key", `one of 0-9, "*" and "#", or none`)
		}
	}
	return k
}

// digitRange reads "1" or "4-6".
func digitRange(s string) (low, high int, ok bool) {
	from, to, ranged := strings.Cut(s, "-")
	low, err := strconv.Atoi(strings.TrimSpace(from))
	if err != nil {
		return 1, 1, false
	}
	if high = low; ranged {
		if high, err = strconv.Atoi(strings.TrimSpace(to)); err != nil {
			return 1, 1, false
		}
	}
	return low, high, 1 <= low && low <= high && high <= maxDigits
}

// checkOutcome returns what would be right where no entry can have that outcome.
func (s *collectStep) checkOutcome(outcome string) string {
	if outcome == noInput.String() || outcome == invalid.String() {
		return ""
	}
	length := len(outcome) >= s.pad.low && len(outcome) <= s.pad.high
	switch {
	case outcome == "" || strings.Trim(outcome, keys) != "":
		return "no_input, invalid, or the keys that are pressed"
	case s.consent != nil && !s.consent.names(outcome):
		return fmt.Sprintf("%s, %s, no_input or invalid: any other key is invalid", s.consent.granted, s.consent.declined)
	case !length && strings.ContainsAny(outcome, digits):
		return fmt.Sprintf("digits: %s allows no such entry", s.digits)
	}
	return ""
}

// traits lists the ways out: every entry that is not an outcome falls through.
func (s *collectStep) traits() flowexec.Traits {
	if s.consent != nil {
		return s.consent.traits(s.outcomes)
	}
	traits := flowexec.Continues()
	outcomes := make([]string, 0, len(s.outcomes))
	for outcome := range s.outcomes {
		outcomes = append(outcomes, outcome)
	}
	slices.Sort(outcomes)
	for _, outcome := range outcomes {
		traits.Exits = append(traits.Exits, flowexec.Exit{Outcome: outcome, To: s.outcomes[outcome]})
	}
	return traits
}

// Run asks.
func (s *collectStep) Run(ctx context.Context, r *flowexec.Run) (flowexec.Target, error) {
	ask := s.ask
	if s.consent != nil {
		ask = s.askConsent
	}
	e, err := ask(ctx, r)
	if err != nil {
		return flowexec.Target{}, err
	}
	outcome, value := e.text, e.text
	if e.result != entered {
		outcome, value = e.result.String(), ""
	}
	if s.save != "" {
		r.Forget(s.save)
		if err := r.Set(s.save, value); err != nil {
			return flowexec.Target{}, err
		}
	}
	return s.outcomes[outcome], nil
}
