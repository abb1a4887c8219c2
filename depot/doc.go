// Package depot is where finished recordings lie: in the recordings folder, and
// from there in a store, a second folder or an object store that speaks S3.
//
// With a store the recordings folder is a spool: what lies in it is not stored
// yet, what is stored is gone from it. So the folder itself is the list of what is
// to do; it survives any crash, and nothing can disagree with it. A recording
// leaves the folder only after each of its files was found in the store as it was
// written, and after the catalogue knows where.
//
// Goroutines: one that looks through the folder and a few that store, started by
// Depot.Start and awaited by Depot.Close. Nobody waits for them: a store that is
// away fills the spool, and a full spool makes recording unavailable.
//
// It refuses to make a name out of what a caller has said, to write over another
// object, and to open what is not the recording that was asked for.
//
// The S3 API is spoken by github.com/minio/minio-go; gofakes3 stands for the
// store in tests.
package depot
