// Package archive is what one may do with stored recordings: look at them,
// listen to them, keep them from deletion, delete them.
//
// It owns the order in which that happens: each use is in the audit log, durably,
// before it goes on, and is told as an event. A use that can't be written down
// does not happen. Files and their facts belong to the recorder, rows to the
// store, entries to the ledger; the archive only works on them. It runs no
// goroutine.
package archive
