package gateway

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// world answers probes as it is told, at once.
type world struct {
	mu      sync.Mutex
	answers map[string]Answer
	asked   []string
	changes []string
}

func (w *world) ask(address string, _ time.Duration, done func(Answer)) error {
	w.mu.Lock()
	w.asked = append(w.asked, address)
	a, ok := w.answers[address]
	w.mu.Unlock()
	if !ok {
		return errors.New("no address")
	}
	done(a)
	return nil
}

func (w *world) set(address string, a Answer) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.answers[address] = a
}

func (w *world) changed(trunk string, up bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.changes = append(w.changes, fmt.Sprint(trunk, " ", up))
}

func (w *world) told() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return strings.Join(w.changes, ", ")
}

func (w *world) times(address string) (n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, a := range w.asked {
		if a == address {
			n++
		}
	}
	return n
}

var two = []Config{{Address: "a", Priority: 1, Weight: 1}, {Address: "b", Priority: 2, Weight: 1}}

// watched is a book over two gateways, within synctest's bubble.
func watched(t *testing.T) (*Book, *world) {
	w := &world{answers: map[string]Answer{"a": {Status: 200}, "b": {Status: 404}}}
	b := New(Deps{Ask: w.ask, Changed: w.changed})
	b.Update(map[string]Line{"carrier": {two, Probe{Interval: 10 * time.Second, Timeout: time.Second, Threshold: 3}}})
	b.Start()
	t.Cleanup(b.Close)
	synctest.Wait()
	return b, w
}

func order(b *Book) string {
	var list []string
	for _, g := range b.Order("carrier", two) {
		list = append(list, g.Address)
	}
	return strings.Join(list, " ")
}

func after(d time.Duration) {
	time.Sleep(d) // of the bubble's clock
	synctest.Wait()
}

func TestAGatewayIsDownAfterTheThresholdAndUpAfterOneAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, w := watched(t)
		if order(b) != "a b" || w.told() != "carrier true" {
			t.Fatalf("%s, told %s", order(b), w.told())
		}
		w.set("a", Answer{})
		after(20 * time.Second)
		if order(b) != "a b" {
			t.Error("down after two failures of three")
		}
		after(10 * time.Second)
		if order(b) != "b a" || w.told() != "carrier true" {
			t.Errorf("%s, told %s: the trunk has another gateway", order(b), w.told())
		}
		if s := b.States("carrier"); s[0].Up || !s[1].Up || s[1].Last.Status != 404 {
			t.Errorf("%+v", s)
		}
		w.set("b", Answer{Status: 503})
		after(30 * time.Second)
		if order(b) != "a b" || w.told() != "carrier true, carrier false" {
			t.Errorf("%s, told %s: all are down, and tried all the same", order(b), w.told())
		}
		w.set("b", Answer{Status: 200})
		after(10 * time.Second)
		if order(b) != "b a" || w.told() != "carrier true, carrier false, carrier true" {
			t.Errorf("%s, told %s", order(b), w.told())
		}
	})
}

func TestAGatewayIsAskedOnceAnInterval(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, w := watched(t)
		after(95 * time.Second)
		if n := w.times("a"); n != 10 {
			t.Errorf("asked %d times in 95 s, want 10", n)
		}
		b.Update(map[string]Line{"carrier": {two, Probe{}}})
		after(time.Hour)
		if n := w.times("a"); n != 10 {
			t.Errorf("asked %d times, though nobody wants it any more", n)
		}
	})
}

func TestAGatewayRestsAsLongAsItAsks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, _ := watched(t)
		b.Update(map[string]Line{"carrier": {two, Probe{}}}) // no probe shortens the rest
		b.Failed("carrier", "a", 2*time.Minute)
		b.Failed("carrier", "a", 0) // a shorter one changes nothing
		after(119 * time.Second)
		if order(b) != "b a" {
			t.Error("the rest ended too soon")
		}
		after(time.Second)
		if order(b) != "a b" {
			t.Error("the rest did not end")
		}
		b.Failed("carrier", "a", 0)
		if order(b) != "b a" {
			t.Error("a gateway that was not reached is tried first again")
		}
		b.Reached("carrier", "a")
		if order(b) != "a b" {
			t.Error("a gateway that answers still rests")
		}
		b.Failed("nobody", "a", 0)
		b.Reached("carrier", "nobody")
	})
}

func TestHealthOutlivesAReload(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, w := watched(t)
		w.set("a", Answer{})
		after(30 * time.Second)
		b.Update(map[string]Line{"carrier": {two, DefaultProbe()}, "other": {[]Config{{Address: "c"}}, Probe{}}})
		if order(b) != "b a" || !slices.Equal(b.Trunks(), []string{"carrier", "other"}) {
			t.Error(order(b), b.Trunks())
		}
		b.Update(nil)
		if order(b) != "a b" || b.States("carrier") != nil {
			t.Error("the health of a trunk that is gone counts")
		}
	})
}

func TestAPingAsksAllGatewaysNow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, w := watched(t)
		w.set("b", Answer{Status: 200, RTT: time.Millisecond})
		states, err := b.Ping(t.Context(), "carrier")
		if err != nil || len(states) != 2 || states[1].Last.RTT != time.Millisecond {
			t.Errorf("%+v, %v", states, err)
		}
		if _, err := b.Ping(t.Context(), "nobody"); !errors.Is(err, ErrUnknown) {
			t.Error(err)
		}
		b.deps.Ask = func(string, time.Duration, func(Answer)) error { return nil } // never answers
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := b.Ping(ctx, "carrier"); !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
	})
}

func TestARefusalFailsOverOnlyWhereTheNetworkIsInTrouble(t *testing.T) {
	f := DefaultFailover()
	for _, c := range []struct {
		status, q850 int
		want         bool
	}{
		{503, 0, true}, {500, 0, true}, {408, 0, true}, {503, 34, true}, {480, 41, true}, {503, 31, true},
		{486, 0, false}, {486, 17, false}, {600, 0, false}, {603, 21, false}, {487, 0, false}, {404, 1, false}, {503, 17, false}, {480, 18, false},
	} {
		if f.On(c.status, c.q850) != c.want {
			t.Errorf("%d with cause %d: %v", c.status, c.q850, !c.want)
		}
	}
	if (Failover{}).On(503, 34) || !(Failover{SIP: []int{486}}).On(486, 0) || (Failover{}).On(0, 0) {
		t.Error("the lists are not what counts")
	}
}

func TestWithoutPrioritiesTheListsOrderHolds(t *testing.T) {
	b := New(Deps{})
	list := []Config{{Address: "c", Weight: 10}, {Address: "a", Weight: 10}, {Address: "b", Weight: 10}}
	for range 20 {
		if got := b.Order("x", list); got[0].Address != "c" || got[1].Address != "a" || got[2].Address != "b" {
			t.Fatal(got)
		}
	}
}
