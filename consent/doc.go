// Package consent keeps the ledger: who agreed to what, when, and what was recorded because of it.
//
// The ledger is one append-only file of JSON lines. Each line carries the RFC 6962 section 2.1 leaf hash of the line
// before it, so that a changed, removed or moved line is found and named; the same hashes are the leaves of a Merkle
// tree, whose heads a Notary signs while the ledger grows. See DESIGN.md for the format and for what each of them can
// show.
//
// It owns the ledger's folder: the folder, the file in it, and the lock that admits one writer. Any number of readers
// (Verify, Entries, ByCall) may read while the writer runs; they see a consistent prefix.
//
// Goroutines: one per open Ledger, started by Open and awaited by Close, and one per Notary, started by NewNotary and
// awaited by Close. The ledger's writes and syncs whatever was appended since
// its last sync (group commit), and sees to it that the file is still in its place. Append itself never touches the disk.
//
// It refuses: a second writer; to append behind a damaged tail; free-form data (only the typed entries of entry.go); a
// caller that is not a commitment; and every further append after one failed write or sync, because what the disk then holds
// is unknown, and after its file was removed, replaced or changed, because what is written then proves nothing.
package consent
