// Package api answers over HTTP what machines and the command line's verbs ask
// the service: is it alive (/healthz), may it have calls (/readyz), what does it
// count (/metrics), and, under /v1, what runs, what was recorded, and what is to
// happen with it. /openapi.json describes /v1 from the same table that serves it.
//
// It owns the HTTP server, the bearers of its tokens and the metrics' names. It
// runs the server's own goroutines between Start and Close. It refuses anything
// but health to a stranger: without a token only loopback may ask; and no label
// ever holds a call's id, a number or an address. What a use of a recording
// means, and that it is written down first, is package archive's.
package api
