// Package evidence judges recordings: what file, sidecar and ledger say of one recording must be one story, in which the
// caller's yes comes before the barrier, the barrier before the first sample, and no sample lies below its floor.
//
// A Case is one recording with the ledger's entries of its call; its Findings are what does not hold, each with its place.
// The same judgement serves a running service, its self-audit, and somebody with a file, a sidecar, a Bundle and a public
// key on another machine. Reconcile compares the four lists that a service keeps of its recordings. Both are pure.
//
// A Bundle carries the ledger's entries of one call out of the ledger, each with its proof (C2SP tlog-proof).
//
// It runs no goroutine and keeps no file open. It decides nothing about calls, and repairs nothing.
package evidence
