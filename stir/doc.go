// Package stir tells whether a caller's number is vouched for, and vouches for
// those of calls that leave (STIR/SHAKEN).
//
// A [Service] holds the trusted roots, the certificates it has fetched, the
// tokens it has seen, and the key it signs with. Verify judges the Identity
// headers of an INVITE: form, type, age, both numbers, the certificate and its
// chain, the signature, and whether the token was used in another call before.
// Sign makes such a header.
//
// Certificates are fetched by https from hosts of a list, without redirects, in
// bounded time and size; the address that is connected to is looked at, so that
// no name leads into a private network. Each fetch runs on a goroutine of its
// own, one a URL, and several calls share it; Close ends and awaits them.
// Everything that a peer can make the package keep is bounded.
//
// It refuses to judge what it does not know: tokens of other types than shaken
// count as absent, the compact form as a failure. It keeps no list of revoked
// certificates, and does not follow the chain of diversions (RFC 8946). It knows
// nothing of SIP messages; package call maps a verdict to an answer.
//
// RFCs: 8224 (Identity), 8225 (PASSporT), 8226 (certificates, TNAuthList), 8588
// (shaken), 7515 (JWS); ATIS-1000074 (attestation), ATIS-1000080 (certificates).
package stir
