// Package merkle is the tree over a ledger's lines, and the texts that prove something of it: signed checkpoints,
// witnesses' cosignatures, inclusion and consistency proofs. All of it is arithmetic on what the caller hands in; it opens
// no file, runs no goroutine, and knows nothing of consent.
//
// It speaks RFC 6962 section 2.1 (tree, proofs) and the C2SP texts signed-note, tlog-checkpoint, tlog-cosignature (Ed25519)
// and tlog-proof, so that whoever holds another implementation of these needs none of this program to check a proof. The
// tree's arithmetic and the notes are those of the Go checksum database (golang.org/x/mod/sumdb), which stays behind this
// package.
//
// It refuses text that says the right thing in another form: every byte of a checkpoint and of a proof counts, so that a
// single changed one is found.
package merkle
