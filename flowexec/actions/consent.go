package actions

import (
	"context"
	"strings"

	"assent/flowexec"
	"assent/policy"
)

// consentKeys are the two keys of a consent question. Any other key is invalid.
type consentKeys struct{ granted, declined string }

// compileConsent reads "consent: {granted, declined}", nil if it is not given.
func compileConsent(b *flowexec.Body) *consentKeys {
	if !b.Has("consent") {
		return nil
	}
	c := b.Sub("consent")
	keys := &consentKeys{
		granted:  c.Required("granted", `the key that agrees, such as "1"`),
		declined: c.Required("declined", `the key that refuses, such as "2"`),
	}
	c.End()
	for _, name := range []string{"granted", "declined"} {
		if key := c.Text(name); key != "" && !oneKey(key) {
			c.Report(name, name+" is not one key", `one of 0-9, "*" and "#"`)
		}
	}
	if keys.granted != "" && keys.granted == keys.declined {
		c.Report("declined", "the same key agrees and refuses", "two different keys")
	}
	return keys
}

func oneKey(key string) bool { return len(key) == 1 && strings.Contains(digits+"*#", key) }

// checkConsent checks what a consent question needs beside its keys.
func (s *collectStep) checkConsent(b *flowexec.Body) {
	switch {
	case s.silent:
		b.Report("prompt", "a consent question needs a prompt", "prompt: the name of the question")
	case !s.notice:
		b.Warn("notice", "the question can be answered before it was heard", "notice: true")
	}
	if s.pad.low != 1 || s.pad.high != 1 {
		b.Report("digits", "a consent is one key", "digits: 1")
	}
	if s.pad.terminator != 0 {
		b.Report("terminator", "a consent has no terminator", "no terminator")
	}
}

func (c *consentKeys) names(text string) bool { return text == c.granted || text == c.declined }

// traits are the four ways out of a consent question.
func (c *consentKeys) traits(outcomes map[string]flowexec.Target) flowexec.Traits {
	return flowexec.Traits{Exits: []flowexec.Exit{
		{Outcome: c.granted, To: outcomes[c.granted], Consent: policy.StateGranted},
		{Outcome: c.declined, To: outcomes[c.declined], Consent: policy.StateDeclined},
		{Outcome: noInput.String(), To: outcomes[noInput.String()], Consent: policy.StateNoInput},
		{Outcome: invalid.String(), To: outcomes[invalid.String()], Consent: policy.StateInvalid},
	}}
}

// state is what an attempt says about consent.
func (c *consentKeys) state(e entry) policy.ConsentState {
	switch {
	case e.result == noInput:
		return policy.StateNoInput
	case e.result == entered && e.text == c.granted:
		return policy.StateGranted
	case e.result == entered && e.text == c.declined:
		return policy.StateDeclined
	}
	return policy.StateInvalid
}

// unheardRepeats is how often a question that the caller can't have heard is asked
// again after a yes; a yes to it then counts as no_input: nobody answers what
// nobody heard. A no counts whatever was heard.
const unheardRepeats = 1

// askConsent asks, and gives exactly one answer whatever happens: a caller who
// hangs up, and a question that could not be asked to its end, count as
// no_input.
func (s *collectStep) askConsent(ctx context.Context, r *flowexec.Run) (entry, error) {
	r.Asked()
	e, err := s.ask(ctx, r)
	for again := 0; err == nil && s.consent.state(e) == policy.StateGranted && !r.NoticeHeard(ctx); again++ {
		if again == unheardRepeats {
			r.Warn("consent not counted: its question was not heard")
			e = entry{result: noInput}
			break
		}
		r.Warn("consent question was not heard, and is asked again")
		e, err = s.ask(ctx, r)
	}
	answer := flowexec.Consent{State: s.consent.state(e), Key: e.key}
	if name, nameErr := r.PromptName(s.prompt); nameErr == nil {
		answer.Prompt = name
	}
	if answerErr := r.Answer(ctx, answer); err == nil {
		err = answerErr
	}
	return e, err
}
