// Package app builds the service from its configuration: every package once,
// started in order and stopped in reverse.
//
// It owns the process-wide parts (store, ledger, recorder, media engine, SIP
// endpoint, API, CDR file) and the rules that calls run by, which a reload
// swaps all at once. Tests run it in process on port 0. It runs no goroutine of
// its own but those its parts document.
//
// It refuses to start half: whatever can't be opened is an error with the key
// that asked for it, and what was opened before is closed again.
package app
