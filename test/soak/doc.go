// Package soak sets hundreds of calls up and tears them down through the built
// binary (make soak: 100,000), in waves and with every kind of ending, and looks
// at what is left: goroutines, media ports, open files, calls and memory must be
// back where they were, every call must have its one CDR, and the ledger must
// verify.
package soak
