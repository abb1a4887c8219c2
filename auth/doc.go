// Package auth proves who speaks, by digest (RFC 7616, and RFC 8760 for SIP): a Guard challenges peers and checks what
// they answer, and Answer answers the challenges of others.
//
// A challenge keeps nothing: its nonce is sealed with a key of the process and says until when, and for which source
// address, it is good. Only a proof that was right leaves a trace, in a bounded memory of nonce counts that refuses it
// a second time. An unknown user costs what a known one costs, and hears the same.
//
// A source that guesses is locked out for a while. Nobody can have another source locked out: a guess counts only with
// a nonce that was sent to the guesser's address.
//
// It starts no goroutine, knows nothing of SIP messages, and reads no clock: callers say what time it is. No password,
// nonce or response is ever in an error.
package auth
