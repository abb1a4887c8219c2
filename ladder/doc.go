// Package ladder keeps what was said in SIP, message by message, for the calls that run and those of late, and draws it.
//
// A [Book] is told of each message that is received or sent, and which dialogs make one call. It is bounded: so many calls,
// the oldest of which is forgotten for a new one, and so many bytes of each, of which the middle is left out. Only an
// INVITE that begins a dialog makes an entry; what belongs to no call (OPTIONS, REGISTER) leaves none.
//
// What must not lie in memory after its call never gets there: credentials, keys of SRTP, and the bodies of INFO, which
// carry digits, are masked when a message is kept. Phone numbers are masked when it is shown, unless all are asked for.
//
// It starts no goroutine, and one lock guards it: a message costs a look into a map, and a copy where it belongs to a call.
package ladder
