package numbering

import (
	"strings"
	"testing"
)

func rules(t testing.TB, texts ...string) (list Rules) {
	t.Helper()
	for _, text := range texts {
		var r Rule
		if err := r.UnmarshalText([]byte(text)); err != nil {
			t.Fatal(err)
		}
		list = append(list, r)
	}
	return list
}

func TestOneCallerHasOneNumberHoweverItIsWritten(t *testing.T) {
	in := rules(t, "00=+", "0=+49", "49=+49", "049=+49", "112=112")
	for written, want := range map[string]string{
		"+4930123": "+4930123", "004930123": "+4930123", "04930123": "+4930123", "030123": "+4930123", "4930123": "+4930123",
		"0044201": "+44201", "112": "112", "anonymous": "anonymous", "": "", "alice.00": "alice.00", "sip:0@x": "sip:0@x",
	} {
		if got := in.Apply(written); got != want {
			t.Errorf("%s becomes %s, want %s", written, got, want)
		}
	}
}

func TestNumbersGoOutAsTheTrunkWantsThem(t *testing.T) {
	national := rules(t, "+49=0", "+=00")
	for number, want := range map[string]string{"+4930123": "030123", "+44201": "0044201", "112": "112", "*21#": "*21#"} {
		if got := national.Apply(number); got != want {
			t.Errorf("%s goes out as %s, want %s", number, got, want)
		}
	}
	if got := rules(t, "+=").Apply("+4930"); got != "4930" {
		t.Error(got)
	}
	if got := Rules(nil).Apply("030"); got != "030" {
		t.Error("without rules a number has changed")
	}
}

func TestARuleIsTwoBeginningsOfNumbers(t *testing.T) {
	for _, text := range []string{"", "00", "=+49", "a=b", "00=+4 9", "00 = +", "0=sip:", "0=\r\n", strings.Repeat("1", 40) + "=0", "0+=1"} {
		if err := new(Rule).UnmarshalText([]byte(text)); err == nil || !strings.Contains(err.Error(), "00=+") {
			t.Errorf("%q: %v", text, err)
		}
	}
	if text, err := (Rule{"00", "+"}).MarshalText(); err != nil || string(text) != "00=+" {
		t.Errorf("%s, %v", text, err)
	}
}

func TestTheMoreExactPatternMatchesBetter(t *testing.T) {
	order := []string{"+49301", "+4930*", "+49*", "*"}
	for i, p := range order[1:] {
		if Match(p, "+49301") >= Match(order[i], "+49301") {
			t.Errorf("%s is not worse than %s", p, order[i])
		}
	}
	if Match("+4930", "+49301") >= 0 || !Matches([]string{"1", "+4*"}, "+49301") || Matches(nil, "1") {
		t.Error("a pattern matches what it does not describe")
	}
}

// FuzzApply holds that rules never lengthen a number by more than they say, nor touch what is none.
func FuzzApply(f *testing.F) {
	in := rules(f, "00=+", "0=+49", "+49=0")
	for _, seed := range []string{"", "+", "00", "0049301", "anonymous", "+49\r\nVia: x", "0;phone-context=+49"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, number string) {
		got := in.Apply(number)
		if len(got) > len(number)+2 {
			t.Errorf("%q became %q", number, got)
		}
		if strings.Trim(number, "+0123456789*#") != "" && got != number {
			t.Errorf("%q is no number and became %q", number, got)
		}
	})
}
