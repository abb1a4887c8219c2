// Package flowexec compiles the flows that inbound calls run, checks them, and
// runs them.
//
// A flow is a YAML file of named tasks; a task is a list of actions; an action
// is a one-key map. [Load] reads a folder of them, reports everything that is
// wrong with file, line, column and a caret, and follows every path through
// each flow to warn of what would surprise: a gate that opens without consent,
// a recording queue with no way through the gate, a task that nothing reaches.
// [Flow.Run] runs a compiled flow for one call.
//
// What an action does stands in flowexec/actions, one file each; this package
// owns the language around them: names, tasks, branches, variables, the error
// path, the bound on steps. Flows know a call only as a [Caller], so that none
// can start a recording or reach into media: the most that a flow can do is to
// ask that the gate be opened.
//
// A compiled flow is immutable and shared by all calls. The package starts no
// goroutine; Run works on its caller's. It writes no digit, no variable and no
// phone number to a log or into an error.
//
// It refuses what this version can't do, by name and with a position: prompts
// from text, and speech bots. No action takes a condition, so there is no
// expression language here; values are text with ${...} in it.
package flowexec
