// Package vault keeps what is written unreadable without a key.
//
// Each recording has a data key of its own. The data key lies beside the
// recording, wrapped by a key-encryption key (KEK) that comes from a file, from
// the environment or from a key management service. Destroying the wrapped key
// destroys the recording in every copy.
//
// A sealed file is a log of writes: each is one record of AES-256-GCM, whose
// associated data are the file's header, the record's number, kind and place. So
// a file can be written at random places, grow, be cut and be read by ranges, and
// what a killed process had written opens like what is whole. The cryptography is
// that of github.com/tink-crypto/tink-go; the framing is told in DESIGN.md.
//
// Goroutines: one, started by Vault.Start and awaited by Vault.Close, which finds
// the KEK and keeps data keys in stock, so that no recording waits for a key
// management service.
//
// It refuses to write a byte in clear, to make keys while the KEK is not the one
// that the folder's recordings are wrapped with, and to take back a record that
// is not authentic.
package vault
