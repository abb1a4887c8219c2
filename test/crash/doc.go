// Package crash kills the built service at random moments under load, starts it
// again, and looks for what is missing: no file, no more than half a second of
// any call, no call without a record of its end, no ledger that does not verify;
// and every file can be played.
//
// A short series is part of `make test`; `make crash` does 500 kills and holds
// the service to its figures in time as well:
//
//	go test -count=1 -timeout 120m ./test/crash -args -kills 500 -strict
package crash
