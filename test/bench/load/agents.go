package load

import "time"

// serveAgent answers what the service says to the agents.
func (g *Generator) serveAgent(m message) {
	switch {
	case m.status() != 0:
		g.byAgentID(m.get("Call-ID")).respond(m)
	case m.method() == "INVITE":
		g.answer(m)
	case m.method() == "ACK":
		if c := g.byAgentID(m.get("Call-ID")); c != nil {
			c.bridge()
		}
	default:
		g.phones[agent].send(m.reply("200 OK", "a", g.phones[agent].uri(), ""))
		if c := g.byAgentID(m.get("Call-ID")); c != nil && m.method() == "BYE" {
			c.over(agent)
		}
	}
}

// answer takes a call at once; it belongs to the caller whose number it shows.
func (g *Generator) answer(m message) {
	to, err := audioOf(m.body)
	c := g.byNumber(userOf(m.get("From")))
	if c == nil || err != nil {
		g.phones[agent].send(m.reply("404 Not Found", "a", g.phones[agent].uri(), ""))
		return
	}
	g.phones[agent].send(m.reply("200 OK", "a", g.phones[agent].uri(), session(g.audio[agent].addr)))
	g.mu.Lock()
	defer g.mu.Unlock()
	if _, again := g.agents[m.get("Call-ID")]; again {
		return // a repeated INVITE
	}
	g.agents[m.get("Call-ID")] = c
	c.far = dialog{id: m.get("Call-ID"), target: uriOf(m.get("Contact")), local: m.get("To") + ";tag=a", remote: m.get("From")}
	c.legs[agent].to = to
	c.calleeTime = time.Since(m.at)
}

func (g *Generator) byAgentID(id string) *Call {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.agents[id]
}

func (g *Generator) byNumber(number string) *Call {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.numbers[number]
}

// serveCaller answers what the service says to the callers.
func (g *Generator) serveCaller(m message) {
	g.mu.Lock()
	c := g.callers[m.get("Call-ID")]
	g.mu.Unlock()
	switch {
	case m.status() != 0:
		c.respond(m)
	case m.method() != "ACK":
		g.phones[caller].send(m.reply("200 OK", "c", g.phones[caller].uri(), ""))
		if c != nil && m.method() == "BYE" {
			c.over(caller)
		}
	}
}
