package phone

import (
	"context"
	"net/netip"
	"testing"
	"time"

	"go.uber.org/goleak"
)

var loopback = netip.MustParseAddr("127.0.0.1")

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestTwoPhonesTalkAndHearEachOther(t *testing.T) {
	caller, agent := open(t, "caller"), open(t, "agent")
	answered := make(chan *Call, 1)
	agent.OnCall = func(*Call) Answer { return Answer{Status: 200, Codec: "PCMA", Voice: Tone(1000, -10)} }
	agent.OnAnswered = func(c *Call) { answered <- c }
	caller.Start()
	agent.Start()
	ctx, done := context.WithTimeout(t.Context(), 10*time.Second)
	defer done()

	call, err := caller.Dial(ctx, agent.Addr(), "agent", Options{Codec: "PCMA", Voice: Tone(500, -10)})
	if err != nil {
		t.Fatal(err)
	}
	far := <-answered
	waitFor(t, func() bool { return len(call.Heard()) > 4000 && len(far.Heard()) > 4000 })
	if err := call.Hangup(ctx); err != nil {
		t.Fatal(err)
	}
	<-far.Ended()
	if got := Level(call.Heard(), 1000); got < -12 || got > -8 {
		t.Errorf("the caller heard 1000 Hz at %.1f dB, want -10", got)
	}
	if got := Level(far.Heard(), 1000); got > -40 {
		t.Errorf("the agent heard its own tone at %.1f dB", got)
	}
	if far.EndedBy() != "BYE" {
		t.Errorf("ended by %q, want BYE", far.EndedBy())
	}
}

func TestARefusalIsAnErrorWithItsStatus(t *testing.T) {
	caller, agent := open(t, "caller"), open(t, "agent")
	agent.OnCall = func(*Call) Answer { return Answer{Status: 486} }
	caller.Start()
	agent.Start()
	call, err := caller.Dial(t.Context(), agent.Addr(), "agent", Options{})
	if err == nil || call.Status() != 486 {
		t.Fatalf("error %v, status %d; want 486", err, call.Status())
	}
}

func TestG711KeepsEveryCodeword(t *testing.T) {
	for _, pt := range []uint8{ptPCMU, ptPCMA} {
		for b := range 256 {
			sample := decode(pt, []byte{byte(b)})
			if got := decode(pt, encode(pt, sample)); got[0] != sample[0] {
				t.Errorf("payload type %d, codeword %#x: %d became %d", pt, b, sample[0], got[0])
			}
		}
	}
}

func open(t *testing.T, user string) *Phone {
	t.Helper()
	p, err := New(loopback, user)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	return p
}

func waitFor(t *testing.T, ready func() bool) {
	t.Helper()
	deadline := time.Now().Add(10 * time.Second)
	for !ready() {
		if time.Now().After(deadline) {
			t.Fatal("waited for 10 s in vain")
		}
		time.Sleep(5 * time.Millisecond) // real sockets have no clock to drive
	}
}
