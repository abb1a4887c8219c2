// Package audit keeps who used a recording: who listened, paused, held or
// deleted it, when, and how that ended. An entry is on disk before the use it
// tells of goes on.
//
// It is a ledger of its own, in a folder of its own, with the same lines, chain
// and verification as the consent ledger, whose code it uses (package consent).
// It runs no goroutine beside that ledger's. It refuses to hold a phone number
// or a key that was pressed: there is no field for one.
package audit
