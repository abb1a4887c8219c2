package source

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestDurationsAreReadAsPeopleWriteThem(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"0": 0, "0s": 0, "200ms": 200 * time.Millisecond, "365d": 365 * day, "1d12h": 36 * time.Hour, "1h30m": 90 * time.Minute, "0d": 0,
	} {
		if got, err := ParseDuration(text); err != nil || got != want {
			t.Errorf("%s is %v (%v), want %v", text, got, err, want)
		}
	}
	for _, text := range []string{"", "5", "1.5", "-1s", "5 s", "5x", "d", "1.5d", "106752d", "99999999999999999999d", "106751d23h50m", "1h1d", "NaN"} {
		if got, err := ParseDuration(text); err == nil {
			t.Errorf("%q was read as %v", text, got)
		}
	}
}

func TestDurationsAreWrittenAsPeopleWriteThem(t *testing.T) {
	for want, d := range map[string]time.Duration{
		"0s": 0, "200ms": 200 * time.Millisecond, "365d": 365 * day, "36h": 36 * time.Hour, "1h30m": 90 * time.Minute,
		"30s": 30 * time.Second, "5m": 5 * time.Minute, "1m30s": 90 * time.Second, "10m": 10 * time.Minute,
	} {
		if got := FormatDuration(d); got != want {
			t.Errorf("%v is written %s, want %s", d, got, want)
		}
		if back, err := ParseDuration(FormatDuration(d)); err != nil || back != d {
			t.Errorf("%v comes back as %v (%v)", d, back, err)
		}
	}
}

func TestNearestFindsTypingErrorsAndNothingElse(t *testing.T) {
	names := []string{"listen", "public_address", "ports", "codecs", "carrier-a", "support"}
	for name, want := range map[string]string{
		"lisen": "listen", "listne": "listen", "Listen": "listen", "public-address": "public_address", "port": "ports",
		"carrier_b": "carrier-a", "suport": "support", "supporting": "support", "su": "", "xyz": "", "": "", "queue": "",
		strings.Repeat("x", 100_000): "",
	} {
		if got := Nearest(name, names); got != want {
			t.Errorf("nearest to %.20s is %q, want %q", name, got, want)
		}
	}
	if got := Suggest("zzz", "queues", nil); got != "there are no queues" {
		t.Error(got)
	}
	if got := Suggest("zzz", "queues", []string{"b", "a"}); got != "the queues are a, b" {
		t.Error(got)
	}
}

func TestExcerptsAreShortAndPrintable(t *testing.T) {
	line := "key: " + strings.Repeat("x", 500) + "HERE" + strings.Repeat("y", 500)
	got := strings.Split(excerpt([]string{line}, Position{Line: 1, Column: 506}), "\n")
	if len(got) != 2 || len(got[0]) > maxExcerpt+2 || got[0][strings.IndexByte(got[1], '^')] != 'H' {
		t.Errorf("the caret misses:\n%s", strings.Join(got, "\n"))
	}
	if got := excerpt([]string{"a\tb\x1b[2J"}, Position{Line: 1, Column: 3}); got != "  a\tb?[2J\n   \t^" {
		t.Errorf("%q", got)
	}
	for _, pos := range []Position{{}, {Line: 2, Column: 1}, {Line: 1}} {
		if got := excerpt([]string{"a"}, pos); got != "" {
			t.Errorf("%v shows %q", pos, got)
		}
	}
}

func TestProblemsSortOnceEachAndWarningsAreNoErrors(t *testing.T) {
	at := func(line int, message string, warning bool) Problem {
		return Problem{Pos: Position{File: "f", Line: line, Column: 1}, Message: message, Warning: warning}
	}
	ps := Problems{at(3, "c", false), at(1, "a", true), at(3, "c", false), at(2, "b", false)}
	if got := ps.Err().Error(); got != "f:2:1: b\nf:3:1: c" {
		t.Errorf("the error is\n%s", got)
	}
	if err := ps.Warnings().Err(); err != nil {
		t.Errorf("warnings are an error: %v", err)
	}
	if got := ps.Sort().Error(); got != "f:1:1: warning: a\nf:2:1: b\nf:3:1: c" {
		t.Errorf("sorted they are\n%s", got)
	}
	if All(nil) != nil || len(All(at(1, "x", false))) != 1 || All(strings.NewReader("").UnreadByte())[0].Message == "" {
		t.Error("All lost a problem")
	}
}

func ExampleParse() {
	type config struct {
		Listen []string `yaml:"listen"`
	}
	d, err := Parse("assent.yaml", []byte("lisen: [udp]\n"))
	if err != nil {
		panic(err)
	}
	var c config
	fmt.Println(d.Decode(&c))
	// Output:
	// assent.yaml:1:1: unknown key lisen; did you mean listen?
	//   lisen: [udp]
	//   ^
}
