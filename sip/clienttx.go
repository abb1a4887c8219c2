package sip

import "time"

// clientTx is one client transaction (sections 17.1.1 and 17.1.2, RFC 6026), in its lane.
type clientTx struct {
	lane   *lane
	req    *request
	data   []byte
	state  ctxState
	ack    []byte                  // of an INVITE's final answer of 300 or above
	accept func(src *message) bool // may this answer come from there?

	cancelled bool // of a target that was left: CANCEL is out

	// onResponse gets every provisional answer, the first final one, and for an INVITE each 2xx (RFC 6026).
	onResponse func(*message)
	// onFail is called instead of a final answer: 408 for a timeout, 503 where the peer can't be reached.
	onFail func(status int)

	resend, end *timer
	interval    time.Duration
}

type ctxState uint8

const (
	ctxCalling ctxState = iota
	ctxProceeding
	ctxAccepted
	ctxCompleted
	ctxDone
)

// start sends req in a new transaction. The handlers run in the lane.
func (l *lane) start(req *request, accept func(*message) bool, onResponse func(*message), onFail func(int)) *clientTx {
	tx := &clientTx{lane: l, req: req, data: req.render(), accept: accept, onResponse: onResponse, onFail: onFail}
	l.ep.pending.Add(1)
	tx.begin()
	return tx
}

// begin sends the request for the first time.
func (tx *clientTx) begin() {
	l, tm := tx.lane, tx.lane.ep.tm
	l.clients[tx.key()] = tx
	tx.end = l.after(tm.giveUp(), tx.timeout) // timers B and F
	if !tx.req.hop.reliable() {
		tx.interval = tm.t1
		tx.resend = l.after(tx.interval, tx.repeat) // timers A and E
	}
	tx.send()
}

func (tx *clientTx) key() string { return clientKey(tx.req.branch, tx.req.method) }

// clientKey identifies the client transaction of a response (section 17.1.3).
func clientKey(branch, method string) string { return branch + "|" + method }

func (tx *clientTx) invite() bool { return tx.req.method == "INVITE" }

// send writes the request; over TCP it also asks to hear of the connection's end.
func (tx *clientTx) send() {
	failed := func() { tx.lane.post(tx.unreachable) }
	tx.lane.ep.send(&tx.req.hop, tx.data, failed)
	if tx.req.hop.conn != nil {
		tx.req.hop.conn.watch(tx, failed)
	}
}

func (tx *clientTx) repeat() {
	if tx.state > ctxProceeding || tx.state == ctxProceeding && tx.invite() {
		return
	}
	tx.lane.ep.stats.retransmitted.Add(1)
	tx.lane.ep.send(&tx.req.hop, tx.data, nil)
	tx.interval *= 2
	if !tx.invite() {
		tx.interval = min(tx.interval, tx.lane.ep.tm.t2)
	}
	if tx.state == ctxProceeding {
		tx.interval = tx.lane.ep.tm.t2
	}
	tx.resend = tx.lane.after(tx.interval, tx.repeat)
}

// receive takes a response that bears our branch.
func (tx *clientTx) receive(m *message) {
	if !tx.accept(m) {
		tx.lane.ep.stats.foreign.Add(1)
		return
	}
	switch {
	case m.status < 200:
		tx.provisional(m)
	case tx.state == ctxCompleted:
		if tx.ack != nil {
			tx.lane.ep.send(&tx.req.hop, tx.ack, nil)
		}
	case tx.state == ctxAccepted:
		if m.status < 300 {
			tx.onResponse(m)
		}
	case tx.state < ctxAccepted:
		tx.final(m)
	}
}

func (tx *clientTx) provisional(m *message) {
	if tx.state > ctxProceeding {
		return
	}
	if tx.state == ctxCalling {
		tx.state = ctxProceeding
		tx.unwatch()
		if tx.invite() {
			tx.resend.stop()
			tx.end.stop() // timer C of the leg takes over
		}
	}
	tx.onResponse(m)
}

func (tx *clientTx) final(m *message) {
	if again, ok := tx.req.challenged(m); ok {
		tx.again(again, m)
		return
	}
	tx.answered()
	tm := tx.lane.ep.tm
	linger := tm.t4 // timer K
	switch {
	case !tx.invite():
		tx.state = ctxCompleted
	case m.status < 300:
		tx.state = ctxAccepted
		tx.end = tx.lane.after(tm.giveUp(), tx.terminate) // timer M
		tx.onResponse(m)
		return
	default:
		tx.state = ctxCompleted
		tx.ack = tx.req.derive("ACK", m.to.text).render()
		tx.lane.ep.send(&tx.req.hop, tx.ack, nil)
		linger = tm.giveUp() // timer D
	}
	if tx.req.hop.reliable() {
		tx.terminate()
	} else {
		tx.end = tx.lane.after(linger, tx.terminate)
	}
	tx.onResponse(m)
}

// answered ends the waiting for a final answer.
func (tx *clientTx) answered() {
	tx.resend.stop()
	tx.end.stop()
	tx.unwatch()
	tx.data, tx.req.body = nil, nil
	tx.lane.ep.pending.Add(-1)
}

func (tx *clientTx) unwatch() {
	if c := tx.req.hop.conn; c != nil {
		c.unwatch(tx)
	}
}

func (tx *clientTx) timeout() { tx.fail(408) }

// unreachable is the transport's report. Once a provisional answer has come, the answer may find another way.
func (tx *clientTx) unreachable() {
	if tx.state == ctxCalling {
		tx.fail(503)
	}
}

// fail gives up a transaction that has no final answer.
func (tx *clientTx) fail(status int) {
	if tx.state > ctxProceeding {
		return
	}
	tx.answered()
	tx.terminate()
	tx.onFail(status)
}

// abandon ends a transaction without a word to its user.
func (tx *clientTx) abandon() {
	tx.onFail = func(int) {}
	tx.fail(408)
}

func (tx *clientTx) terminate() {
	tx.state = ctxDone
	tx.end.stop()
	delete(tx.lane.clients, tx.key())
}
