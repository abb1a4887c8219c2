// Package policy decides whether a call is recorded, and says why.
//
// It holds the product's two tables: who is gated (which recordings wait for
// consent) and the decision (fourteen rows; the first that matches decides).
// Both are pure functions of Facts: the package owns no state, starts no
// goroutine, reads no clock and imports nothing of the program. What it is not
// told, or told in a word that it does not know, counts as "no": the zero Facts
// never record.
//
// It refuses to act. It opens no gate, starts no recorder and keeps no history;
// package call asks it at every change of the call and acts on the answer.
//
// RFC 7866 section 6.2 gives the meaning of a=recordpref:off (row 10).
package policy
