// Package registrar knows where the stations are that register (RFC 3261 section 10): for each a few bindings, of a
// contact to the flow that it came by, each with its end.
//
// A station is reached by its flow, the address that the REGISTER came from, or by the path that proxies have put
// into it (RFC 3327): never by an address that a contact merely names, so that nobody can make us call a third party.
//
// A Registrar has one lock and starts no goroutine. Bindings are looked up from memory; each change is handed to the
// Store, which must not block, and Restore brings them back after a restart. It authenticates nobody: that is done
// before it is asked.
package registrar
