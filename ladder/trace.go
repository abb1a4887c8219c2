package ladder

import (
	"slices"
	"strings"
	"time"
)

// Trace is what was said in one call, in the order of time.
type Trace struct {
	Call     string    `json:"call" doc:"The call's id; empty where it was refused before it was one"`
	Dialogs  []Dialog  `json:"dialogs"`
	Messages []Message `json:"messages"`
	Omitted  int       `json:"omitted" doc:"Messages that were left out in the middle, as there were too many"`
}

// Dialog is one leg of the call.
type Dialog struct {
	Leg    string `json:"leg" doc:"caller, or whom it was: a station, a gateway"`
	CallID string `json:"call_id" doc:"Its Call-ID in SIP"`
	Peer   string `json:"peer" doc:"Transport and address of the other side"`
}

// Message is one message of a leg.
type Message struct {
	At      time.Time `json:"at"`
	Dialog  int       `json:"dialog" doc:"Index of its leg in dialogs"`
	Sent    bool      `json:"sent" doc:"By us; else received"`
	Network string    `json:"network"`
	Peer    string    `json:"peer"`
	Line    string    `json:"line" doc:"What it is: INVITE, 200 OK"`
	Again   bool      `json:"again" doc:"The same was said before: a retransmission"`
	Cut     bool      `json:"cut" doc:"The text is its beginning only"`
	Text    string    `json:"text"`
}

// trace copies a talk. Messages of two legs were kept in the order in which they took the lock.
func (t *talk) trace() Trace {
	out := Trace{Dialogs: slices.Clone(t.dialogs), Messages: make([]Message, 0, len(t.said)), Omitted: t.omitted}
	if len(t.calls) > 0 {
		out.Call = t.calls[0]
	}
	said := slices.Clone(t.said)
	slices.SortStableFunc(said, func(a, b entry) int { return a.At.Compare(b.At) })
	type sameness struct {
		dialog int
		sent   bool
		text   string
	}
	before := map[sameness]bool{}
	for _, e := range said {
		i := slices.IndexFunc(out.Dialogs, func(d Dialog) bool { return d.CallID == e.Dialog })
		if i < 0 {
			continue // a leg beyond those that are told apart
		}
		same := sameness{i, e.Sent, e.text}
		peer := e.Network + " " + e.Peer.String()
		if out.Dialogs[i].Peer == "" {
			out.Dialogs[i].Peer = peer
		}
		out.Messages = append(out.Messages, Message{At: e.At.UTC(), Dialog: i, Sent: e.Sent, Network: e.Network, Peer: e.Peer.String(),
			Line: startLine(e.text), Again: before[same], Cut: e.cut, Text: e.text})
		before[same] = true
	}
	return out
}

// startLine says what a message is: its method, or status and reason.
func startLine(text string) string {
	line, _, _ := strings.Cut(strings.TrimLeft(text, "\r\n"), "\n")
	line = strings.TrimSuffix(line, "\r")
	if _, rest, ok := strings.Cut(line, " "); ok && strings.HasPrefix(line, "SIP/") {
		return printable(rest)
	}
	method, _, _ := strings.Cut(line, " ")
	return printable(method)
}

// printable keeps a peer's bytes from drawing over a terminal.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\t':
			return ' '
		case r < ' ', r >= 0x7f && r < 0xa0, r == '\u2028', r == '\u2029', r == '\ufffd', r >= 0x202a && r <= 0x202e, r >= 0x2066 && r <= 0x2069:
			return '?'
		}
		return r
	}, text)
}
