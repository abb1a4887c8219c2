// Package resolver finds the addresses at which a SIP URI's host is to be called:
// RFC 3263, by NAPTR, SRV, A and AAAA records, each kept as long as it says.
//
// A Resolver asks the servers of its configuration, or those of the system. Where
// the system's are used, a name that they do not know is looked up once more in the
// system's own way, which knows /etc/hosts and search domains.
//
// # What is bounded
//
// A look-up ends with its context. An answer that is longer than the bounds in
// config.go is cut; the cache holds maxNames names. Several look-ups of one name ask
// once. What does not exist is remembered as RFC 2308 says, a server that does not
// answer for a moment; while none answers, addresses that were good within the last
// hour go on being used (RFC 8767), so that calls outlive their name server.
//
// It starts one goroutine for each query that is on its way; Close waits for them.
// It opens no listener and trusts no answer beyond its own question: records for
// other names, additional sections and addresses that can't be sent to are ignored.
//
// RFC 3263 (locating SIP servers), 2782 (SRV), 3403 (NAPTR), 2308 (negative caching),
// 6891 (EDNS0), 8767 (stale data).
package resolver
