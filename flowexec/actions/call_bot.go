package actions

import "assent/flowexec"

// callBot is known, so that a flow which uses it is told why it can't be loaded.
var callBot = flowexec.Action{Verb: "call_bot", Compile: func(b *flowexec.Body) (flowexec.Step, flowexec.Traits) {
	b.Required("bot", "the name of a bot")
	_, traits := b.Outcomes("granted", "declined", "no_input", "failure")
	b.Report("", "call_bot needs a speech bot, which this version can't reach", "collect_input with consent, for a key")
	return nil, traits
}}
