package flowexec

import (
	"context"
	"errors"
	"time"

	"assent/policy"
)

// ErrOver ends a flow in good order: the caller has hung up, or was connected
// and the conversation is over. Every method of a Caller that takes a context
// may return it. No error path runs after it.
var ErrOver = errors.New("the call is over")

// ErrTimeout says that no key came in time.
var ErrTimeout = errors.New("no key in time")

// Caller is the call as its flow sees it. One flow uses it from one goroutine.
// A hang-up ends every wait with ErrOver, or cancels the context.
type Caller interface {
	Prompter
	Listener
	Consenter
	Router
	Observer
	Waiter

	// Facts returns what is known of the call, by the names that a flow uses:
	// FactNames lists them. The flow borrows the map and does not change it.
	Facts() map[string]string
}

// Prompter lets the caller hear something.
type Prompter interface {
	// Play puts a prompt at the end of the queue and returns at once.
	Play(ctx context.Context, p Prompt) error
	// Drain returns when the last sample of everything queued has been sent,
	// or the caller's barge-in has skipped it.
	Drain(ctx context.Context) error
	// SetLanguage chooses the language of the prompts that are played from now.
	SetLanguage(language string)
	// HoldMusic plays a prompt over and over, which no key interrupts, and
	// returns after length.
	HoldMusic(ctx context.Context, prompt string, length time.Duration) error
}

// Listener hears the caller.
type Listener interface {
	// Digit takes the oldest key that was pressed and not taken yet, or waits
	// for one. It returns ErrTimeout after timeout; with a timeout of 0 it only
	// looks at what was pressed before.
	Digit(ctx context.Context, timeout time.Duration) (Key, error)
	// ClearDigits forgets the keys that were pressed and not taken yet.
	ClearDigits()
	// Silence returns true when the caller has been silent for the given time
	// without a break, false when timeout passed without that.
	Silence(ctx context.Context, silence, timeout time.Duration) (bool, error)
}

// Consenter keeps what the caller agreed to. Nothing here starts a recording.
type Consenter interface {
	// Asked says that an action's consent question begins. Exactly one Answer
	// follows.
	Asked(action string)
	// Answer enters the answer in the ledger and sets the consent's state. On
	// an error the flow goes on, and does not open the gate.
	Answer(ctx context.Context, c Consent) error
	// NoticeHeard tells whether nothing speaks against the caller having heard
	// what was played since Asked: loss, a hold, one-way audio. A yes to a
	// question that was not heard is none.
	NoticeHeard(ctx context.Context) bool
	// OnFile looks the caller up among the stored consents; true sets the
	// consent's state to on_file, with a ledger entry that names the action.
	OnFile(ctx context.Context, action string) (bool, error)
	// EnableRecording sets the barrier and opens the gate, if the consent's
	// state allows it. The prompts have been drained. Repeating it does nothing.
	EnableRecording(ctx context.Context, action string) error
}

// Router takes the call elsewhere. The prompts have been drained. Its transfers
// return ErrOver when the caller was connected and the conversation is over,
// else one of the outcomes named with each of them.
type Router interface {
	// ToQueue returns "timeout", "full" or "failure".
	ToQueue(ctx context.Context, queue string) (outcome string, err error)
	// ToNumber returns "busy", "no_answer" or "failure". An empty trunk means
	// the one that the call came by.
	ToNumber(ctx context.Context, number, trunk string, timeout time.Duration) (outcome string, err error)
	// ToStation returns "busy", "no_answer" or "failure". A timeout of 0 means
	// the station's own.
	ToStation(ctx context.Context, station string, timeout time.Duration) (outcome string, err error)
	// Disconnect ends the call. It returns nil or ErrOver.
	Disconnect(ctx context.Context) error
}

// Waiter waits for what is not the call's own.
type Waiter interface {
	// Await runs f, which may take its time, and returns its error. The call
	// lives on meanwhile; a hang-up cancels f's context, and Await returns after
	// f has.
	Await(ctx context.Context, f func(context.Context) error) error
}

// Observer hears of the flow itself.
type Observer interface {
	// Entered says that a flow starts; sha256 is that of its file, in hex.
	Entered(flow, sha256 string)
	// Failed says that an action failed and the flow's error path begins. It
	// comes once a run at most. err holds no digit and no variable.
	Failed(flow, action string, err error)
}

// Prompt is one thing to play: exactly one of Name, File, Tone and Text is set.
type Prompt struct {
	Name    string // a prompt of the call's language, or of all languages
	File    string // the path of a WAV file
	Tone    *Tone
	Text    string // to be spoken in the call's language
	BargeIn bool   // a key ends it, and skips what is queued behind it but notices
	Notice  bool   // played to its end whatever is pressed
}

// Tone is a sine.
type Tone struct {
	Hz     int
	Length time.Duration
	GainDB float64 // relative to full scale
}

// Key is a key that the caller pressed.
type Key struct {
	Digit  byte   // 0-9, *, #, A-D
	Method string // rfc4733, info, inband
	Ref    any    // whatever the Caller needs to know it again in Consent.Key
}

// Consent is the answer to one consent question, after its repeats.
type Consent struct {
	State    policy.ConsentState // granted, declined, no_input or invalid
	Key      *Key                // the key that was accepted or was last invalid; nil for no_input
	Prompt   string              // the question, as a prompt's name
	Language string              // the language it was asked in
	Action   string              // the action's name
}

// FactNames are the names of a call's facts, as "${call.from}" uses them.
var FactNames = []string{"call.id", "call.from", "call.to", "call.trunk", "call.direction", "call.verdict", "call.attestation"}
