package ladder

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"
)

var (
	began   = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	carrier = netip.MustParseAddrPort("203.0.113.5:5060")
	station = netip.MustParseAddrPort("[2001:db8::21]:5060")
)

// line tells a book of a message that is its first line and a Call-ID.
func line(b *Book, at int, sent bool, peer netip.AddrPort, dialog, text string) {
	b.Add(Said{At: began.Add(time.Duration(at) * time.Millisecond), Sent: sent, Network: "UDP", Peer: peer, Dialog: dialog,
		Opens: strings.HasPrefix(text, "INVITE "), Bytes: []byte(text + "\r\nCall-ID: " + dialog + "\r\n\r\n")})
}

// lines are what a trace says, as "caller < 200 OK".
func lines(t Trace) (out []string) {
	for _, m := range t.Messages {
		way := ">"
		if m.Sent {
			way = "<"
		}
		out = append(out, fmt.Sprintf("%s %s %s", t.leg(m.Dialog), way, m.Line))
	}
	return out
}

// told is a call of two legs, whose second one is known before its first message, or after.
func told(after bool) *Book {
	b := New(Default())
	line(b, 0, false, carrier, "in", "INVITE sip:1@x SIP/2.0")
	b.Join("call", "caller", "in")
	line(b, 1, true, carrier, "in", "SIP/2.0 100 Trying")
	if !after {
		b.Join("call", "agent-1", "out")
	}
	line(b, 2, true, station, "out", "INVITE sip:agent@y SIP/2.0")
	if after {
		b.Join("call", "agent-1", "out")
	}
	line(b, 3, true, station, "out", "INVITE sip:agent@y SIP/2.0")
	line(b, 4, false, station, "out", "SIP/2.0 200 OK")
	line(b, 5, true, carrier, "in", "SIP/2.0 200 OK")
	return b
}

func TestBothLegsOfACallStandInTheOrderOfTime(t *testing.T) {
	for _, after := range []bool{false, true} {
		b := told(after)
		want := "caller > INVITE, caller < 100 Trying, agent-1 < INVITE, agent-1 < INVITE, agent-1 > 200 OK, caller < 200 OK"
		for _, id := range []string{"call", "in", "out"} {
			got, ok := b.Find(id)
			if !ok || strings.Join(lines(got), ", ") != want || got.Call != "call" || got.Omitted != 0 {
				t.Errorf("after %v, by %s: %+v", after, id, got)
			}
		}
		got, _ := b.Find("call")
		if got.Messages[2].Again || !got.Messages[3].Again || got.Messages[5].Again {
			t.Errorf("what was repeated: %+v", got.Messages)
		}
	}
}

func TestTheLadderIsDrawn(t *testing.T) {
	got, _ := told(true).Find("call")
	text := got.Draw()
	want := `call call
from 2026-01-02T03:04:05Z, all times after it

caller     UDP 203.0.113.5:5060           Call-ID in
agent-1    UDP [2001:db8::21]:5060        Call-ID out

                  caller                        assent                        agent-1
   1   +0.000000  |---------- INVITE ---------->|                             |
   2   +0.001000  |<------- 100 Trying ---------|                             |
   3   +0.002000  |                             |---------- INVITE ---------->|
   4   +0.003000  |                             |------ INVITE (again) ------>|
   5   +0.004000  |                             |<--------- 200 OK -----------|
   6   +0.005000  |<--------- 200 OK -----------|                             |

--- 1  2026-01-02T03:04:05Z  caller -> assent  UDP 203.0.113.5:5060  INVITE
INVITE sip:1@x SIP/2.0
Call-ID: in

--- 2  `
	if !strings.HasPrefix(strings.ReplaceAll(text, "\n\n\n", "\n\n"), want) {
		t.Errorf("drawn:\n%s\nwant:\n%s", text, want)
	}
}

func TestTheOldestCallIsForgottenForANewOne(t *testing.T) {
	b := New(Config{Calls: 10, Bytes: minBytes})
	for i := range 1000 {
		line(b, i, false, carrier, fmt.Sprint("dialog-", i), "INVITE sip:1@x SIP/2.0")
		b.Join(fmt.Sprint("call-", i), "caller", fmt.Sprint("dialog-", i))
		b.Join(fmt.Sprint("call-", i), "agent", fmt.Sprint("far-", i))
	}
	for i := range 1000 {
		for _, id := range []string{"call-", "dialog-", "far-"} {
			if _, ok := b.Find(fmt.Sprint(id, i)); ok != (i >= 990) {
				t.Errorf("%s%d is there: %v", id, i, ok)
			}
		}
	}
	if len(b.byCall) != 10 || len(b.byDialog) != 20 || b.order.Len() != 10 {
		t.Errorf("%d calls, %d dialogs, %d in order", len(b.byCall), len(b.byDialog), b.order.Len())
	}
	line(b, 0, false, carrier, "dialog-1", "BYE sip:1@x SIP/2.0")
	if _, ok := b.Find("dialog-1"); ok {
		t.Error("a forgotten call came back by its BYE")
	}
}

func TestACallThatSaysTooMuchKeepsItsBeginAndItsEnd(t *testing.T) {
	b := New(Config{Calls: 1, Bytes: minBytes})
	line(b, 0, false, carrier, "in", "INVITE sip:1@x SIP/2.0")
	for i := range 5000 {
		line(b, i+1, false, carrier, "in", fmt.Sprintf("INFO%d sip:1@x SIP/2.0", i))
	}
	line(b, 6000, false, carrier, "in", "BYE sip:1@x SIP/2.0")
	got, _ := b.Find("in")
	size := 0
	for _, m := range got.Messages {
		size += len(m.Text)
	}
	if n := len(got.Messages); got.Messages[0].Line != "INVITE" || got.Messages[n-1].Line != "BYE" || size > minBytes || got.Omitted != 5002-n {
		t.Errorf("%d messages of %d bytes, %d left out: %v", n, size, got.Omitted, lines(got))
	}
	b.Add(Said{Dialog: "in", Bytes: []byte("NOTIFY sip:x SIP/2.0\r\n" + strings.Repeat("A: b\r\n", 10_000))})
	if got, _ = b.Find("in"); len(got.Messages[0].Text) > minBytes || b.byDialog["in"].bytes > minBytes {
		t.Errorf("a long message takes %d bytes", b.byDialog["in"].bytes)
	}
}

func TestOnlyCallsLeaveATrace(t *testing.T) {
	b := New(Default())
	line(b, 0, false, carrier, "d", "OPTIONS sip:1@x SIP/2.0")
	line(b, 1, true, carrier, "d", "SIP/2.0 200 OK")
	if _, ok := b.Find("d"); ok || b.order.Len() > 0 {
		t.Error("an OPTIONS is kept")
	}
	var none *Book // sip.trace.calls: 0
	line(none, 0, false, carrier, "d", "INVITE sip:1@x SIP/2.0")
	none.Join("call", "caller", "d")
	if _, ok := none.Find("d"); ok || New(Config{}) != nil {
		t.Error("what keeps nothing has found something")
	}
}

func TestTwoCallsWithOneCallIDAreForgottenTogether(t *testing.T) {
	b := New(Config{Calls: 2, Bytes: minBytes})
	b.Join("one", "caller", "shared")
	b.Join("two", "caller", "shared")
	b.Join("two", "agent", "far")
	line(b, 0, false, carrier, "shared", "INVITE sip:1@x SIP/2.0")
	for _, id := range []string{"one", "two", "far"} {
		if got, ok := b.Find(id); !ok || len(got.Messages) != 1 {
			t.Errorf("%s: %+v", id, got)
		}
	}
	b.Join("three", "caller", "3")
	b.Join("four", "caller", "4")
	if len(b.byCall) != 2 || len(b.byDialog) != 2 {
		t.Errorf("%v, %v", b.byCall, b.byDialog)
	}
}

func TestACallersTracesAreForgottenWithTheCaller(t *testing.T) {
	b := New(Default())
	line(b, 0, false, carrier, "one", "INVITE sip:+498001@x;from=493011223344 SIP/2.0")
	line(b, 1, false, carrier, "two", "INVITE sip:+498001@x;from=493055667788 SIP/2.0")
	b.Forget("+493011223344")
	b.Forget("+4")
	_, one := b.Find("one")
	if _, two := b.Find("two"); one || !two {
		t.Errorf("the caller's is there: %v; another one's: %v", one, two)
	}
}

func TestAStrangersInviteIsKeptOnceItIsACall(t *testing.T) {
	b := New(Config{Calls: 2, Bytes: minBytes})
	line(b, 0, false, carrier, "one", "INVITE sip:1@x SIP/2.0")
	line(b, 0, false, carrier, "two", "INVITE sip:1@x SIP/2.0")
	for i := range 1000 {
		b.Add(Said{Dialog: fmt.Sprint("stranger-", i), Asks: true, Bytes: []byte("INVITE sip:x SIP/2.0\r\n\r\n")})
	}
	for _, id := range []string{"one", "two"} {
		if _, ok := b.Find(id); !ok {
			t.Errorf("strangers pushed out %s", id)
		}
	}
	if _, ok := b.Find("stranger-999"); ok {
		t.Error("a stranger's INVITE is a call")
	}
	b.Join("call", "caller", "stranger-999")
	if got, ok := b.Find("call"); !ok || len(got.Messages) != 1 || got.Messages[0].Line != "INVITE" {
		t.Errorf("%+v", got)
	}
}

// BenchmarkAdd is what a message costs that is kept, and one that belongs to no call.
func BenchmarkAdd(b *testing.B) {
	book := New(Default())
	text := []byte(withNumbers)
	for name, opens := range map[string]bool{"kept": true, "of no call": false} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				book.Add(Said{Dialog: fmt.Sprint("d", opens, i%5000), Peer: carrier, Opens: opens, Bytes: text})
			}
		})
	}
}
