// Package sip owns signalling: the SIP sockets, and every dialog over them as a Leg.
//
// An Endpoint listens on UDP, TCP and TLS. An inbound call arrives as an Invite with its Leg; Dial places an outgoing one.
// What happens on a leg comes to its Sink as events, strictly in order, and ends with exactly one Ended. Each leg is
// a dialog of its own, with its own Call-ID and tags: the two legs of a bridged call share nothing here.
//
// # What is ours and what is sipgo's
//
// The grammar is sipgo's (URIs, name-addr, Via). Sockets, framing, transactions and dialogs are written here, because
// sipgo 1.7.2 starts a goroutine a message and so loses their order, waits inside its transaction machines, closes a
// TCP connection at the first malformed message, keeps its timers in package variables and recovers from no panic.
//
// # Order and goroutines
//
// Start runs one reader a UDP socket and one accepter a TCP listener; each TCP connection has a reader and a writer;
// a name in a Dial target is looked up in a goroutine. Readers parse, refuse and queue; the work is done in lanes.
// A lane is all state of one Call-ID: transactions, legs, timers. Its messages, timers and commands are worked off one
// after the other by a goroutine that exists only while there is work, so nothing in a lane is locked, no call costs
// a goroutine, and no call waits for another. A panic is recovered at each of these goroutines' tasks and ends at
// most the legs of one Call-ID.
//
// # Who is heard
//
// The kernel drops what comes from outside of all networks in which somebody is known (package sockfilter), before it
// takes room in a socket's buffer. What comes through is asked about again:
// A source is asked for before its bytes are parsed (Deps.Known); a stranger gets silence and leaves nothing in
// memory. Addresses that we have dialled may answer and speak in their dialogs. A dialog hears only the sources that
// its leg allows: another trunk's request for it gets 481, a stranger's nothing. In-dialog requests of ours go only
// where its requests may come from.
//
// Over TLS, who connects may prove names by a certificate (RFC 5922). A name that is a trunk's opens dialogs from any
// address (Deps.Certified), and a dialog hears whoever proves a name of the one that opened it. Whom we call has to prove
// the host that was dialled; a connection is used again only for that host. Certificates are read again when their files
// change, at the next handshake.
//
// # Where a call goes
//
// The host of a Dial target leads to one or several addresses (RFC 3263, package resolver). They are tried one after
// the other, each in a transaction of its own: the next where one can't be reached, refuses with 503, or is silent for
// a few seconds. What a target begins that was left as silent is cancelled, or hung up.
//
// # What it refuses
//
// Methods other than INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, UPDATE, PRACK, REFER and REGISTER (405, unregistered ones
// 501), other extensions than 100rel, timer, replaces and norefersub, and path in a REGISTER (420), bodies other than
// SDP (415), TLS below 1.2 and WebSocket. A 3xx ends the leg and tells where it leads; whom a REFER leads to is the user's to call.
// Everything that a peer can make us keep is bounded; the bounds stand in config.go.
//
// # Extensions
//
// A leg's Terms say which it uses. Reliable provisional answers (RFC 3262) are repeated until their PRACK, one after the
// other, and a 200 waits for the one that carried SDP. Session timers (RFC 4028) take either refresher; ours refreshes by
// UPDATE, or asks the user for a re-INVITE (Refresh), and a session that nobody refreshes ends by BYE. A 422 is followed
// with the longer interval. Each branch of a forked call has an early dialog of its own.
//
// RFC 3261 (SIP), 3262 (PRACK), 3263 (locating servers), 3264 (offer/answer timing), 3311 (UPDATE), 3325 and 3323
// (asserted identity, privacy), 3326 (Reason), 3327 (Path), 3515 and 4488 (REFER), 3581 (rport), 3891 (Replaces), 4028
// (session timers), 5922 (certificates), 6026 (INVITE transactions), 6086 (INFO), 8760 (digest).
package sip
