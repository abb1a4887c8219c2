package load

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

const (
	firstRepeat = 500 * time.Millisecond // T1 (RFC 3261 section 17.1.1.1)
	longRepeat  = 4 * time.Second        // T2
)

// dialog is one party's end of its dialog with the service.
type dialog struct {
	id, target, local, remote string
	cseq                      int
}

// Call is one call: a caller, and an agent once the service rings one.
type Call struct {
	// Number is the caller's.
	Number string
	// SetUp is the time from the first INVITE to the 200, less what the agent took
	// in between; it is set once Dial has returned without an error.
	SetUp time.Duration

	g          *Generator
	index      int
	near       dialog        // the caller's
	far        dialog        // the agent's; guarded by g.mu
	calleeTime time.Duration // from the INVITE at the agent to its 200; guarded by g.mu
	branches   int
	responses  [2]chan message
	legs       [2]leg
	bridged    chan struct{}    // closed when the agent has got its ACK
	ended      [2]chan struct{} // closed when the service has hung up on that side
	once       [3]sync.Once
	silent     atomic.Bool // no more audio

	// the pacer's own
	slot  int64
	known [2]bool
}

// Dial places the call and returns once it is answered and acknowledged. talk
// says whether the two parties speak from then on.
func (c *Call) Dial(ctx context.Context, number string, talk bool) error {
	c.near.target = fmt.Sprintf("sip:%s@%s", number, c.g.phones[caller].service)
	c.near.remote = "<" + c.near.target + ">"
	began := time.Now()
	final, err := c.transact(ctx, caller, "INVITE", session(c.g.audio[caller].addr))
	if err != nil {
		return err
	}
	c.g.mu.Lock()
	c.SetUp = final.at.Sub(began) - c.calleeTime
	c.g.mu.Unlock()
	c.near.remote = final.get("To")
	invited := c.near.target
	if final.status() != 200 {
		c.acknowledge(invited)
		return fmt.Errorf("INVITE refused with %s", final.start)
	}
	c.near.target = uriOf(final.get("Contact"))
	c.branches++
	c.acknowledge(c.near.target)
	to, err := audioOf(final.body)
	if err != nil {
		return err
	}
	c.legs[caller].to = to
	if talk {
		c.legs[caller].speak.Store(true)
		c.g.join(c)
	} else {
		c.silent.Store(true)
	}
	return nil
}

// CallerReleased is closed when the service has hung up on the caller.
func (c *Call) CallerReleased() <-chan struct{} { return c.ended[caller] }

// AgentReleased is closed when the service has hung up on the agent.
func (c *Call) AgentReleased() <-chan struct{} { return c.ended[agent] }

// Hangup ends the call from the caller's side.
func (c *Call) Hangup(ctx context.Context) error { return c.bye(ctx, caller) }

// AgentHangup ends it from the agent's side.
func (c *Call) AgentHangup(ctx context.Context) error { return c.bye(ctx, agent) }

func (c *Call) bye(ctx context.Context, who side) error {
	c.silent.Store(true)
	final, err := c.transact(ctx, who, "BYE", "")
	if err == nil && final.status() != 200 {
		err = fmt.Errorf("BYE refused with %s", final.start)
	}
	return err
}

// bridge notes that the agent is connected, and lets it speak.
func (c *Call) bridge() {
	c.once[2].Do(func() {
		c.legs[agent].speak.Store(true)
		close(c.bridged)
	})
}

// over notes that the service has hung up on one side.
func (c *Call) over(s side) {
	c.silent.Store(true)
	c.once[s].Do(func() { close(c.ended[s]) })
}

// dialogOf is a side's dialog; only the side's own requests change it.
func (c *Call) dialogOf(who side) *dialog {
	if who == caller {
		return &c.near
	}
	c.g.mu.Lock()
	defer c.g.mu.Unlock()
	return &c.far
}

// request renders a request of a dialog (RFC 3261 section 12.2.1.1).
func (c *Call) request(d *dialog, who side, method, target, body string) string {
	p := c.g.phones[who]
	return fmt.Sprintf("%[1]s %[2]s SIP/2.0\r\nVia: SIP/2.0/UDP %[3]s;rport;branch=z9hG4bK%[4]s-%[5]d\r\nMax-Forwards: 70\r\n"+
		"From: %[6]s\r\nTo: %[7]s\r\nCall-ID: %[8]s\r\nCSeq: %[9]d %[1]s\r\n",
		method, target, p.addr, strings.ReplaceAll(d.id, "@", ""), c.branches, d.local, d.remote, d.id, d.cseq) + rest(p.uri(), body)
}

func (c *Call) acknowledge(target string) {
	c.g.phones[caller].send(c.request(&c.near, caller, "ACK", target, ""))
}

// transact sends a request, again and again, until its final answer is there.
func (c *Call) transact(ctx context.Context, who side, method, body string) (message, error) {
	d := c.dialogOf(who)
	d.cseq++
	c.branches++
	text := c.request(d, who, method, d.target, body)
	wanted := fmt.Sprintf("%d %s", d.cseq, method)
	wait := firstRepeat
	again := time.NewTimer(wait)
	defer again.Stop()
	c.g.phones[who].send(text)
	for {
		select {
		case m := <-c.responses[who]:
			if m.get("CSeq") == wanted {
				return m, nil
			}
		case <-again.C:
			c.g.repeats.Add(1)
			wait = min(2*wait, longRepeat)
			again.Reset(wait)
			c.g.phones[who].send(text)
		case <-ctx.Done():
			return message{}, fmt.Errorf("%s of %s: %w", method, c.Number, context.Cause(ctx))
		}
	}
}

// respond hands a final answer to the request that waits for it.
func (c *Call) respond(m message) {
	if c == nil || m.status() < 200 {
		return
	}
	who := agent
	if m.get("Call-ID") == c.near.id {
		who = caller
	}
	select {
	case c.responses[who] <- m:
	default: // a repeated answer that nobody waits for
	}
}
