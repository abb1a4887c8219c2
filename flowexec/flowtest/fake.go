// Package flowtest holds a Caller for tests of flows: a caller who hears what is
// played, presses keys at the moments that a test names, and never waits. Fake is
// for tests in Go, Script for those that `assent flow test` reads from a file.
//
// It keeps the rules that flows rely on: playing queues, a key interrupts a
// prompt that allows it and skips what is queued behind it but notices, a
// hang-up ends everything. It starts no goroutine, and has no place in a
// running service.
package flowtest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"assent/flowexec"
	"assent/policy"
)

// Fake is a scripted caller. Set its fields, run a flow, then read Log and
// Answers. It is for one goroutine.
type Fake struct {
	// While holds the keys that are pressed while a prompt plays, by its name;
	// the first item for the first time that it plays, and so on.
	While map[string][]string
	// Press holds what is pressed each time that the flow waits with nothing
	// pressed before: keys, "" for nothing, or HangUp.
	Press []string
	// Hear holds what each Silence call finds.
	Hear []bool
	// Unheard is how many of the first plays of a question the caller can't have
	// heard.
	Unheard int
	// OnFileAs is what the consent store knows.
	OnFileAs bool
	// Outcomes are those of the transfers, in order; none left: connected, over.
	Outcomes []string
	// Fail makes the calls of these lines of the log fail: "play welcome".
	Fail map[string]error
	// Known are the facts of the call.
	Known map[string]string

	Log     []string // one line for each thing that was done
	Answers []flowexec.Consent
	Gate    bool // the gate was asked to open
	Opened  bool // it was, while the consent's state allowed it
	Ended   bool // the flow disconnected the call

	state  policy.ConsentState
	queue  []flowexec.Prompt
	typed  []byte
	played map[string]int
	gone   bool

	connected string // the transfer that reached somebody
}

// HangUp, among the keys of a script, ends the call.
const HangUp = "!"

// ErrBroken is an error for Fail.
var ErrBroken = errors.New("broken")

// Line returns the log as one line per entry.
func (f *Fake) Line() string { return strings.Join(f.Log, "\n") }

// Heard returns the names of the prompts that were heard to their end.
func (f *Fake) Heard() []string {
	var heard []string
	for _, line := range f.Log {
		if name, ok := strings.CutPrefix(line, "heard "); ok {
			heard = append(heard, name)
		}
	}
	return heard
}

// State is what the caller has agreed to.
func (f *Fake) State() policy.ConsentState {
	if f.state == "" {
		return policy.StateNotAsked
	}
	return f.state
}

// End is how the call left the flow: disconnect, hangup, or the transfer that connected, such as "queue support".
func (f *Fake) End() string {
	if f.connected != "" {
		return f.connected
	}
	if f.Ended {
		return "disconnect"
	}
	return "hangup"
}

func (f *Fake) log(format string, args ...any) error {
	line := fmt.Sprintf(format, args...)
	f.Log = append(f.Log, line)
	return f.Fail[line]
}

// name is how a prompt stands in the log.
func name(p flowexec.Prompt) string {
	switch {
	case p.Tone != nil:
		return fmt.Sprintf("%d Hz", p.Tone.Hz)
	case p.File != "":
		return p.File
	case p.Text != "":
		return fmt.Sprintf("%q", p.Text)
	}
	return p.Name
}

// over is what every call begins with.
func (f *Fake) over(ctx context.Context) error {
	if f.gone {
		return flowexec.ErrOver
	}
	return ctx.Err()
}

// press presses keys, and says whether there were any.
func (f *Fake) press(keys string) bool {
	if strings.HasSuffix(keys, HangUp) {
		f.gone = true
		keys = strings.TrimSuffix(keys, HangUp)
	}
	f.typed = append(f.typed, keys...)
	return keys != ""
}

// Play implements flowexec.Prompter.
func (f *Fake) Play(ctx context.Context, p flowexec.Prompt) error {
	if err := f.over(ctx); err != nil {
		return err
	}
	f.queue = append(f.queue, p)
	return f.log("play %s", name(p))
}

// Drain implements flowexec.Prompter.
func (f *Fake) Drain(ctx context.Context) error {
	if err := f.over(ctx); err != nil {
		return err
	}
	if f.played == nil {
		f.played = map[string]int{}
	}
	skipping := false
	for len(f.queue) > 0 {
		p := f.queue[0]
		f.queue = f.queue[1:]
		if skipping && !p.Notice {
			_ = f.log("skipped %s", name(p)) // nothing fails in being skipped
			continue
		}
		keys := f.next(name(p))
		pressed := f.press(keys)
		switch {
		case f.gone:
			return flowexec.ErrOver
		case pressed && p.BargeIn && !p.Notice:
			skipping = true
			_ = f.log("cut %s", name(p)) // nothing fails in being cut
		default:
			_ = f.log("heard %s", name(p)) // nothing fails in being heard
		}
	}
	return f.log("drain")
}

// next returns the keys of the next time that a prompt plays.
func (f *Fake) next(prompt string) string {
	n := f.played[prompt]
	f.played[prompt]++
	if script := f.While[prompt]; n < len(script) {
		return script[n]
	}
	return ""
}

// SetLanguage implements flowexec.Prompter.
func (f *Fake) SetLanguage(language string) {
	_ = f.log("language %s", language) // it has no error to return
}

// HoldMusic implements flowexec.Prompter.
func (f *Fake) HoldMusic(ctx context.Context, prompt string, length time.Duration) error {
	if err := f.over(ctx); err != nil {
		return err
	}
	return f.log("music %s %s", prompt, length)
}

// Digit implements flowexec.Listener.
func (f *Fake) Digit(ctx context.Context, timeout time.Duration) (flowexec.Key, error) {
	if err := f.over(ctx); err != nil {
		return flowexec.Key{}, err
	}
	if timeout > 0 {
		if err := f.log("wait %s", timeout); err != nil {
			return flowexec.Key{}, err
		}
		if len(f.typed) == 0 && len(f.Press) > 0 {
			f.press(f.Press[0])
			f.Press = f.Press[1:]
		}
	}
	if len(f.typed) == 0 {
		if f.gone {
			return flowexec.Key{}, flowexec.ErrOver
		}
		return flowexec.Key{}, flowexec.ErrTimeout
	}
	key := flowexec.Key{Digit: f.typed[0], Method: "rfc4733"}
	f.typed = f.typed[1:]
	return key, nil
}

// ClearDigits implements flowexec.Listener.
func (f *Fake) ClearDigits() {
	f.typed = nil
	_ = f.log("clear") // it has no error to return
}

// Silence implements flowexec.Listener.
func (f *Fake) Silence(ctx context.Context, silence, timeout time.Duration) (bool, error) {
	if err := f.over(ctx); err != nil {
		return false, err
	}
	heard := len(f.Hear) > 0 && f.Hear[0]
	if len(f.Hear) > 0 {
		f.Hear = f.Hear[1:]
	}
	return heard, f.log("silence %s %s", silence, timeout)
}

// Asked implements flowexec.Consenter.
func (f *Fake) Asked(action string) {
	_ = f.log("asked %s", action) // it has no error to return
}

// NoticeHeard implements flowexec.Consenter.
func (f *Fake) NoticeHeard(context.Context) bool {
	if f.Unheard == 0 {
		return true
	}
	f.Unheard--
	return false
}

// Answer implements flowexec.Consenter. It works after a hang-up, as the ledger
// does, but not with a context that is over.
func (f *Fake) Answer(ctx context.Context, c flowexec.Consent) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	f.Answers, f.state = append(f.Answers, c), c.State
	return f.log("answer %s", c.State)
}

// Await implements flowexec.Waiter: f runs at once.
func (f *Fake) Await(ctx context.Context, wait func(context.Context) error) error {
	if err := f.over(ctx); err != nil {
		return err
	}
	return wait(ctx)
}

// OnFile implements flowexec.Consenter.
func (f *Fake) OnFile(ctx context.Context, _ string) (bool, error) {
	if err := f.over(ctx); err != nil {
		return false, err
	}
	if f.OnFileAs {
		f.state = policy.StateOnFile
	}
	return f.OnFileAs, f.log("on file")
}

// EnableRecording implements flowexec.Consenter.
func (f *Fake) EnableRecording(ctx context.Context, action string) error {
	if err := f.over(ctx); err != nil {
		return err
	}
	f.Gate, f.Opened = true, f.Opened || f.State().OpensGate()
	return f.log("enable %s", action)
}

func (f *Fake) transfer(ctx context.Context, format string, args ...any) (string, error) {
	if err := f.over(ctx); err != nil {
		return "", err
	}
	if err := f.log(format, args...); err != nil {
		return "", err
	}
	if len(f.Outcomes) == 0 {
		f.gone, f.connected = true, strings.Join(strings.Fields(f.Log[len(f.Log)-1])[:2], " ")
		return "", flowexec.ErrOver
	}
	outcome := f.Outcomes[0]
	f.Outcomes = f.Outcomes[1:]
	return outcome, nil
}

// ToQueue implements flowexec.Router.
func (f *Fake) ToQueue(ctx context.Context, queue string) (string, error) {
	return f.transfer(ctx, "queue %s", queue)
}

// ToNumber implements flowexec.Router.
func (f *Fake) ToNumber(ctx context.Context, number, trunk string, timeout time.Duration) (string, error) {
	return f.transfer(ctx, "number %s %q %s", number, trunk, timeout)
}

// ToStation implements flowexec.Router.
func (f *Fake) ToStation(ctx context.Context, station string, timeout time.Duration) (string, error) {
	return f.transfer(ctx, "station %s %s", station, timeout)
}

// Disconnect implements flowexec.Router.
func (f *Fake) Disconnect(ctx context.Context) error {
	if err := f.over(ctx); err != nil {
		return err
	}
	if err := f.log("disconnect"); err != nil {
		return err
	}
	f.gone, f.Ended = true, true
	return nil
}

// Entered implements flowexec.Observer.
func (f *Fake) Entered(flow, sha256 string) {
	_ = f.log("entered %s", flow) // it has no error to return
}

// Failed implements flowexec.Observer.
func (f *Fake) Failed(flow, action string, err error) {
	_ = f.log("failed %s", action) // it has no error to return
}

// Facts implements flowexec.Caller.
func (f *Fake) Facts() map[string]string { return f.Known }

var _ flowexec.Caller = (*Fake)(nil)
