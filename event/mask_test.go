package event

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestMaskShowsTheEndsOfLongNumbersOnly(t *testing.T) {
	for number, want := range map[string]string{
		"": "", "1": "…", "110": "…", "1234": "…", "12345": "…45", "1234567": "…67",
		"12345678": "123…78", "+4980012345": "+49…45", "anonymous": "ano…us", "äöüßäöüß": "äöü…üß",
	} {
		if got := Mask(number); got != want {
			t.Errorf("%q masked is %q, want %q", number, got, want)
		}
	}
}

func FuzzMaskNeverShowsMoreThanFiveCharacters(f *testing.F) {
	for _, seed := range []string{"", "1", "+4980012345", "sip:+49@192.0.2.1", "\xff\xfe", "٣٤٥٦٧٨٩٠"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, number string) {
		got := Mask(number)
		shown := utf8.RuneCountInString(strings.Replace(got, "…", "", 1))
		if shown > 5 || number != "" && shown >= utf8.RuneCountInString(number) {
			t.Errorf("%q masked is %q", number, got)
		}
	})
}
