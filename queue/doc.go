// Package queue keeps callers in order and offers them to stations. It never dials:
// who joined a queue gets offers, rings the station, and says what came of it.
//
// The Board owns the order of all callers, the counts of all stations and the
// timers of max_wait. One caller's place is a Ticket, one station that is rung for a
// call an Offer. It takes one of the station's `calls` while it rings and, once
// answered, until it is released; a station whose `calls` are all taken is passed over
// and the caller waits. When a place gets free, the caller who has waited longest for that
// station gets it, whichever queue they are in.
//
// It starts no goroutine; the timer of max_wait is a time.AfterFunc. Everything is
// done under one mutex in steps that never block: a ticket's channel has room for
// all events that the ticket can get.
//
// It refuses to decide what a caller hears or where they go next; the outcomes
// timeout, full and failure lead back to the flow.
package queue
