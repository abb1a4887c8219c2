// Package store keeps what outlives a call in SQL: the calls that run, their CDRs, the decisions about recording, the
// recordings, the consents, and the salts that stand between a number and the consent ledger.
//
// It owns one SQLite file (write-ahead log, mode 0600) and its schema, which Open brings up to date. One process opens it
// for writing; other processes, such as the command line's verbs, may read beside it through OpenReadOnly.
//
// Goroutines: one writer per Store, started by Open and awaited by Close. It alone writes, and puts everything that
// waits into one transaction, so that many calls share one sync. A write has been synced to disk when its method returns
// nil; only PutDecision does not wait. Reads run on a small pool beside the writer and see what was committed before
// they began.
//
// It refuses: a schema newer than it knows; any other database than SQLite; and to look up, or keep a salt for, a caller
// without a number.
package store
