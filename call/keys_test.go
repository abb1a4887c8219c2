package call

import (
	"testing"
	"time"
)

func TestASequenceIsFoundWhereverItBegins(t *testing.T) {
	now := time.Unix(1e9, 0)
	for typed, want := range map[string]string{
		"*7": "*7", "5*7": "*7", "**7": "*7", "*8": "*8", "*78": "*7", "7*": "", "*57": "", "1234": "", "*7*8": "*7 *8", "##9": "##9", "###9": "##9",
	} {
		var s sequence
		got := ""
		for i := range typed {
			if done := s.add(typed[i], now, "*7", "*8", "##9", ""); done != "" {
				if got != "" {
					got += " "
				}
				got += done
			}
			if len(s.pressed) > 2 {
				t.Errorf("%s: %q is kept", typed, s.pressed)
			}
		}
		if got != want {
			t.Errorf("%s: %q, want %q", typed, got, want)
		}
	}
}

func TestASequenceThatIsPausedInIsNone(t *testing.T) {
	var s sequence
	now := time.Unix(1e9, 0)
	s.add('*', now, "*7")
	if done := s.add('7', now.Add(interKey+time.Millisecond), "*7"); done != "" {
		t.Errorf("%s after a long wait", done)
	}
}

func TestKeysOfAPartyWithoutSequencesAreForgotten(t *testing.T) {
	var s sequence
	for _, key := range []byte("4539578763621486") {
		if s.add(key, time.Unix(1e9, 0), "") != "" || s.pressed != "" {
			t.Fatalf("%q is kept", s.pressed)
		}
	}
}
