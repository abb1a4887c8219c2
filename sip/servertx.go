package sip

import "time"

// serverTx is one server transaction (sections 17.2.1 and 17.2.2, RFC 6026), in its lane.
type serverTx struct {
	lane   *lane
	key    string
	req    *message // released with the final answer of anything but an INVITE
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

// respond sends r. A final answer is sent once; after it, respond does nothing.
func (tx *serverTx) respond(r reply) {
	if tx.state != txOpen {
		return
	}
	tx.last = r.render(tx.req)
	tx.send()
	if r.status < 200 {
		return
	}
	reliable := tx.hop.reliable()
	ep := tx.lane.ep
	if !tx.invite {
		tx.req = nil
		tx.state = txCompleted
		if reliable {
			tx.terminate()
			return
		}
		tx.end = tx.lane.after(ep.tm.giveUp(), tx.terminate) // timer J
		return
	}
	tx.end = tx.lane.after(ep.tm.giveUp(), tx.terminate) // timers L and H
	if r.status < 300 {
		tx.state = txAccepted // the dialog repeats the 2xx
		tx.last = nil
		return
	}
	tx.state = txCompleted
	if !reliable {
		tx.interval = ep.tm.t1
		tx.resend = tx.lane.after(tx.interval, tx.repeat) // timer G
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
