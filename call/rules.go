package call

import (
	"context"
	"sync"
	"time"

	"go.uber.org/zap"

	"assent/consent"
	"assent/event"
	"assent/flowexec"
	"assent/ladder"
	"assent/media"
	"assent/policy"
	"assent/queue"
	"assent/recorder"
	"assent/registrar"
	"assent/route"
	"assent/sip"
	"assent/speech"
	"assent/stir"
	"assent/store"
	"assent/toll"
	"assent/trunk"
)

// Rules is the configuration that calls run by. It is immutable; a call keeps
// what it began with, a reload hands later calls another one.
type Rules struct {
	Version  string                         // names the configuration in CDR, ledger and sidecar
	Source   func(key string) string        // where a key's value stands, "file:line" or "default"
	Trunks   *trunk.Table                   // who may call
	STIR     *stir.Service                  // who vouches for a number; nil: no trunk asks or signs
	Stations map[string]queue.StationConfig // whom a call may ring
	Callers  *Callers                       // which stations may place calls; nil: none
	Plan     *route.Plan                    // where the numbers lead that are called; nil: nowhere
	Queues   map[string]queue.Config        // where callers wait
	Flows    *flowexec.Flows                // what callers are led through
	Prompts  *media.Prompts                 // what they hear
	Speech   *speech.Voice                  // what is spoken to them
	Codecs   []string                       // media.codecs, in order of preference
	Language string                         // language of prompts until a flow sets another
	ValidFor time.Duration                  // how long a stored consent holds
	Guard    time.Duration                  // consent.guard
	Control  Control                        // how parties act on the recording by keys
	// NoticeLoss is consent.notice_loss, in percent: a question of which more was lost was not heard.
	NoticeLoss int
}

// Deps is what the manager works with. All of it is shared and safe for
// concurrent use; the manager closes none of it.
type Deps struct {
	Log      *zap.Logger
	Rules    func() *Rules
	Dialer   Dialer
	Gateways Gateways       // nil: a book that knows nothing of their health
	Toll     *toll.Book     // what outbound calls spend; nil: a book that forgets
	Minute   time.Duration  // the length of a minute of a budget; 0: a minute
	Failures route.Failures // of calls by each trunk
	Media    *media.Engine
	Board    *queue.Board
	Recorder *recorder.Recorder
	Ledger   *consent.Ledger
	Store    Store
	CDR      CDRWriter
	Events   *event.Bus
	Spool    Spool        // nil: recordings stay where they are sealed
	Stations Stations     // nil: no station registers
	Ladder   *ladder.Book // told which dialogs make a call; nil keeps nothing
	// Unconsented is told of recorded samples from below a barrier: never, if the product keeps its promise.
	Unconsented func(trunk string, samples uint64)
	// Barred tells why nothing is recorded on a trunk, whatever is allowed there; nil bars none.
	Barred func(trunk string) error
	Now    func() time.Time // nil is time.Now

	late sync.WaitGroup // calls, and recordings that are sealed after their call's end
}

// Dialer opens a leg to a station or a gateway; *sip.Endpoint is one.
type Dialer interface {
	Dial(spec sip.DialSpec, sink sip.Sink) (*sip.Leg, error)
}

// Stations tells where a station is registered; *registrar.Registrar does.
type Stations interface {
	Where(station string) []registrar.Binding
}

// Spool brings recordings to their store, and tells when they are there;
// *depot.Depot is one.
type Spool interface {
	// Add tells of a recording that ledger and catalogue know. It never blocks.
	Add(id string)
}

// CDRWriter keeps one line a call; it must be safe for concurrent use.
type CDRWriter interface {
	Write(event.CDR) error
}

// Store is what a call keeps in SQL; *store.Store is one. An error never ends
// a call; a store that is not ready forbids recording.
type Store interface {
	Ready() error
	CallBook
	ConsentBook
}

// CallBook keeps calls, their decisions and their recordings.
type CallBook interface {
	BeginCall(ctx context.Context, c store.Call) error
	EndCall(ctx context.Context, cdr event.CDR) error
	MarkFiled(ctx context.Context, id string) error
	PutDecision(ctx context.Context, call string, at time.Time, trigger string, d policy.Decision) error
	PutRecording(ctx context.Context, r store.Recording) error
}

// ConsentBook keeps consents by caller, and the salts of their commitments.
type ConsentBook interface {
	PutConsent(ctx context.Context, c store.Consent) error
	FindConsent(ctx context.Context, caller string, now time.Time) (store.Consent, error)
	Subject(ctx context.Context, number string) (salt []byte, err error)
}

// storeTimeout bounds every wait of a call for its store.
const storeTimeout = 2 * time.Second

// bounded is a fresh context for work that must be done though the call's own
// context has ended.
func bounded() (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.Background(), storeTimeout)
}
