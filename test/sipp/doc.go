// Package sipp drives the built binary with SIPp, story by story.
//
// A story is a SIPp scenario in caller/ and, where a station takes part, one in
// station/; `<?part NAME key="value"?>` stands for the file of that name in
// parts/, in which {key} is replaced, or {key|default}. Every test has a
// service, a folder and a network of loopback addresses of its own, so that all
// of them run side by side.
//
// What must hold for every call whatever its story (one CDR, a ledger that
// verifies, no file without an entry, no number in the log, nothing of one
// side's signalling on the other) is checked in expect_test.go.
//
// SIPp's play_dtmf sends its packets from a raw socket: root, or CAP_NET_RAW.
package sipp
