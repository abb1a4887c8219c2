// Package event names what happens in the service, hands it out, and folds the
// events of a call into its call detail record (CDR).
//
// It owns the names of all events, the Bus that carries them, the shape of the
// CDR with both JSON Schemas (folder schema), the ids of calls and recordings,
// and the one way in which numbers are masked. It imports nothing of the program
// and starts no goroutine: a subscriber runs on the publisher's, or reads from a
// channel on its own.
//
// It refuses to block: a channel whose reader is slow loses events and counts
// them. It keeps no history; who wants one subscribes.
//
// Times are RFC 3339 in UTC with milliseconds. Ids are ULIDs.
package event
