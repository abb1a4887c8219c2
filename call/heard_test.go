package call_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"assent/call"
	"assent/demo/phone"
	"assent/event"
	"assent/policy"
	"assent/store"
)

// slowBook lets the decision at the bridge wait.
type slowBook struct {
	call.Store
	asked, answer chan struct{}
}

// PutDecision implements call.Store.
func (b slowBook) PutDecision(ctx context.Context, id string, at time.Time, trigger string, d policy.Decision) error {
	if trigger == "bridged" {
		close(b.asked)
		<-b.answer
	}
	return b.Store.PutDecision(ctx, id, at, trigger, d)
}

func TestThePartiesHearEachOtherOnlyOnceTheRecorderListens(t *testing.T) {
	t.Parallel()
	asked, answer := make(chan struct{}), make(chan struct{})
	release := sync.OnceFunc(func() { close(answer) })
	defer release()
	n := start(t, plan{flow: queueTasks, store: func(s *store.Store) call.Store { return slowBook{s, asked, answer} }})
	c := n.dial(phone.Options{Voice: phone.Tone(700, -16)})
	far := n.talk()
	<-asked
	sent := len(c.Sent())
	n.until("half a second of the caller's", func() bool { return len(c.Sent()) > sent+25 })
	if heard := len(far.Packets()); heard > 0 {
		t.Errorf("the agent heard %d packets that no recorder did", heard)
	}
	release()
	n.until("the caller at the agent's", func() bool { return len(far.Packets()) > 0 })
	n.saw(event.CallBridged)
	n.hangup(c)
	n.record()
}
