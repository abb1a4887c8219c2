package sip

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"

	"assent/auth"
	"assent/registrar"
)

// book is a set of accounts.
type book map[string]Account

func (b book) Account(user string) (Account, bool) { a, ok := b[user]; return a, ok }
func (b book) Any() bool                           { return len(b) > 0 }

var agentLogin = auth.Credentials{User: "agent-1", Password: "a long password"}

// startOpenHost is a host with a registrar, to which everybody is a stranger who is not registered.
func startOpenHost(t *testing.T, listen ...string) (*host, *registrar.Registrar) {
	t.Helper()
	if len(listen) == 0 {
		listen = []string{"udp://127.0.0.1:0", "tcp://127.0.0.1:0"}
	}
	h := &host{t: t, invites: make(chan inbound, 16)}
	reg := registrar.New(registrar.Default(), registrar.Deps{})
	tm := quick()
	tm.message = 2 * time.Second // a stranger's time to prove who it is, on a busy machine
	e, err := newEndpoint(Config{Listen: listen, Realm: "assent", DSCP: 24}, Deps{Log: zap.NewNop(), Invite: h.invite,
		Known: func(src netip.AddrPort) bool { return reg.At(src) != "" }, Registrar: reg,
		Accounts: book{"agent-1": {Station: "agent-1", Password: agentLogin.Password}, "pbx": {Trunk: "pbx", Password: agentLogin.Password}}}, tm)
	if err != nil {
		t.Fatal(err)
	}
	h.Endpoint = e
	h.start()
	return h, reg
}

// register renders a REGISTER; more are its further headers.
func (c *call) register(cseq int, more ...string) string {
	return msg("REGISTER sip:127.0.0.1 SIP/2.0", "", append([]string{
		"Via: SIP/2.0/" + c.p.network() + " 10.9.9.9:5060;branch=" + magicCookie + newTag() + ";rport", "Max-Forwards: 70",
		"From: <sip:agent-1@127.0.0.1>;tag=" + c.tag, "To: <sip:agent-1@127.0.0.1>", "Call-ID: " + c.id, fmt.Sprintf("CSeq: %d REGISTER", cseq),
	}, more...)...)
}

// proof answers the challenges of a response.
func proof(t *testing.T, challenge *message, method, uri string, c auth.Credentials) string {
	t.Helper()
	value, _, err := (&auth.Memory{}).Answer(c, auth.Asked{Method: method, URI: uri, Challenges: challenge.values("www-authenticate")}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return "Authorization: " + value
}

// registers registers a peer, and returns the answer.
func (p *peer) registers(t *testing.T, c auth.Credentials, more ...string) *message {
	t.Helper()
	r := p.call()
	p.send(r.register(1, more...))
	challenge := p.response("REGISTER", 401)
	p.send(r.register(2, append(more, proof(t, challenge, "REGISTER", "sip:127.0.0.1", c))...))
	return p.final("REGISTER")
}

// final skips everything until the final answer to a method.
func (p *peer) final(method string) *message {
	p.t.Helper()
	for {
		m := p.recv(wait)
		if m == nil {
			p.t.Fatalf("no final answer to %s came", method)
			return nil
		}
		if m.cseqMethod == method && m.status >= 200 {
			return m
		}
	}
}

func TestAStrangerIsChallengedBestAlgorithmFirstAndNothingIsKept(t *testing.T) {
	t.Parallel()
	h, _ := startOpenHost(t)
	p := newPeer(t, "udp", h.addr("udp"))
	p.send(p.call().register(1, "Contact: <sip:agent-1@10.9.9.9:5060>"))
	m := p.response("REGISTER", 401)
	challenges := m.values("www-authenticate")
	if len(challenges) != 3 || !strings.Contains(challenges[0], "SHA-512-256") || !strings.Contains(challenges[2], "MD5") {
		t.Errorf("challenged by %q", challenges)
	}
	p.call().invite(string(offer))
	p.response("INVITE", 401)
	if s := h.Stats(); s.Lanes != 0 || s.Legs != 0 || s.Challenged != 2 {
		t.Errorf("%+v", s)
	}
	for _, b := range [][]byte{options("UDP"), []byte("REGISTER nonsense\r\n\r\n")} {
		p.send(string(b))
	}
	p.none(100 * time.Millisecond)
}

func TestAStationRegistersAndIsCalledByItsFlow(t *testing.T) {
	t.Parallel()
	for _, network := range []string{"udp", "tcp"} {
		h, reg := startOpenHost(t)
		p := newPeer(t, network, h.addr(network))
		m := p.registers(t, agentLogin, "Contact: <sip:agent-1@10.9.9.9:5060>;expires=120", "Path: <sip:127.0.0.1;lr>", "Require: path")
		if c, _ := m.value("contact"); m.status != 200 || c != "<sip:agent-1@10.9.9.9:5060>;expires=120" {
			t.Fatalf("%d with contact %q", m.status, c)
		}
		if v, _ := m.value("path"); v != "<sip:127.0.0.1;lr>" {
			t.Errorf("path %q", v)
		}
		b := reg.Where("agent-1")[0]
		if b.Source.String() != p.addr() || b.Transport != network || b.Local.String() != h.addr(network) {
			t.Errorf("bound as %+v", b)
		}
		leg, box := h.dial(b.Contact, func(s *DialSpec) {
			s.Flow = Flow{Remote: b.Source, Local: b.Local, Transport: b.Transport, Route: b.Path}
		})
		invite := p.request("INVITE") // over the connection that the station opened
		if invite.uriText != "sip:agent-1@10.9.9.9:5060" || invite.values("route")[0] != "<sip:127.0.0.1;lr>" {
			t.Errorf("INVITE %s by %q", invite.uriText, invite.values("route"))
		}
		p.reply(invite, 200, "phone", string(answer))
		next[Answered](box)
		p.request("ACK")
		leg.Hangup(Cause{})
		p.reply(p.request("BYE"), 200, "", "")
		next[Ended](box)
	}
}

func TestAnUnknownUserIsAnsweredAsAWrongPasswordIs(t *testing.T) {
	t.Parallel()
	h, reg := startOpenHost(t)
	p := newPeer(t, "udp", h.addr("udp"))
	shape := func(m *message) string {
		var names []string
		for _, hd := range m.headers {
			names = append(names, hd.name)
		}
		return fmt.Sprint(m.status, names, len(m.values("www-authenticate")[0]))
	}
	wrong := shape(p.registers(t, auth.Credentials{User: "agent-1", Password: "x"}, "Contact: <sip:a@10.9.9.9>"))
	unknown := shape(p.registers(t, auth.Credentials{User: "nobody", Password: "x"}, "Contact: <sip:a@10.9.9.9>"))
	if wrong != unknown || !strings.HasPrefix(wrong, "401") {
		t.Errorf("%s\n%s", wrong, unknown)
	}
	if reg.Where("agent-1") != nil || h.Stats().Wrong != 2 {
		t.Error("somebody got in, or was not counted")
	}
}

func TestAGuesserHearsNothingAnyMore(t *testing.T) {
	t.Parallel()
	h, _ := startOpenHost(t)
	p := newPeer(t, "udp", h.addr("udp"))
	for range 11 {
		p.registers(t, auth.Credentials{User: "agent-1", Password: "guess"}, "Contact: <sip:a@10.9.9.9>")
	}
	p.send(p.call().register(1))
	p.none(100 * time.Millisecond)
	if other := newPeer(t, "udp", h.addr("udp"), "127.0.0.2"); other.registers(t, agentLogin).status != 200 {
		t.Error("another source can't register")
	}
}

func TestARepeatedRegisterHearsItsAnswerAgainAndAReplayIsStale(t *testing.T) {
	t.Parallel()
	h, _ := startOpenHost(t)
	p := newPeer(t, "udp", h.addr("udp"))
	r := p.call()
	p.send(r.register(1))
	shown := proof(t, p.response("REGISTER", 401), "REGISTER", "sip:127.0.0.1", agentLogin)
	good := r.register(2, "Contact: <sip:agent-1@10.9.9.9>", shown)
	for range 2 {
		p.send(good)
		if m := p.final("REGISTER"); m.status != 200 {
			t.Fatalf("answered with %d", m.status)
		}
	}
	p.send(p.call().register(1, "Contact: *", "Expires: 0", shown)) // another transaction, the same proof
	if m := p.final("REGISTER"); m.status != 401 || !strings.Contains(m.values("www-authenticate")[0], "stale=true") {
		t.Errorf("a replay: %d %q", m.status, m.values("www-authenticate"))
	}
}

func TestRegistersThatCannotBeTakenSayWhy(t *testing.T) {
	t.Parallel()
	h, reg := startOpenHost(t)
	p := newPeer(t, "udp", h.addr("udp"))
	many := make([]string, maxContacts+1)
	for i := range many {
		many[i] = fmt.Sprintf("<sip:a@10.9.9.%d>", i)
	}
	for headers, status := range map[string]int{
		"Contact: <sip:a@10.9.9.9>;expires=10":   423,
		"Contact: <sip:a@10.9.9.9>;expires=soon": 400,
		"Contact: <tel:+49301>":                  400,
		"Contact: *":                             400,
		"Expires: -1":                            400,
		"Contact: <sip:" + strings.Repeat("a", maxContactURI) + "@10.9.9.9>": 400,
		"Path: nonsense":                       400,
		"Contact: " + strings.Join(many, ", "): 403,
		"Contact: <sip:a@10.9.9.9;x=1>, <sip:b@10.9.9.9>, <sip:c@10.9.9.9>, <sip:d@10.9.9.9>, <sip:e@10.9.9.9>": 403,
	} {
		peer := newPeer(t, "udp", h.addr("udp"))
		if m := peer.registers(t, agentLogin, headers); m.status != status {
			t.Errorf("%.60s: %d, want %d", headers, m.status, status)
		}
	}
	if m := p.registers(t, auth.Credentials{User: "pbx", Password: agentLogin.Password}, "Contact: <sip:a@10.9.9.9>"); m.status != 403 {
		t.Errorf("a trunk registers: %d", m.status)
	}
	if reg.Where("agent-1") != nil {
		t.Error("bound all the same")
	}
}

func TestACallOfATrunkThatProvesItselfIsTakenAndItsDialogIsHeard(t *testing.T) {
	t.Parallel()
	h, _ := startOpenHost(t)
	p := newPeer(t, "udp", h.addr("udp"))
	c := p.call()
	c.invite(string(offer))
	challenge := p.response("INVITE", 401)
	p.send(c.request("INVITE", 2, magicCookie+newTag(), string(offer), proof(t, challenge, "INVITE", c.target, auth.Credentials{User: "pbx", Password: agentLogin.Password})))
	in := h.incoming()
	if in.Account.Trunk != "pbx" {
		t.Errorf("the call is of %+v", in.Account)
	}
	if err := in.Leg.Answer(answer); err != nil {
		t.Fatal(err)
	}
	c.status("INVITE", 200)
	c.ack(2, "")
	next[Confirmed](in.box)
	c.do("BYE", 3, "")
	p.response("BYE", 200)
	next[Ended](in.box)
}

// A call from a station's own address has to prove itself, even though the address is heard.
func TestACallFromARegisteredStationIsChallenged(t *testing.T) {
	t.Parallel()
	h, _ := startOpenHost(t)
	p := newPeer(t, "udp", h.addr("udp"))
	if m := p.registers(t, agentLogin, "Contact: <sip:agent-1@10.9.9.9>"); m.status != 200 {
		t.Fatal(m.status)
	}
	p.send(string(options("UDP")))
	p.response("OPTIONS", 200)
	p.call().invite(string(offer))
	p.response("INVITE", 401)
}

// A connection that proves nothing is closed, though it speaks; one that has is kept, though it is silent.
func TestAStrangersConnectionIsClosedAndARegisteredOneKept(t *testing.T) {
	t.Parallel()
	h, _ := startOpenHost(t)
	phone, stranger := newPeer(t, "tcp", h.addr("tcp")), newPeer(t, "tcp", h.addr("tcp"))
	if m := phone.registers(t, agentLogin, "Contact: <sip:agent-1@10.9.9.9;transport=tcp>"); m.status != 200 {
		t.Fatal(m.status)
	}
	stranger.send(stranger.call().register(1))
	stranger.response("REGISTER", 401)
	eventually(t, "the stranger's connection is closed", func() bool { return h.Stats().Connections == 1 })
	phone.send(string(options("TCP")))
	phone.response("OPTIONS", 200)
}

func FuzzRegistration(f *testing.F) {
	for _, s := range []string{"Contact: *", "Contact: <sip:a@b>;expires=1, <sip:c>;q=0", "Path: <sip:x;lr>\r\nExpires: 99999999999", "Contact: \"<\" <sip:a@[::1]:5060>"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, headers string) {
		m, flt := parse([]byte("REGISTER sip:x SIP/2.0\r\nVia: SIP/2.0/UDP a;branch=z9hG4bKx\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:a@b>\r\nCall-ID: 1\r\nCSeq: 1 REGISTER\r\n" + headers + "\r\n\r\n"))
		if flt != nil {
			return
		}
		m.account, m.via = Account{Station: "s"}, hop{udp: &udpSocket{}}
		q, status := registration(m)
		if status != 0 {
			return
		}
		for _, c := range q.Contacts {
			if strings.ContainsAny(c.URI, "\r\n<>\" ") || c.Expires < -1 {
				t.Errorf("contact %q for %d s", c.URI, c.Expires)
			}
		}
		if len(q.Contacts) > maxContacts {
			t.Errorf("%d contacts", len(q.Contacts))
		}
	})
}
