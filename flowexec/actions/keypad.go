package actions

import (
	"context"
	"errors"
	"strings"
	"time"

	"assent/flowexec"
)

const (
	// digits are the keys that make an entry. The others (*, #, A-D) end it, or
	// make it invalid, unless a branch names them.
	digits = "0123456789"
	keys   = digits + "*#ABCD"
)

// result is how an attempt to get an entry ended.
type result uint8

const (
	entered result = iota
	noInput
	invalid
)

// String returns the name of the outcome for what is no entry.
func (r result) String() string { return [...]string{"entered", "no_input", "invalid"}[r] }

// entry is what was pressed in one attempt.
type entry struct {
	result result
	text   string        // without the terminator
	key    *flowexec.Key // the last key; nil for noInput
}

// keypad says which keys make an entry, and how long to wait for them.
type keypad struct {
	low, high  int  // digits
	terminator byte // 0: none
	first      time.Duration
	between    time.Duration
	named      func(text string) bool // whether a branch names it
}

// read collects one entry, beginning with a key that was typed ahead if there
// is one.
func (k keypad) read(ctx context.Context, r *flowexec.Run, ahead *flowexec.Key) (entry, error) {
	var e entry
	wait, broken := k.first, false
	for {
		key, err := k.next(ctx, r, ahead, wait)
		switch {
		case errors.Is(err, flowexec.ErrTimeout):
			return k.expired(e, broken), nil
		case err != nil:
			return entry{result: noInput}, err
		}
		ahead, wait = nil, k.between
		e.key = &key
		if key.Digit == k.terminator {
			return k.terminated(e, broken), nil
		}
		e.text += string(key.Digit)
		if strings.IndexByte(digits, key.Digit) < 0 {
			if k.named(e.text) {
				return e, nil
			}
			broken = true
		}
		if len(e.text) >= k.high {
			return judge(e, !broken), nil
		}
	}
}

func (k keypad) next(ctx context.Context, r *flowexec.Run, ahead *flowexec.Key, wait time.Duration) (flowexec.Key, error) {
	if ahead != nil {
		return *ahead, nil
	}
	return r.Digit(ctx, wait)
}

// expired is the entry when no further key came.
func (k keypad) expired(e entry, broken bool) entry {
	if e.key == nil {
		e.result = noInput
		return e
	}
	return judge(e, !broken && len(e.text) >= k.low)
}

// terminated is the entry that the terminator ended. Alone it is one if a branch
// names it.
func (k keypad) terminated(e entry, broken bool) entry {
	if alone := string(k.terminator); e.text == "" && k.named(alone) {
		e.text = alone
		return e
	}
	return judge(e, !broken && len(e.text) >= k.low)
}

func judge(e entry, good bool) entry {
	e.result = invalid
	if good {
		e.result = entered
	}
	return e
}
