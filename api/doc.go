// Package api answers over HTTP what machines ask the service: is it alive
// (/healthz), may it have calls (/readyz), and what does it count (/metrics).
//
// It owns the HTTP server and the metrics' names. It runs the server's own
// goroutines between Start and Close. It refuses anything but health to a
// stranger: without a token only loopback may ask, and no label ever holds a
// call's id, a number or an address.
package api
