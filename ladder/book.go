package ladder

import (
	"container/list"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"
)

// Config is the part `sip.trace` of the configuration.
type Config struct {
	// Calls is of how many calls the messages are kept, running ones included; 0 keeps none.
	Calls int `yaml:"calls"`
	// Bytes is how much is kept of each call.
	Bytes int `yaml:"bytes"`
}

// Default keeps a thousand calls with room for transfers and long lists of codecs: 32 MiB at most.
func Default() Config { return Config{Calls: 1000, Bytes: 32 << 10} }

// Bounds of the configuration.
const (
	maxCalls = 100_000
	minBytes = 4 << 10
	maxBytes = 1 << 20
	maxTotal = 4 << 30
)

// Validate returns what is wrong with the configuration, and what would be right.
func (c Config) Validate() error {
	switch {
	case c.Calls < 0 || c.Calls > maxCalls:
		return fmt.Errorf("calls: %d is out of bounds; use 0 to %d", c.Calls, maxCalls)
	case c.Bytes < minBytes || c.Bytes > maxBytes:
		return fmt.Errorf("bytes: %d is out of bounds; use %d to %d", c.Bytes, minBytes, maxBytes)
	case c.Calls*c.Bytes > maxTotal:
		return fmt.Errorf("bytes: %d for each of %d calls may come to %d GiB; use less of either", c.Bytes, c.Calls, c.Calls*c.Bytes>>30)
	}
	return nil
}

// Said is a message on the wire.
type Said struct {
	At      time.Time
	Sent    bool   // by us
	Network string // UDP, TCP, TLS
	Peer    netip.AddrPort
	Dialog  string // its Call-ID
	Opens   bool   // it may begin a dialog: an INVITE without a To tag
	Asks    bool   // it may begin one, if its sender turns out to be who it says
	Bytes   []byte // borrowed
}

// Book keeps messages, safe for concurrent use. A nil Book keeps nothing.
type Book struct {
	cfg Config // set once

	// shared, guarded by mu
	mu       sync.Mutex
	byDialog map[string]*talk
	byCall   map[string]*talk
	order    *list.List // of *talk, the oldest first
	asking   [maxAsking]entry
	asked    int // how many have been
}

// maxAsking is how many messages wait for a call that is not one yet: strangers can't push out what is kept of calls.
const maxAsking = 64

// talk is what was said in one call.
type talk struct {
	place   *list.Element
	calls   []string // its id; several where they share a Call-ID
	dialogs []Dialog
	said    []entry
	bytes   int
	head    int // how many messages of its beginning are kept for ever
	omitted int
}

// entry is one message that is kept.
type entry struct {
	Said
	text string
	cut  bool // text is not all of it
}

const (
	// entryBytes is what a message takes beside its text.
	entryBytes = 160
	// maxDialogs bounds the legs of a call that are told apart.
	maxDialogs = 64
)

// New makes a book; without calls to keep there is none.
func New(cfg Config) *Book {
	if cfg.Calls <= 0 {
		return nil
	}
	return &Book{cfg: cfg, byDialog: map[string]*talk{}, byCall: map[string]*talk{}, order: list.New()}
}

// Add keeps a message, if it belongs to a call or begins one.
func (b *Book) Add(s Said) {
	if b == nil {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	t := b.byDialog[s.Dialog]
	if t == nil {
		if s.Asks {
			b.asking[b.asked%maxAsking] = b.entry(s)
			b.asked++
		}
		if !s.Opens {
			return
		}
		t = b.open()
		b.enter(t, s.Dialog)
	}
	b.append(t, b.entry(s))
}

// Join tells that a dialog is a leg of a call, before or after its first message.
func (b *Book) Join(call, leg, dialog string) {
	if b == nil {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	t, own := b.byCall[call], b.byDialog[dialog]
	switch {
	case t == nil && own == nil:
		t = b.open()
	case t == nil:
		t = own
	case own != nil && own != t && len(own.calls) == 0:
		b.merge(t, own)
	}
	if b.byCall[call] == nil {
		b.byCall[call] = t
		t.calls = append(t.calls, call)
	}
	b.enter(t, dialog)
	for i, e := range b.asking {
		if own == nil && e.Dialog == dialog {
			b.append(t, e)
			b.asking[i] = entry{}
		}
	}
	for i := range t.dialogs {
		if t.dialogs[i].CallID == dialog {
			t.dialogs[i].Leg = leg
		}
	}
}

// open begins a talk, for which the oldest is forgotten where there are too many. It needs mu.
func (b *Book) open() *talk {
	if b.order.Len() >= b.cfg.Calls {
		if oldest, ok := b.order.Front().Value.(*talk); ok {
			b.forget(oldest)
		}
	}
	t := &talk{}
	t.place = b.order.PushBack(t)
	return t
}

// enter makes a dialog one of the talk's, unless it is another's. It needs mu.
func (b *Book) enter(t *talk, dialog string) {
	if b.byDialog[dialog] == nil && len(t.dialogs) < maxDialogs {
		b.byDialog[dialog] = t
		t.dialogs = append(t.dialogs, Dialog{CallID: dialog})
	}
}

// forget needs mu.
func (b *Book) forget(t *talk) {
	b.order.Remove(t.place)
	for _, call := range t.calls {
		delete(b.byCall, call)
	}
	for _, d := range t.dialogs {
		delete(b.byDialog, d.CallID)
	}
}

// merge moves what was said before it was known to be of the same call. It needs mu.
func (b *Book) merge(t, other *talk) {
	b.forget(other)
	for _, d := range other.dialogs {
		b.enter(t, d.CallID)
	}
	for _, e := range other.said {
		b.append(t, e)
	}
}

// entry copies a message, without what nobody may see.
func (b *Book) entry(s Said) entry {
	e := entry{Said: s}
	most := b.cfg.Bytes / 4
	e.cut = len(s.Bytes) > most
	e.text, e.Bytes = conceal(s.Bytes[:min(len(s.Bytes), most)]), nil
	return e
}

// append adds a message; of a call that says too much the middle is left out, so that its begin and its end are there.
func (b *Book) append(t *talk, e entry) {
	t.said = append(t.said, e)
	t.bytes += len(e.text) + entryBytes
	if t.bytes <= b.cfg.Bytes/2 {
		t.head = len(t.said)
	}
	for t.bytes > b.cfg.Bytes && t.head < len(t.said)-1 {
		t.bytes -= len(t.said[t.head].text) + entryBytes
		t.said = slices.Delete(t.said, t.head, t.head+1)
		t.omitted++
	}
}

// Forget lets go of every call in which a number stands.
func (b *Book) Forget(number string) {
	number = strings.TrimPrefix(number, "+")
	if b == nil || len(number) < minFound {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for e := b.order.Front(); e != nil; {
		t, ok := e.Value.(*talk)
		e = e.Next()
		if ok && slices.ContainsFunc(t.said, func(said entry) bool { return strings.Contains(said.text, number) }) {
			b.forget(t)
		}
	}
}

// Find returns what was said in a call, by its id or by the Call-ID of one of its legs.
func (b *Book) Find(id string) (Trace, bool) {
	if b == nil {
		return Trace{}, false
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	t := b.byCall[id]
	if t == nil {
		t = b.byDialog[id]
	}
	if t == nil {
		return Trace{}, false
	}
	return t.trace(), true
}
