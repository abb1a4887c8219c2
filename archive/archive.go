package archive

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"time"

	"go.uber.org/zap"

	"assent/audit"
	"assent/consent"
	"assent/depot"
	"assent/event"
	"assent/store"
)

// Deps is what an Archive works on. All of it is shared and safe for concurrent
// use; the archive closes none of it.
type Deps struct {
	Log    *zap.Logger
	Store  Store
	Audit  Audit
	Ledger Ledger
	Events *event.Bus
	// Entries are a call's entries in the ledger, read from its file.
	Entries func(call string) ([]consent.Record, error)
	// Sign signs a text with the ledger's key, as a signed note.
	Sign func(text string) (string, error)
	// Prove takes proofs out of the ledger.
	Prove Prover
	// Open opens a recording wherever it is; Keys open what is encrypted, nil where nothing is.
	Open func(ctx context.Context, r store.Recording) (*depot.Recording, error)
	Keys depot.Opener
	// Elsewhere removes what a recording has outside the recordings folder; nil where there is no such place.
	Elsewhere func(ctx context.Context, id string) error
	// Forget lets go of what is only in memory of a caller; nil where nothing is.
	Forget func(number string)
	Remove func(path string) error // nil is os.Remove
	Now    func() time.Time        // nil is time.Now

	after func(step string) // told after each step of a deletion; a test dies there
}

// Store is the catalogue of recordings; *store.Store is one.
type Store interface {
	Catalogue
	Kept
	Deletions
	Holds
	Subjects
}

// Catalogue lists recordings.
type Catalogue interface {
	Recording(ctx context.Context, id string) (store.Recording, error)
	Recordings(ctx context.Context, f store.RecordingFilter) ([]store.Recording, error)
}

// Deletions keeps the plans of deletions.
type Deletions interface {
	PlanDeletion(ctx context.Context, d store.Deletion) error
	FinishDeletion(ctx context.Context, recording string, at time.Time) error
	OpenDeletions(ctx context.Context) ([]store.Deletion, error)
}

// Holds keeps legal holds.
type Holds interface {
	PutHold(ctx context.Context, h store.Hold) error
	ReleaseHold(ctx context.Context, recording string) error
	HoldOf(ctx context.Context, recording string) (store.Hold, error)
}

// Subjects keeps what tells who a caller is.
type Subjects interface {
	RecordingsOf(ctx context.Context, caller string) ([]store.Recording, error)
	Subject(ctx context.Context, number string) (salt []byte, err error)
	ForgetCaller(ctx context.Context, caller string) (int64, error)
	Erase(ctx context.Context, number string) (store.Erased, error)
}

// Audit keeps each use before it happens; *audit.Log is one.
type Audit interface {
	Write(ctx context.Context, u audit.Use) error
}

// Ledger takes the entries of erasures; *consent.Ledger is one.
type Ledger interface {
	Append(e consent.Entry) *consent.Pending
}

// Archive works on stored recordings. It is safe for concurrent use.
type Archive struct {
	deps Deps
	mu   sync.Mutex // held while a deletion takes its steps

	exports sync.Mutex // held while a vCon is made
}

// New makes an archive; deps are kept.
func New(deps Deps) *Archive {
	if deps.Now == nil {
		deps.Now = time.Now
	}
	if deps.Remove == nil {
		deps.Remove = os.Remove
	}
	if deps.after == nil {
		deps.after = func(string) {}
	}
	return &Archive{deps: deps}
}

// List returns the recordings that f chooses, newest first.
func (a *Archive) List(ctx context.Context, f store.RecordingFilter) ([]store.Recording, error) {
	return a.deps.Store.Recordings(ctx, f)
}

// Facts is a recording with what its sidecar says.
type Facts struct {
	store.Recording
	Sidecar json.RawMessage // as it is stored
}

// Show returns a recording's facts. by is who looks.
func (a *Archive) Show(ctx context.Context, by, id string) (Facts, error) {
	r, err := a.use(ctx, by, audit.Show, id, "")
	if err != nil {
		return Facts{}, err
	}
	stored, err := a.deps.Open(ctx, r)
	if err != nil {
		return Facts{}, fmt.Errorf("recording %s: %w", id, err)
	}
	return Facts{r, stored.Sidecar}, stored.Close()
}

// Audio is the sound of a recording, to be read from any place.
type Audio struct {
	io.ReadSeeker
	io.Closer
	Name     string    // of the file, without folder
	Modified time.Time // when it was last written
}

// Listen opens a recording's sound for by; part is the part that is asked for,
// as the audit log shall tell it. The caller closes it.
func (a *Archive) Listen(ctx context.Context, by, id, part string) (Audio, error) {
	r, err := a.use(ctx, by, audit.Listen, id, part)
	if err != nil {
		return Audio{}, err
	}
	stored, err := a.deps.Open(ctx, r)
	if err != nil {
		return Audio{}, fmt.Errorf("recording %s: %w", id, err)
	}
	plain, size, err := stored.Plain(ctx, a.deps.Keys)
	if err != nil {
		return Audio{}, errors.Join(fmt.Errorf("recording %s: %w", id, err), stored.Close())
	}
	a.tell(event.RecordingAccessed, r, by, "")
	return Audio{io.NewSectionReader(plain, 0, size), stored, stored.Name, stored.Modified}, nil
}

// use looks a recording up and writes its use down.
func (a *Archive) use(ctx context.Context, by, action, id, detail string) (store.Recording, error) {
	r, err := a.deps.Store.Recording(ctx, id)
	if err != nil {
		return r, err
	}
	return r, a.write(ctx, by, action, r, audit.OK, detail)
}

// write writes a use down.
func (a *Archive) write(ctx context.Context, by, action string, r store.Recording, result, detail string) error {
	return a.deps.Audit.Write(ctx, audit.Use{By: by, Action: action, Call: r.Call, Recording: r.ID, Result: result, Detail: detail})
}

// tell publishes what happened to a recording, by whom and why.
func (a *Archive) tell(what event.Type, r store.Recording, by, why string) {
	a.deps.Events.Publish(event.Event{Time: a.deps.Now(), Type: what, Call: r.Call, Trunk: r.Trunk, Queue: r.Queue, Station: r.Station,
		By: role(by), Detail: detail(by, why), Recording: &event.Recording{ID: r.ID}})
}

// role is what events call who did something.
func role(by string) string {
	if by == System {
		return event.BySystem
	}
	return event.ByAPI
}

func detail(by, why string) string {
	if why == "" {
		return "by " + by
	}
	return "by " + by + ": " + why
}

// manyDigits is what may be a number of a telephone or a card.
var manyDigits = regexp.MustCompile(`\+?[0-9][0-9 ()/.-]{4,}[0-9]`)

// plain takes numbers out of a reason that a person gave: it ends in log,
// ledger and audit log, which never forget.
func plain(reason string) string {
	return manyDigits.ReplaceAllStringFunc(reason, func(number string) string {
		digits := 0
		for _, c := range number {
			if c >= '0' && c <= '9' {
				digits++
			}
		}
		if digits < 7 {
			return number
		}
		return "…"
	})
}

// sidecarOf is where the facts of a recording's file stand.
func sidecarOf(file string) string { return strings.TrimSuffix(file, filepath.Ext(file)) + ".json" }
