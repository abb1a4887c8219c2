// Package service starts the built binary on loopback for the end-to-end tests
// and reads what it leaves behind: CDRs, ledger, recordings, log.
//
// It needs bin/assent, which `make build` makes. Every service has a folder and
// ports of its own and ends with its test.
package service
