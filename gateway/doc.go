// Package gateway watches the gateways by which calls leave, and says in which order
// they are tried.
//
// A [Book] asks every gateway by OPTIONS at the interval of its trunk. One that fails
// as often as the trunk says is down, one answer makes it up again. Beside that a
// gateway rests: as long as its 503 asks for (Retry-After), or for a moment after a
// call could not reach it. Gateways that are down or rest are tried after all others,
// never not at all: a wrong verdict of ours must not silence a trunk.
//
// The Book runs one goroutine from Start to Close. It sends nothing itself: whoever
// makes it hands in how a gateway is asked. Health outlives a reload.
//
// RFC 3261 sections 11 (OPTIONS) and 21.5.4 (503), RFC 3326 (Reason).
package gateway
