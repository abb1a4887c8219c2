// Package actions holds the verbs of the flow language, one file each, and the
// list of them in all.go.
//
// An action is read from a flowexec.Body, which reports what is wrong with its
// position, and becomes a flowexec.Step, which is shared by all calls. Where an
// action drains, plays or listens, it does so through flowexec.Run and never
// reaches further into a call.
//
// The package starts no goroutine of its own; the HTTP client of data_lookup
// keeps idle connections for a short time. It logs no digit, no variable and no
// URL.
package actions
