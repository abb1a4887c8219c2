package dtmf

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestParseInfoReadsWhatPhonesSend(t *testing.T) {
	const relay, plain = "application/dtmf-relay", "application/dtmf"
	for _, c := range []struct {
		contentType, body string
		digit             byte
		duration          time.Duration
	}{
		{relay, "Signal=5\r\nDuration=160\r\n", '5', 160 * time.Millisecond},
		{relay, "Signal= 5\nDuration= 160", '5', 160 * time.Millisecond},
		{relay, "signal=*\r\nduration=250", '*', 250 * time.Millisecond},
		{relay, "Signal=#", '#', 0},
		{relay, "Signal=10", '*', 0},
		{relay, "Signal=11", '#', 0},
		{relay, "Signal=12", 'A', 0},
		{relay, "Signal=d", 'D', 0},
		{relay, "Duration=100\r\nSignal=0\r\nX-Other=1", '0', 100 * time.Millisecond},
		{relay, "Signal=1\r\nDuration=60000", '1', maxInfoDuration},
		{"Application/DTMF-Relay; charset=utf-8", "Signal=7", '7', 0},
		{plain, "5", '5', 0},
		{plain, " 5\r\n", '5', 0},
		{plain, "11", '#', 0},
		{plain, "Signal=9\r\nDuration=80", '9', 80 * time.Millisecond},
	} {
		digit, duration, err := ParseInfo(c.contentType, []byte(c.body))
		if err != nil || digit != c.digit || duration != c.duration {
			t.Errorf("%s %q: %q, %v, %v", c.contentType, c.body, digit, duration, err)
		}
	}
}

func TestParseInfoRefusesTheRest(t *testing.T) {
	const relay, plain = "application/dtmf-relay", "application/dtmf"
	for _, c := range []struct{ contentType, body, want string }{
		{relay, "", "no Signal line"},
		{relay, "Duration=160", "no Signal line"},
		{relay, "Signal=", "want 0-9"},
		{relay, "Signal=16", "want 0-9"},
		{relay, "Signal=05", "want 0-9"},
		{relay, "Signal=!", "want 0-9"},
		{relay, "Signal=12345", "want 0-9"},
		{relay, "Signal=1\r\nSignal=2", "two Signal lines"},
		{relay, "Signal=1\r\nDuration=long", "want milliseconds"},
		{relay, "Signal=1\r\nDuration=-1", "want milliseconds"},
		{plain, "", "want 0-9"},
		{plain, "123", "want 0-9"},
		{plain, strings.Repeat("1", 5000), "at most 1024"},
		{"text/plain", "5", "want application/dtmf-relay"},
		{"", "5", "content type"},
	} {
		_, _, err := ParseInfo(c.contentType, []byte(c.body))
		if !errors.Is(err, ErrInfo) || !strings.Contains(fmt.Sprint(err), c.want) {
			t.Errorf("%s %.20q: %v; want %q in it", c.contentType, c.body, err, c.want)
		}
	}
}

func TestIsInfoKnowsItsContentTypes(t *testing.T) {
	for contentType, want := range map[string]bool{
		"application/dtmf-relay": true, "APPLICATION/DTMF;x=y": true,
		"application/media_control+xml": false, "": false, ";": false,
	} {
		if IsInfo(contentType) != want {
			t.Errorf("IsInfo(%q) = %v", contentType, !want)
		}
	}
}

func FuzzParseInfo(f *testing.F) {
	f.Add("application/dtmf-relay", []byte("Signal=5\r\nDuration=160\r\n"))
	f.Add("application/dtmf-relay; charset=utf-8", []byte("Signal= 11\nDuration = 1"))
	f.Add("application/dtmf", []byte("5"))
	f.Fuzz(func(t *testing.T, contentType string, body []byte) {
		digit, duration, err := ParseInfo(contentType, body)
		if err != nil {
			if !errors.Is(err, ErrInfo) || len(err.Error()) > 400 {
				t.Fatalf("error %v", err)
			}
			return
		}
		if !strings.Contains(keys, string(digit)) || duration < 0 || duration > maxInfoDuration {
			t.Fatalf("%q for %v", digit, duration)
		}
		if !IsInfo(contentType) {
			t.Fatalf("content type %q", contentType)
		}
	})
}

// told is one report of a key.
type told struct {
	digit  byte
	method string
	at     time.Duration
	accept bool
}

func TestMergerCountsEachPressOnce(t *testing.T) {
	const ms = time.Millisecond
	for name, reports := range map[string][]told{
		"both methods": {
			{'1', "rfc4733", 0, true}, {'1', "info", 80 * ms, false},
		},
		"three methods": {
			{'1', "inband", 0, true}, {'1', "rfc4733", 20 * ms, false}, {'1', "info", 90 * ms, false},
		},
		"two quick presses by both": {
			{'1', "rfc4733", 0, true}, {'1', "info", 50 * ms, false},
			{'1', "rfc4733", 200 * ms, true}, {'1', "info", 250 * ms, false},
		},
		"two presses, the second method late for both": {
			{'1', "rfc4733", 0, true}, {'1', "rfc4733", 150 * ms, true},
			{'1', "info", 300 * ms, false}, {'1', "info", 400 * ms, false}, {'1', "info", 450 * ms, true},
		},
		"one method only": {
			{'1', "info", 0, true}, {'1', "info", 100 * ms, true}, {'1', "info", 200 * ms, true},
		},
		"another key": {
			{'1', "info", 0, true}, {'2', "rfc4733", 100 * ms, true},
		},
		"after the window": {
			{'1', "info", 0, true}, {'1', "rfc4733", 500 * ms, true},
		},
	} {
		var m Merger
		for _, r := range reports {
			if got := m.Accept(r.digit, r.method, epoch.Add(r.at)); got != r.accept {
				t.Errorf("%s: %c by %s at %v: %v", name, r.digit, r.method, r.at, got)
			}
		}
	}
}

func TestTheMergerAllocatesNothing(t *testing.T) {
	var m Merger
	now := epoch
	if n := testing.AllocsPerRun(100, func() {
		now = now.Add(time.Second)
		m.Accept('1', "rfc4733", now)
		m.Accept('1', "info", now)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestPayloadsComeBackAsTheyWere(t *testing.T) {
	for _, p := range []Packet{{}, {Event: 15, Volume: 63, Duration: 65535, End: true}, {Event: 255, Duration: 1}} {
		back, ok := ParsePayload(p.AppendPayload(nil))
		if !ok || back != p {
			t.Errorf("%+v became %+v", p, back)
		}
	}
	if _, ok := ParsePayload([]byte{1, 2, 3}); ok {
		t.Error("a short payload passed")
	}
	if p, ok := ParsePayload([]byte{1, 0x4A, 0, 160, 9, 9, 9, 9}); !ok || p.Volume != 10 || p.End {
		t.Errorf("with the reserved bit and a second block: %+v, %v", p, ok)
	}
}

func TestDigitsAndEventsCorrespond(t *testing.T) {
	for event := range 256 {
		digit, ok := Digit(uint8(event))
		if ok != (event < 16) {
			t.Errorf("event %d: %v", event, ok)
		}
		if back, known := EventOf(digit); ok && (!known || int(back) != event) {
			t.Errorf("event %d became %d", event, back)
		}
	}
	if event, ok := EventOf('b'); !ok || event != 13 {
		t.Errorf("b: %d, %v", event, ok)
	}
	if _, ok := EventOf('x'); ok {
		t.Error("x is a key")
	}
}

func TestAPressIsPacedEndsThriceAndIsMarkedOnce(t *testing.T) {
	packets, err := Generator{SSRC: 9}.Press('#', 5000, 100*time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, p := range packets {
		got = append(got, fmt.Sprintf("%v %d %v %v", p.At, p.Duration, p.Marker, p.End))
	}
	want := []string{
		"0s 160 true false", "20ms 320 false false", "40ms 480 false false", "60ms 640 false false",
		"80ms 800 false true", "100ms 800 false true", "120ms 800 false true",
	}
	if strings.Join(got, "; ") != strings.Join(want, "; ") {
		t.Errorf("%q\nwant %q", got, want)
	}
	if _, err := (Generator{}).Press('x', 0, time.Second); err == nil {
		t.Error("key x passed")
	}
}

func TestAPressWithoutLengthIsThreeEnds(t *testing.T) {
	packets, err := Generator{}.Press('1', 5000, 0)
	if err != nil || len(packets) != 3 || !packets[0].End || packets[0].Duration != 0 {
		t.Errorf("%+v, %v", packets, err)
	}
}

func TestAnInfoOfOursReadsBackAsTheKey(t *testing.T) {
	for event := range uint8(16) {
		key, _ := Digit(event)
		got, length, err := ParseInfo(InfoType, FormatInfo(key, 120*time.Millisecond))
		if err != nil || got != key || length != 120*time.Millisecond {
			t.Errorf("%c reads back as %c for %v: %v", key, got, length, err)
		}
	}
}

func TestTheMergerForeseesAnEchoAndChangesNothing(t *testing.T) {
	var m Merger
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	if m.Echoes('5', "rfc4733", now) {
		t.Error("an echo of nothing")
	}
	m.Accept('5', "info", now)
	for range 3 {
		if !m.Echoes('5', "rfc4733", now.Add(100*time.Millisecond)) || m.Echoes('6', "rfc4733", now) || m.Echoes('5', "info", now) {
			t.Error("want the other method's report of this key alone to be an echo")
		}
	}
	if m.Accept('5', "rfc4733", now.Add(100*time.Millisecond)) || m.Echoes('5', "rfc4733", now.Add(200*time.Millisecond)) {
		t.Error("one press takes up one report of each other method")
	}
	if m.Echoes('5', "inband", now.Add(mergeWindow)) {
		t.Error("an echo long after")
	}
}
