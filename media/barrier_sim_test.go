package media

import (
	"math/rand/v2"
	"testing"
	"time"
)

// What is said before the key is positive and different in every frame; what is said after it is negative. µ-law keeps
// the sign in its top bit, so that one sample betrays which of the two it was.

// before returns frame n of a call, from before its key.
func before(call, n int) []byte {
	frame := make([]byte, 160)
	for i := range frame {
		frame[i] = 0x80 | byte((call*31+n*7+i*(n%5+1))%0x70)
	}
	return frame
}

// after is a byte of what is said after the key.
const after = 0x20

func TestNoSampleFromBeforeTheKeyReachesTheRecorderInAThousandCalls(t *testing.T) {
	samples := 0
	for call := range 1000 {
		samples += simulateConsent(t, call)
		if t.Failed() {
			return
		}
	}
	if least := 1000 * 8000 * 2; samples < least {
		t.Errorf("%d samples recorded; more than %d were said after the keys", samples, least)
	}
}

// consentCall is one simulated call: two seconds of talk, a consent, four seconds of talk.
type consentCall struct {
	*world
	net    *network
	number int
	caller *leg
	agent  *leg
	peer   *peer
	sink   *memory
	drain  time.Duration // between the key and the action
}

func simulateConsent(t *testing.T, number int) int {
	t.Helper()
	w := newWorld(uint64(number))
	random := rand.New(rand.NewPCG(uint64(number), 1))
	c := &consentCall{
		world: w, net: &network{random: random}, number: number, sink: &memory{},
		caller: w.leg("caller", callerAddr), agent: w.leg("agent", agentAddr),
		peer: &peer{ssrc: random.Uint32(), seq: uint16(random.Uint32()), ts: random.Uint32()},
	}
	if number%2 == 1 {
		c.drain = time.Duration(random.Int64N(int64(2 * time.Second)))
	}
	c.core.notify = c.onNotice
	c.script(random)
	c.net.deliver(w)
	for i, sample := range c.sink.channel[0] {
		if c.sink.placed[0][i] && sample > 0 {
			t.Errorf("call %d: sample %d is from before the key: %d", number, i, sample)
			return 0
		}
	}
	return len(c.sink.channel[0])
}

// script puts the call's packets on their way. Three calls in four consent by a telephone event, the others by SIP INFO
// or by the consent store. In a tenth of them the SSRC changes at the key, in as many a little before it.
func (c *consentCall) script(random *rand.Rand) {
	changeAt := -1
	switch c.number % 10 {
	case 3:
		changeAt = 100
	case 6:
		changeAt = 97
	}
	for n := range 100 {
		if n == changeAt {
			c.renumber(random)
		}
		c.net.send(time.Duration(n)*20*time.Millisecond, c.caller, c.peer.say(before(c.number, n)))
	}
	at := 2 * time.Second
	switch c.number % 4 {
	case 0:
		c.net.flights = append(c.net.flights, flight{at: at, do: func() { c.caller.inject('1', MethodInfo) }})
	case 1:
		c.drain = 0
		c.net.flights = append(c.net.flights, flight{at: at, do: func() { c.consent(nil) }})
	default:
		for i, packet := range c.peer.press(1, 5) {
			c.net.send(at+time.Duration(i)*20*time.Millisecond, c.caller, packet)
		}
		at += 100 * time.Millisecond
	}
	if changeAt == 100 {
		c.renumber(random)
	}
	for n := range 200 {
		c.net.send(at+time.Duration(n)*20*time.Millisecond, c.caller, c.peer.say(frameOf(after)))
	}
}

// renumber makes the caller a sender of another SSRC, as a transfer on the far side does.
func (c *consentCall) renumber(random *rand.Rand) {
	*c.peer = peer{ssrc: random.Uint32(), seq: uint16(random.Uint32()), ts: random.Uint32()}
}

func (c *consentCall) onNotice(n Notice) {
	if d, ok := n.(DigitNotice); ok {
		c.net.later(c.at+c.drain-time.Second, func() { c.consent(&d.Digit) })
	}
}

// consent is the action: the cut, and a recording at once.
func (c *consentCall) consent(key *Digit) {
	if len(c.taps) == 0 {
		c.record(c.caller, c.agent, c.sink, c.cut(key).Permit())
	}
}
