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
// A call hands in the Rules that it began with when it joins a queue or seizes a
// station. They say which queues and stations there are for it, and everything about
// them; so a reload changes nothing for a call, even if its queue is gone. By name,
// and for calls of all rules together, the Board keeps who waits, what is taken, since
// when a station is idle and where round_robin stands. What the newest configuration
// does not have is made for the first call that needs it and dropped after the last.
//
// The one setting that all share is `calls`, since it bounds what they share: the
// newest that Update was told holds for all at once. With a limit each, callers of
// the higher one would overtake those of the lower who wait longer, for ever. A
// station that is not in the newest configuration keeps the limit it had, or has that
// of the call it was made for.
//
// It starts no goroutine; the timer of max_wait is a time.AfterFunc. Everything is
// done under one mutex in steps that never block: a ticket's channel has room for
// all events that the ticket can get.
//
// It refuses to decide what a caller hears or where they go next; the outcomes
// timeout, full and failure lead back to the flow.
package queue
