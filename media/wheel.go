package media

import (
	"math/bits"
	"time"
)

const (
	// wheelSlot is how exactly the wheel knows the time; half of it is the mean lateness of a prompt's packet.
	wheelSlot = 2 * time.Millisecond
	// wheelSlots times wheelSlot is how far the wheel sees, four seconds; what is later turns round with it.
	wheelSlots = 2048
)

// timer is one session's place in a wheel.
type timer struct {
	due        time.Duration
	slot       int // -1: not in the wheel
	prev, next *timer
	session    *Session
}

// wheel keeps when sessions want a tick. All its steps take the same time however many there are; it allocates nothing.
type wheel struct {
	now    int64 // the slot that was reached, counted from the start
	slots  [wheelSlots]timer
	filled [wheelSlots / 64]uint64 // bit set: the slot holds a timer
}

func newWheel() *wheel {
	w := &wheel{}
	for i := range w.slots {
		head := &w.slots[i]
		head.prev, head.next = head, head
	}
	return w
}

// set moves a timer to due; 0 takes it out.
func (w *wheel) set(t *timer, due time.Duration) {
	if t.slot >= 0 && t.due == due {
		return
	}
	w.remove(t)
	t.due = due
	if due == 0 {
		return
	}
	at := int64((due + wheelSlot - 1) / wheelSlot)
	at = min(max(at, w.now+1), w.now+wheelSlots-1)
	t.slot = int(at % wheelSlots)
	head := &w.slots[t.slot]
	t.prev, t.next = head.prev, head
	head.prev.next, head.prev = t, t
	w.filled[t.slot/64] |= 1 << (t.slot % 64)
}

func (w *wheel) remove(t *timer) {
	if t.slot < 0 {
		return
	}
	t.prev.next, t.next.prev = t.next, t.prev
	if head := &w.slots[t.slot]; head.next == head {
		w.filled[t.slot/64] &^= 1 << (t.slot % 64)
	}
	t.slot, t.prev, t.next = -1, nil, nil
}

// pop takes out a timer of a slot up to now, and false if there is none left. Its due may lie further ahead than the
// wheel sees; the caller sets it again.
func (w *wheel) pop(now time.Duration) (*timer, bool) {
	target := int64(now / wheelSlot)
	ahead := w.ahead()
	if ahead < 0 || w.now+ahead > target {
		w.now = max(w.now, target)
		return nil, false
	}
	w.now += ahead
	t := w.slots[w.now%wheelSlots].next
	w.remove(t)
	return t, true
}

// ahead returns how many slots lie before the next filled one, from the present one on; -1 if all are empty.
func (w *wheel) ahead() int64 {
	start := int(w.now % wheelSlots)
	for i := 0; i <= len(w.filled); i++ {
		word := (start/64 + i) % len(w.filled)
		b := w.filled[word]
		if i == 0 {
			b &= ^uint64(0) << (start % 64)
		}
		if b != 0 {
			at := word*64 + bits.TrailingZeros64(b)
			return int64((at - start + wheelSlots) % wheelSlots)
		}
	}
	return -1
}

// wait returns how long nothing is due after now, and false if nothing ever is.
func (w *wheel) wait(now time.Duration) (time.Duration, bool) {
	ahead := w.ahead()
	if ahead < 0 {
		return 0, false
	}
	return max(time.Duration(w.now+ahead)*wheelSlot-now, 0), true
}
