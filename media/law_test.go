package media

import (
	"testing"

	"assent/media/codec"
)

// keeper is a sink that keeps G.711.
type keeper struct{ memory }

func (*keeper) KeepsG711() bool { return true }

func TestASinkThatKeepsG711GetsEveryByteThatCame(t *testing.T) {
	w := newWorld(1)
	caller, agent := w.leg("caller", callerAddr), w.leg("agent", agentAddr)
	sink := &keeper{}
	w.record(caller, agent, sink, Permit{core: w.core})
	p, sent := &peer{ssrc: 5}, []byte(nil)
	for i := range 4 {
		payload := make([]byte, 160)
		for j := range payload {
			payload[j] = byte(i*160 + j)
		}
		sent = append(sent, payload...)
		w.core.receive(w.clock, caller, portRTP, callerAddr, p.say(payload))
	}
	if len(sink.channel[0]) != len(sent) {
		t.Fatalf("%d samples of %d", len(sink.channel[0]), len(sent))
	}
	for i, sample := range sink.channel[0] {
		if got := codec.EncodeULaw(sample); got != sent[i] {
			t.Fatalf("byte %d: %#x came, %#x is kept", i, sent[i], got)
		}
	}
}
