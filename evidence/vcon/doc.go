// Package vcon writes a recording and its evidence as a vCon, the IETF's container for conversations
// (draft-ietf-vcon-vcon-core-03), with the consent as its consent attachment (draft-howe-vcon-consent-00) and the ledger's
// proofs as another.
//
// Phone numbers, and the sidecar that holds them, are in it only by choice. It takes what it is given and reads nothing; the
// vCon is not signed as a whole, since each of its claims is proved by the ledger's key.
package vcon
