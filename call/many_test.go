package call_test

import (
	"sync"
	"testing"

	"assent/demo/phone"
	"assent/event"
)

func TestInviteWithoutAnOfferGetsOursAndTalks(t *testing.T) {
	t.Parallel()
	n := start(t, plan{flow: queueTasks})
	c := n.dial(phone.Options{NoOffer: true, Voice: phone.Tone(700, -16)})
	far := n.talk()
	n.until("the caller's voice", func() bool { return phone.Level(far.Heard(), 700) > -22 })
	n.hangup(c)
	n.wantEnding(ended("caller", 200, 16, "bye"))
}

func TestManyCallsLeaveNothingBehind(t *testing.T) {
	t.Parallel()
	n := start(t, plan{flow: queueTasks})
	const callers = 8
	var wg sync.WaitGroup
	calls := make([]*phone.Call, callers)
	for i := range calls {
		wg.Go(func() { calls[i], _ = n.tryDial(calledNumber, phone.Options{}) })
	}
	wg.Wait()
	n.until("everybody to talk", func() bool { return len(n.all(event.CallBridged)) == callers })
	for _, c := range calls {
		n.hangup(c)
	}
	ids := map[string]bool{}
	for _, c := range n.records(callers) {
		ids[c.ID] = true
	}
	if len(ids) != callers {
		t.Errorf("%d ids for %d calls", len(ids), callers)
	}
	if used := n.media.Stats().PortsInUse; used != 0 {
		t.Errorf("%d ports are in use after the last call", used)
	}
	n.until("every dialog to end", func() bool { return n.sip.Stats().Legs == 0 })
}
