package sip

import "assent/auth"

// maxProofs bounds how often one request of ours is sent with credentials.
const maxProofs = 2

// prover answers the challenges to the requests of one dialog (section 22). The zero value shows nothing to nobody.
type prover struct {
	creds  auth.Credentials
	memory auth.Memory
	shown  []header // by the newest INVITE; its ACK repeats them (section 22.1)
}

// challenged reports whether m asks for credentials, and returns the request that shows them.
func (r *request) challenged(m *message) (*request, bool) {
	asks, shows := "www-authenticate", "Authorization"
	if m.status == 407 {
		asks, shows = "proxy-authenticate", "Proxy-Authorization"
	}
	if m.status != 401 && m.status != 407 || r.owner == nil || !r.owner.prover.creds.Given() || len(r.proven) >= maxProofs {
		return nil, false
	}
	p := &r.owner.prover
	value, realm, err := p.memory.Answer(p.creds, auth.Asked{Method: r.method, URI: r.uri, Body: r.body, Challenges: m.values(asks)}, r.proven)
	if err != nil {
		return nil, false
	}
	again := *r
	again.branch = magicCookie + newTag()
	r.owner.localSeq++
	again.cseq = r.owner.localSeq
	again.proven = append(append([]string{}, r.proven...), realm)
	again.proofs = withProof(r.proofs, r.proven, realm, header{shows, value})
	if r.method == "INVITE" {
		p.shown = again.proofs
	}
	return &again, true
}

// withProof adds a proof for a realm, in place of the one that it had.
func withProof(proofs []header, realms []string, realm string, h header) []header {
	out := make([]header, 0, len(proofs)+1)
	for i, old := range proofs {
		if realms[i] != realm {
			out = append(out, old)
		}
	}
	return append(out, h)
}

// values returns the values of all headers of that (canonical) name, each whole: a challenge has commas inside.
func (m *message) values(name string) []string {
	var out []string
	for _, h := range m.headers {
		if h.name == name {
			out = append(out, h.value)
		}
	}
	return out
}

// again sends the request once more, with credentials. What it was answered with is absorbed under its old branch.
func (tx *clientTx) again(r *request, m *message) {
	tx.resend.stop()
	tx.end.stop()
	tx.unwatch()
	old := &clientTx{lane: tx.lane, req: tx.req, state: ctxCompleted, accept: tx.accept}
	linger := tx.lane.ep.tm.t4
	if tx.invite() {
		old.ack = old.req.derive("ACK", m.to.text).render()
		tx.lane.ep.send(&old.req.hop, old.ack, nil)
		linger = tx.lane.ep.tm.giveUp()
	}
	delete(tx.lane.clients, tx.key())
	if !old.req.hop.reliable() {
		tx.lane.clients[old.key()] = old
		old.end = tx.lane.after(linger, old.terminate)
	}
	r.hop.conn = old.req.hop.conn
	tx.req, tx.data, tx.state = r, r.render(), ctxCalling
	tx.begin()
}

// forgo shows no credentials any more: the request is no longer wanted.
func (tx *clientTx) forgo() {
	if tx != nil {
		tx.req.owner = nil
	}
}
