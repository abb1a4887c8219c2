package phone

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"
)

// repeat is how often an unanswered request is sent again (T1, RFC 3261
// section 17.1.1.1, without the doubling: the network is clean).
const repeat = 500 * time.Millisecond

// Call is one call of a phone.
type Call struct {
	// Audio is the call's voice and ears.
	*Audio

	phone    *Phone
	id, tag  string
	peer     netip.AddrPort // where signalling goes
	incoming bool
	invite   message // the INVITE of an incoming call

	mu        sync.Mutex
	target    string // the other side's Contact
	local     string // our From, or To, with our tag
	remote    string
	cseq      int
	responses chan message // final answers to our requests
	acked     chan struct{}
	ended     chan struct{}
	byPeer    string // the method that ended it: BYE or CANCEL
	status    int    // the final answer to our INVITE
	branch    string // of our INVITE
	requestTo string // our INVITE's Request-URI
	noAck     bool
	notified  []string // what NOTIFY said of our REFER
}

// Options of an outgoing call; the zero value is a good caller.
type Options struct {
	Codec   string   // PCMU or PCMA
	Coder   *Coder   // another codec; nil for none
	NoAck   bool     // never acknowledge the 200
	NoOffer bool     // INVITE without SDP
	Headers []string // more headers of the INVITE, such as "Privacy: id"
	Display string
	Login   Login // what a challenge is answered with
	Voice   Voice
	Crypto  string // the suite that audio is encrypted with, SRTPSHA1 or SRTPGCM; "" for plain
}

func (p *Phone) newCall(id string, peer netip.AddrPort) (*Call, error) {
	audio, err := newAudio(p.addr.Addr())
	if err != nil {
		return nil, err
	}
	audio.network = p.Network
	return &Call{Audio: audio, phone: p, id: id, tag: token(), peer: peer, cseq: 1,
		responses: make(chan message, 16), acked: make(chan struct{}), ended: make(chan struct{})}, nil
}

// Dial calls number at peer and returns once it is answered. A refusal is an
// error that names the status; the call it returns then is over.
func (p *Phone) Dial(ctx context.Context, peer netip.AddrPort, number string, o Options) (*Call, error) {
	c, err := p.newCall(token()+"@phone", peer)
	if err != nil {
		return nil, err
	}
	c.noAck = o.NoAck
	c.codec(o.Codec)
	c.lend(o.Coder)
	c.Encrypt(o.Crypto)
	c.Say(o.Voice)
	c.requestTo = fmt.Sprintf("sip:%s@%s", number, peer)
	c.target = c.requestTo
	c.local = fmt.Sprintf("%q <%s>;tag=%s", o.Display, p.URI(), c.tag)
	c.remote = "<" + c.requestTo + ">"
	c.branch = "z9hG4bK" + token()
	p.keep(c)
	offer := c.sdp("sendrecv")
	if o.NoOffer {
		offer = ""
	}
	final, err := c.transact(ctx, c.request("INVITE", c.branch, o.Headers, offer))
	if err == nil && final.status() == 401 && o.Login.User != "" {
		final, err = c.prove(ctx, final, o, offer)
	}
	if err != nil {
		c.over()
		return c, err
	}
	return c, c.answered(ctx, final, o.NoOffer)
}

// prove places a call that was challenged once more, with credentials.
func (c *Call) prove(ctx context.Context, challenge message, o Options, offer string) (message, error) {
	proof, err := o.Login.proof(challenge.all("www-authenticate"), "INVITE", c.requestTo)
	if err != nil {
		return message{}, err
	}
	to := c.remote
	c.remote = challenge.get("to")
	c.ack(c.branch, c.requestTo, "")
	c.remote, c.branch = to, "z9hG4bK"+token()
	c.cseq++
	return c.transact(ctx, c.request("INVITE", c.branch, append(o.Headers, "Authorization: "+proof), offer))
}

// answered acknowledges the final answer to our INVITE and opens the audio.
func (c *Call) answered(ctx context.Context, final message, offered bool) error {
	c.mu.Lock()
	c.status = final.status()
	c.remote = final.get("to")
	if contact := final.get("contact"); contact != "" {
		c.target = uriOf(contact)
	}
	c.mu.Unlock()
	if final.status() >= 300 {
		c.ack(c.branch, c.requestTo, "")
		c.over()
		return fmt.Errorf("refused with %s", strings.TrimPrefix(final.start, "SIP/2.0 "))
	}
	if err := c.hearFrom(final.body); err != nil {
		return err
	}
	if !c.noAck {
		answer := ""
		if offered {
			answer = c.sdp("sendrecv")
		}
		c.ack("z9hG4bK"+token(), c.target, answer)
	}
	c.start()
	return ctx.Err()
}

// Status is the final answer to our INVITE, 0 before it.
func (c *Call) Status() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.status
}

// ID is the Call-ID.
func (c *Call) ID() string { return c.id }

// Invite returns a header of the INVITE that came in.
func (c *Call) Invite(header string) string { return c.invite.get(strings.ToLower(header)) }

// Ended is closed when the call is over.
func (c *Call) Ended() <-chan struct{} { return c.ended }

// EndedBy is the method by which the other side ended the call, "" if it didn't.
func (c *Call) EndedBy() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.byPeer
}

// Hangup ends an answered call with a BYE.
func (c *Call) Hangup(ctx context.Context) error {
	select {
	case <-c.ended:
		return nil
	default:
	}
	c.stopSpeaking()
	_, err := c.do(ctx, "BYE", "")
	c.over()
	return err
}

// Hold puts the other side on hold, or takes it back, by a re-INVITE.
func (c *Call) Hold(ctx context.Context, on bool) error {
	direction := "sendrecv"
	if on {
		direction = "sendonly"
	}
	return c.Reinvite(ctx, c.sdp(direction))
}

// Reinvite offers sdp, or asks for an offer where it is "".
func (c *Call) Reinvite(ctx context.Context, sdp string) error {
	final, err := c.do(ctx, "INVITE", sdp)
	if err != nil {
		return err
	}
	branch, answer := "z9hG4bK"+token(), ""
	if sdp == "" {
		answer = c.sdp("sendrecv")
	}
	c.ack(branch, c.target, answer)
	if final.status() != 200 {
		return fmt.Errorf("re-INVITE refused with %s", final.start)
	}
	return c.hearFrom(final.body)
}

// Refer asks the other side to call somebody in our place (RFC 3515), and returns
// the status of its answer.
func (c *Call) Refer(ctx context.Context, to string) (int, error) {
	c.mu.Lock()
	c.cseq++
	m := c.request("REFER", "z9hG4bK"+token(), []string{"Refer-To: <" + to + ">"}, "")
	c.mu.Unlock()
	final, err := c.transact(ctx, m)
	return final.status(), err
}

// Notified is what the other side told of our REFER: status lines, as they came.
func (c *Call) Notified() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.notified)
}

// Info sends a SIP INFO request with a key (application/dtmf-relay).
func (c *Call) Info(ctx context.Context, key byte) error {
	c.mu.Lock()
	c.cseq++
	body := fmt.Sprintf("Signal=%c\r\nDuration=160\r\n", key)
	m := c.request("INFO", "z9hG4bK"+token(), nil, body)
	c.mu.Unlock()
	m = []byte(strings.Replace(string(m), "application/sdp", "application/dtmf-relay", 1))
	final, err := c.transact(ctx, m)
	if err == nil && final.status() != 200 {
		err = fmt.Errorf("INFO refused with %s", final.start)
	}
	return err
}

// do sends one request inside the dialog and waits for its final answer.
func (c *Call) do(ctx context.Context, method, sdp string) (message, error) {
	c.mu.Lock()
	c.cseq++
	m := c.request(method, "z9hG4bK"+token(), nil, sdp)
	c.mu.Unlock()
	return c.transact(ctx, m)
}

// request renders a request of the dialog.
func (c *Call) request(method, branch string, more []string, sdp string) []byte {
	headers := []string{c.via(branch), "Max-Forwards: 70", "From: " + c.local, "To: " + c.remote, "Call-ID: " + c.id,
		fmt.Sprintf("CSeq: %d %s", c.cseq, method), "Contact: <" + c.phone.URI() + ">"}
	return render(method+" "+c.target+" SIP/2.0", append(headers, more...), sdp)
}

func (c *Call) via(branch string) string {
	return fmt.Sprintf("Via: SIP/2.0/UDP %s;rport;branch=%s", c.phone.addr, branch)
}

// ack acknowledges the answer to our last INVITE.
func (c *Call) ack(branch, uri, sdp string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.phone.send(render("ACK "+uri+" SIP/2.0", []string{c.via(branch), "Max-Forwards: 70", "From: " + c.local,
		"To: " + c.remote, "Call-ID: " + c.id, fmt.Sprintf("CSeq: %d ACK", c.cseq)}, sdp), c.peer)
}

// transact sends a request until a final answer with its CSeq is there.
func (c *Call) transact(ctx context.Context, request []byte) (message, error) {
	m, _ := parse(request)
	number, _ := m.cseq()
	again := time.NewTicker(repeat)
	defer again.Stop()
	c.phone.send(request, c.peer)
	for {
		select {
		case r := <-c.responses:
			if n, _ := r.cseq(); n == number && r.status() >= 200 {
				return r, nil
			}
		case <-again.C:
			c.phone.send(request, c.peer)
		case <-ctx.Done():
			return message{}, fmt.Errorf("%s: %w", m.method(), context.Cause(ctx))
		}
	}
}

// onResponse hands final answers to whoever waits for them.
func (c *Call) onResponse(m message) {
	if _, method := m.cseq(); m.status() == 183 && method == "INVITE" && m.body != "" && c.hearFrom(m.body) == nil {
		c.start() // early media
	}
	if _, method := m.cseq(); m.status() < 200 || method == "CANCEL" {
		return
	}
	select {
	case c.responses <- m:
	default: // nobody waits: a repeated answer
	}
}

// over ends the call on our side.
func (c *Call) over() {
	c.mu.Lock()
	select {
	case <-c.ended:
	default:
		close(c.ended)
	}
	c.mu.Unlock()
	c.Audio.close()
}
