package sip

import (
	"runtime/debug"
	"sync/atomic"
	"time"

	"go.uber.org/zap"
)

// note is a class of log lines that strangers or broken peers can cause, each limited to maxNotes a second.
type note int

const (
	noteParse note = iota
	noteRead
	noteSend
	notePanic
	noteAuth
	noteCount
)

const maxNotes = 10

// notes is a logger that no flood of messages can flood. It never logs a message's bytes.
type notes struct {
	log     *zap.Logger
	windows [noteCount]window
}

// window counts the lines of one second; a lost race costs a line or prints one more.
type window struct {
	second  atomic.Int64
	lines   atomic.Int64
	dropped atomic.Int64
}

// quiet logs a warning, unless its class had its share of this second.
func (n *notes) quiet(class note, msg string, err error, more ...zap.Field) {
	w := &n.windows[class]
	if now := time.Now().Unix(); w.second.Swap(now) != now {
		w.lines.Store(0)
	}
	if w.lines.Add(1) > maxNotes {
		w.dropped.Add(1)
		return
	}
	n.log.Warn(msg, append(more, zap.Error(err), zap.Int64("suppressed", w.dropped.Swap(0)))...)
}

// guard recovers from a panic, when deferred; then it calls after, if given. The stack is logged, no message.
func (e *Endpoint) guard(where string, after func()) {
	r := recover()
	if r == nil {
		return
	}
	e.stats.panics.Add(1)
	w := &e.log.windows[notePanic]
	if now := time.Now().Unix(); w.second.Swap(now) != now {
		w.lines.Store(0)
	}
	if w.lines.Add(1) <= maxNotes {
		e.log.log.Error("sip: recovered from a panic", zap.String("where", where), zap.ByteString("stack", debug.Stack()))
	}
	if after != nil {
		defer e.guard(where+" clean-up", nil)
		after()
	}
}
