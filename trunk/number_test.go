package trunk

import (
	"strings"
	"testing"
)

func TestNumberHasNoSeparatorsEscapesAndParameters(t *testing.T) {
	for user, want := range map[string]string{
		"+4980012345": "+4980012345", "+49-800.(123) 45": "+4980012345", "+49800;npdi;rn=1": "+49800", "%2B49%20800": "+49800",
		"": "", ";": "", "*43%23": "*43#", "support": "support", "100%": "100%", "1%2": "1%2", "1%zz2": "1%zz2", "1%2d2": "12",
	} {
		if got := Number(user); got != want {
			t.Errorf("%q is %q, want %q", user, got, want)
		}
	}
}

func FuzzNumberIsStableAndClean(f *testing.F) {
	for _, seed := range []string{"+49-800", "%2B49", "a;b", "%", "%%2525", "( )"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, user string) {
		got := Number(user)
		if len(got) > len(user) || strings.ContainsAny(got, separators) {
			t.Errorf("%q is %q", user, got)
		}
	})
}

func FuzzSourceReadsOrFailsCleanly(f *testing.F) {
	for _, seed := range []string{"192.0.2.0/24:5060", "[2001:db8::/32]:5060", "[::]/0:1", "::ffff:1.2.3.4/96", "fe80::1%eth0", "[", "[]:"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		s, err := parseSource(text)
		if err != nil {
			return
		}
		if again, err := parseSource(s.String()); err != nil || again != s {
			t.Errorf("%q is read as %s, and that as %v (%v)", text, s, again, err)
		}
	})
}
