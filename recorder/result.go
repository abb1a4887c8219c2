package recorder

import "errors"

// The results of a recording, as `recording.result` tells them.
const (
	// ResultNone: no recording is kept, and none was meant to be.
	ResultNone = "none"
	// ResultOK: every sample that was sent is in its place.
	ResultOK = "ok"
	// ResultDegraded: there is a file, and a map of what it lacks.
	ResultDegraded = "degraded"
	// ResultFailed: it began, and there is no usable file.
	ResultFailed = "failed"
	// ResultBlocked: nothing was ever written.
	ResultBlocked = "blocked"
	// ResultTooShort: shorter than the configured minimum, or without any audio.
	ResultTooShort = "too_short"
)

var (
	// ErrNotDurable says that the ledger entry was not durable in time.
	ErrNotDurable = errors.New("the ledger entry was not durable in time")
	// ErrClosed says that the recorder takes no recordings any more.
	ErrClosed = errors.New("the recorder is closed")
	// ErrNotFound says that there is no recording of that id.
	ErrNotFound = errors.New("no such recording")
)

// Result is what became of a recording.
type Result struct {
	ID   string
	Call string
	// Trunk, Queue and Station are those of the recording's facts.
	Trunk, Queue, Station string
	// File is the path of the sealed file, empty if there is none.
	File string
	// SHA256 is of the whole stored file, SidecarSHA256 of its sidecar; both in hex.
	SHA256        string
	SidecarSHA256 string
	// DurationMS is the length of the stored audio in milliseconds.
	DurationMS int64
	// Result is one of the Result constants.
	Result string
	// Recovered says that start-up finished what a crash had left.
	Recovered bool
	// Err says why the result is not ok; nil where loss on the network is the reason.
	Err error
}

// Final says how a recording ends.
type Final struct {
	// Position is the end of the timeline in samples; 0 or less means where it has got to.
	Position int64
	// Erase throws the recording away: no file stays, and the result is none.
	Erase bool
}
