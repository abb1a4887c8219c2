package call

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func TestMailboxKeepsOrderAndIsBounded(t *testing.T) {
	m := newMailbox()
	var got []int
	for i := range maxMail + 10 {
		m.post(func() { got = append(got, i) })
	}
	m.serve()
	if len(got) != maxMail || !slices.IsSorted(got) {
		t.Errorf("%d messages, sorted %v; want the first %d in order", len(got), slices.IsSorted(got), maxMail)
	}
	if dropped := m.close(); dropped != 10 {
		t.Errorf("%d dropped, want 10", dropped)
	}
}

func TestMailboxNeverDropsWhatComesOnce(t *testing.T) {
	m := newMailbox()
	for range maxMail + 1 {
		m.post(func() {})
	}
	served := false
	m.postSure(func() { served = true })
	m.serve()
	if !served {
		t.Error("a full box dropped the end of a dialog")
	}
}

func TestMailboxTakesNothingAfterItsEnd(t *testing.T) {
	m := newMailbox()
	m.post(func() { t.Error("served what was waiting at the end") })
	m.close()
	m.post(func() { t.Error("served what came after the end") })
	m.postSure(func() { t.Error("served what came after the end") })
	m.serve()
}

func TestMailboxServesWhatItsMessagesPost(t *testing.T) {
	m := newMailbox()
	second := false
	m.post(func() { m.post(func() { second = true }) })
	m.serve()
	if !second {
		t.Error("a message that a message posted was left")
	}
}

func TestMailboxIsSafeFromAnywhere(t *testing.T) {
	m := newMailbox()
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 50 {
				m.post(func() {})
			}
		})
	}
	for range 20 {
		m.serve()
	}
	wg.Wait()
	m.serve()
	m.close()
}

// waiting returns a call that can only wait, and its context.
func waiting(t *testing.T) (*Call, context.Context) {
	t.Helper()
	ctx, cancel := context.WithCancelCause(t.Context())
	return &Call{mail: newMailbox(), cancel: cancel}, ctx
}

func TestWaitEndsWithItsConditionItsTimeoutOrTheCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, ctx := waiting(t)
		done := false
		time.AfterFunc(time.Second, func() { c.mail.post(func() { done = true }) })
		if ok, err := c.wait(ctx, time.Minute, func() bool { return done }); !ok || err != nil {
			t.Errorf("got %v, %v; want the condition", ok, err)
		}
		if ok, err := c.wait(ctx, time.Minute, never); ok || err != nil {
			t.Errorf("got %v, %v; want the timeout", ok, err)
		}
		time.AfterFunc(time.Second, func() { c.mail.post(func() { c.cancel(ErrCallerLeft) }) })
		if ok, err := c.wait(ctx, 0, never); ok || !errors.Is(err, ErrCallerLeft) {
			t.Errorf("got %v, %v; want the call's end", ok, err)
		}
	})
}

// A hangup that was posted before the prompts had drained is never passed over,
// however late the call wakes: what it waited for is there too by then.
func TestHangupBeforeTheDrainIsOverWins(t *testing.T) {
	for range 200 {
		c, ctx := waiting(t)
		drained := make(chan struct{})
		looked := false
		_, got, err := await(ctx, c, drained, func() bool {
			if !looked { // between the look into the mailbox and the wait
				looked = true
				c.mail.post(func() { c.cancel(ErrCallerLeft) })
				close(drained)
			}
			return false
		})
		if got || !errors.Is(err, ErrCallerLeft) {
			t.Fatalf("got %v, %v; want the hangup", got, err)
		}
	}
}
