package sip

import (
	"bytes"
	"time"

	"assent/ladder"
)

// heard keeps a received message for the trace of its call; b is borrowed.
func (e *Endpoint) heard(m *message, b []byte) {
	if e.deps.Ladder == nil {
		return
	}
	opens := m.method == "INVITE" && m.to.tag == ""
	e.deps.Ladder.Add(ladder.Said{At: time.Now(), Network: m.via.network(), Peer: m.src, Dialog: m.callID,
		Opens: opens && m.known, Asks: opens && !m.known && len(m.proofs()) > 0, Bytes: b})
}

// said keeps a message that leaves; data is borrowed.
func (e *Endpoint) said(h *hop, data []byte) {
	if e.deps.Ladder == nil {
		return
	}
	invite := bytes.HasPrefix(data, []byte("INVITE "))
	e.deps.Ladder.Add(ladder.Said{At: time.Now(), Sent: true, Network: h.network(), Peer: h.addr, Dialog: string(ownLine(data, "\r\nCall-ID: ")),
		Opens: invite && !bytes.Contains(ownLine(data, "\r\nTo: "), []byte(";tag=")), Bytes: data})
}

// ownLine returns the value of a header that we have rendered ourselves; start is its line's beginning.
func ownLine(data []byte, start string) []byte {
	_, rest, _ := bytes.Cut(data, []byte(start))
	value, _, _ := bytes.Cut(rest, []byte("\r\n"))
	return value
}
