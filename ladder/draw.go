package ladder

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

const (
	// space is the width between two lines of the ladder.
	space = 30
	// margin is the width of number and time before it.
	margin = 18
)

// Draw writes the trace as text, to be read here and sent to a carrier: the legs, the ladder, and each message in full.
func (t Trace) Draw() string {
	var b strings.Builder
	b.WriteString("call " + t.Call + "\n")
	if len(t.Messages) > 0 {
		b.WriteString("from " + t.Messages[0].At.Format(time.RFC3339Nano) + ", all times after it\n")
	}
	if t.Omitted > 0 {
		fmt.Fprintf(&b, "%d messages in the middle are left out: there were too many (sip.trace.bytes)\n", t.Omitted)
	}
	b.WriteString("\n")
	for i, d := range t.Dialogs {
		fmt.Fprintf(&b, "%-10s %-30s Call-ID %s\n", t.leg(i), d.Peer, printable(d.CallID))
	}
	b.WriteString("\n" + t.header())
	for i, m := range t.Messages {
		b.WriteString(t.rung(i, m))
	}
	for i, m := range t.Messages {
		b.WriteString(t.whole(i, m))
	}
	return b.String()
}

func (t Trace) leg(i int) string {
	if leg := t.Dialogs[i].Leg; leg != "" {
		return leg
	}
	return fmt.Sprintf("leg %d", i+1)
}

// column is where a leg's line is: the first leg left of ours, the others right.
func column(dialog int) int {
	if dialog == 0 {
		return 0
	}
	return dialog + 1
}

// ours is our own line.
const ours = 1

func (t Trace) header() string {
	names := make([]string, max(2, len(t.Dialogs)+1))
	names[ours] = "assent"
	for i := range t.Dialogs {
		names[column(i)] = t.leg(i)
	}
	var b strings.Builder
	b.WriteString(strings.Repeat(" ", margin))
	for _, name := range names {
		fmt.Fprintf(&b, "%-*s", space, name)
	}
	return strings.TrimRight(b.String(), " ") + "\n"
}

// rung draws one message: an arrow between our line and its leg's, over those between.
func (t Trace) rung(i int, m Message) string {
	columns := max(2, len(t.Dialogs)+1)
	line := slices.Repeat([]rune{' '}, (columns-1)*space+1)
	for c := range columns {
		line[c*space] = '|'
	}
	left, right := column(m.Dialog), ours
	toRight := !m.Sent
	if left > right {
		left, right, toRight = right, left, m.Sent
	}
	from, to := left*space+1, right*space-1
	for x := from; x <= to; x++ {
		line[x] = '-'
	}
	if toRight {
		line[to] = '>'
	} else {
		line[from] = '<'
	}
	label := []rune(" " + m.Line + again(m) + " ")
	if most := to - from - 3; len(label) > most {
		label = append(label[:most-1], ' ')
	}
	copy(line[from+(to-from+1-len(label))/2:], label)
	return fmt.Sprintf("%4d %11s  %s\n", i+1, t.since(m), string(line))
}

func again(m Message) string {
	if m.Again {
		return " (again)"
	}
	return ""
}

func (t Trace) since(m Message) string {
	return fmt.Sprintf("+%.6f", m.At.Sub(t.Messages[0].At).Seconds())
}

// whole writes a message with a line that says whence and where it went. Bytes that would act on a terminal do not.
func (t Trace) whole(i int, m Message) string {
	way := "assent -> " + t.leg(m.Dialog)
	if !m.Sent {
		way = t.leg(m.Dialog) + " -> assent"
	}
	var b strings.Builder
	fmt.Fprintf(&b, "\n--- %d  %s  %s  %s %s  %s%s\n", i+1, m.At.Format(time.RFC3339Nano), way, m.Network, m.Peer, m.Line, again(m))
	text := m.Text
	if !utf8.ValidString(text) {
		text = strings.ToValidUTF8(text, "?")
	}
	for line := range strings.Lines(text) {
		b.WriteString(printable(strings.TrimRight(line, "\r\n")) + "\n")
	}
	if m.Cut {
		b.WriteString("[the rest was not kept]\n")
	}
	return b.String()
}
