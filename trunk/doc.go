// Package trunk recognises the carrier or PBX that a call comes from, counts the
// calls of each, and says where calls that leave by it go.
//
// A Table is built from configuration and never changes: lookups take no lock and
// allocate nothing, so that Known can look at every datagram before it is parsed.
// Only the seats move; they are counted per trunk and live on when a reload
// replaces the table, and calls that began before it keep the sources that they
// began with.
//
// It starts no goroutine and reads no clock: who admits a call says what time it is.
// It knows nothing of SIP; a Refusal has a code, and package call maps it to a
// response. It refuses a configuration in which two trunks are an equally good
// match for the same call.
//
// The number of a call is the user part of the Request-URI (RFC 3261 section
// 19.1.1) without visual separators (RFC 3966 section 5.1.1) and parameters.
package trunk
