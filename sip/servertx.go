package sip

import "time"

// serverTx is one server transaction (sections 17.2.1 and 17.2.2, RFC 6026), in its lane.
type serverTx struct {
	lane   *lane
	key    string
	req    *message // released with the final answer
	invite bool
	hop    hop
	leg    *Leg // of an INVITE: who is to hear of a CANCEL
	state  txState
	last   []byte // the last response, for retransmissions

	fromTag string
	cseq    uint32

	resend, end *timer
	interval    time.Duration
}

type txState uint8

const (
	txOpen      txState = iota // no final answer yet
	txAccepted                 // 2xx to INVITE
	txCompleted                // other final answer
	txConfirmed                // its ACK has come
)

// newServerTx takes a request into its lane. It fails beyond maxTransactions.
func (l *lane) newServerTx(m *message) (*serverTx, bool) {
	if len(l.servers) >= maxTransactions {
		return nil, false
	}
	tx := &serverTx{lane: l, key: m.txKey(m.method), req: m, invite: m.method == "INVITE", hop: replyHop(m),
		fromTag: m.from.tag, cseq: m.cseq}
	l.servers[tx.key] = tx
	return tx, true
}

// respond sends r and returns its bytes. A final answer is sent once; after it, respond does nothing.
func (tx *serverTx) respond(r reply) []byte {
	if tx.state != txOpen {
		return nil
	}
	data := r.render(tx.req)
	tx.last = data
	tx.send()
	if r.status >= 200 {
		tx.req = nil
		tx.answered(r.status)
	}
	return data
}

// answered waits for what may still come after a final answer.
func (tx *serverTx) answered(status int) {
	l, tm := tx.lane, tx.lane.ep.tm
	switch {
	case !tx.invite && tx.hop.reliable():
		tx.state = txCompleted
		tx.terminate()
	case !tx.invite:
		tx.state = txCompleted
		tx.end = l.after(tm.giveUp(), tx.terminate) // timer J
	case status < 300:
		tx.state, tx.last = txAccepted, nil         // the dialog repeats the 2xx
		tx.end = l.after(tm.giveUp(), tx.terminate) // timer L
	default:
		tx.state = txCompleted
		tx.end = l.after(tm.giveUp(), tx.terminate) // timer H
		if !tx.hop.reliable() {
			tx.interval = tm.t1
			tx.resend = l.after(tx.interval, tx.repeat) // timer G
		}
	}
}

// repeat sends the last response again, at doubling intervals up to T2.
func (tx *serverTx) repeat() {
	tx.lane.ep.stats.retransmitted.Add(1)
	tx.send()
	tx.interval = min(2*tx.interval, tx.lane.ep.tm.t2)
	tx.resend = tx.lane.after(tx.interval, tx.repeat)
}

// again handles a retransmission of the request.
func (tx *serverTx) again() {
	if tx.state == txConfirmed || tx.last == nil {
		return
	}
	tx.lane.ep.stats.retransmitted.Add(1)
	tx.send()
}

// acked handles the ACK to a final answer of 300 or above.
func (tx *serverTx) acked() {
	if tx.state != txCompleted || !tx.invite {
		return
	}
	tx.state = txConfirmed
	tx.last = nil
	tx.resend.stop()
	tx.end.stop()
	if tx.hop.reliable() {
		tx.terminate()
		return
	}
	tx.end = tx.lane.after(tx.lane.ep.tm.t4, tx.terminate) // timer I
}

func (tx *serverTx) send() { tx.lane.ep.send(&tx.hop, tx.last, nil) }

func (tx *serverTx) terminate() {
	tx.resend.stop()
	tx.end.stop()
	tx.leg, tx.req, tx.last = nil, nil, nil
	delete(tx.lane.servers, tx.key)
}
