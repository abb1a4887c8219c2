// Package toll holds outbound calls within what an operator is ready to pay for,
// whoever got hold of a station's password.
//
// Stations and trunks have limits: which numbers may be called, how many calls at
// once, and budgets of calls and minutes for classes of numbers, by the hour or the
// day (UTC). Minutes are bought one by one while a call runs, so that no budget is
// ever overdrawn, however many calls share it; who can't buy the next one ends.
//
// A [Book] counts. What was spent is handed to its store in the background, beside
// the calls, and taken back at the next start. It runs one goroutine from Start to
// Close and reads no clock.
package toll
