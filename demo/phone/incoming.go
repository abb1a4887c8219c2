package phone

import (
	"fmt"
	"strings"
	"time"
)

// ring rings a call that came in, then does what the answer says.
func (c *Call) ring(a Answer) {
	c.respond(c.invite, 100, "Trying", nil, "")
	c.respond(c.invite, 180, "Ringing", []string{c.contact()}, "")
	if a.Early {
		c.early(a)
	}
	if a.Status == 0 {
		return
	}
	select {
	case <-time.After(a.After):
	case <-c.ended: // cancelled
		return
	}
	switch {
	case a.Status >= 300:
		var more []string
		if a.Contact != "" {
			more = append(more, "Contact: <"+a.Contact+">")
		}
		c.respond(c.invite, a.Status, "Refused", more, "")
		c.over()
	default:
		c.accept(a)
	}
}

// early lets the caller hear audio before the answer.
func (c *Call) early(a Answer) {
	c.codec(a.Codec)
	c.Say(a.Voice)
	if c.hearFrom(c.invite.body) != nil {
		return // accept refuses it
	}
	c.respond(c.invite, 183, "Session Progress", []string{c.contact()}, c.sdp("sendrecv"))
	c.start()
}

// accept answers with 200 until the ACK is there.
func (c *Call) accept(a Answer) {
	c.codec(a.Codec)
	c.lend(a.Coder)
	c.Encrypt(a.Crypto)
	c.Say(a.Voice)
	if err := c.hearFrom(c.invite.body); err != nil {
		c.respond(c.invite, 488, "Not Acceptable Here", nil, "")
		c.over()
		return
	}
	c.start()
	again := time.NewTicker(repeat)
	defer again.Stop()
	for range 20 {
		c.respond(c.invite, 200, "OK", []string{c.contact()}, c.sdp("sendrecv"))
		select {
		case <-c.acked:
			if c.phone.OnAnswered != nil {
				c.phone.OnAnswered(c)
			}
			return
		case <-c.ended:
			return
		case <-again.C:
		}
	}
}

func (c *Call) contact() string { return "Contact: <" + c.phone.URI() + ">" }

func (c *Call) respond(m message, status int, reason string, more []string, sdp string) {
	c.phone.send(m.reply(status, reason, c.tag, more, sdp), c.peer)
}

// onRequest serves a request inside the call.
func (c *Call) onRequest(m message) {
	switch m.method() {
	case "ACK":
		c.mu.Lock()
		select {
		case <-c.acked:
		default:
			close(c.acked)
		}
		c.mu.Unlock()
	case "BYE":
		c.endedBy("BYE")
		c.respond(m, 200, "OK", nil, "")
		c.over()
	case "CANCEL":
		c.respond(m, 200, "OK", nil, "")
		c.endedBy("CANCEL")
		c.respond(c.invite, 487, "Request Terminated", nil, "")
		c.over()
	case "INVITE":
		c.reinvited(m)
	case "NOTIFY":
		c.mu.Lock()
		c.notified = append(c.notified, strings.TrimSpace(m.body))
		c.mu.Unlock()
		c.respond(m, 200, "OK", nil, "")
	default:
		c.respond(m, 200, "OK", nil, "")
	}
}

func (c *Call) endedBy(method string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.byPeer == "" {
		c.byPeer = method
	}
}

// reinvited answers a re-INVITE, or a repeated INVITE that has not been answered yet.
func (c *Call) reinvited(m message) {
	if m.get("cseq") == c.invite.get("cseq") && c.incoming {
		return // ring and accept repeat their own answers
	}
	direction := "sendrecv"
	c.respond(m, 200, "OK", []string{c.contact()}, c.sdp(direction))
	if m.body != "" {
		_ = c.hearFrom(m.body) // a bad address leaves the old one
	}
}

// String names the call in a test's messages.
func (c *Call) String() string { return fmt.Sprintf("call %s of %s", c.id, c.phone.User) }
