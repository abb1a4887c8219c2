package evidence

import (
	"slices"
	"testing"
)

// agreeing are four lists of one recording that agree.
func agreeing() ([]Decided, []Ledgered, []Filed, []Listed) {
	return []Decided{{Call: "c", Recording: "r", Decision: "record", Result: "ok", Settled: true}},
		[]Ledgered{{Call: "c", Recording: "r", Started: true, Sealed: true, SHA256: "aa"}},
		[]Filed{{Recording: "r", Audio: true, Sidecar: true}},
		[]Listed{{Call: "c", Recording: "r", SHA256: "aa"}}
}

func TestListsThatAgreeHaveNoMismatch(t *testing.T) {
	if found := Reconcile(agreeing()); len(found) != 0 {
		t.Error(found)
	}
}

func TestWhatTheListsDoNotAgreeOnIsNamed(t *testing.T) {
	for name, c := range map[string]struct {
		change func(d *[]Decided, l *[]Ledgered, f *[]Filed, s *[]Listed)
		want   []string
	}{
		"no file":         {func(_ *[]Decided, _ *[]Ledgered, f *[]Filed, _ *[]Listed) { *f = nil }, []string{FileMissing}},
		"moved elsewhere": {func(_ *[]Decided, _ *[]Ledgered, f *[]Filed, s *[]Listed) { *f, (*s)[0].Elsewhere = nil, true }, nil},
		"no sidecar":      {func(_ *[]Decided, _ *[]Ledgered, f *[]Filed, _ *[]Listed) { (*f)[0].Sidecar = false }, []string{FileAlone}},
		"never sealed": {func(_ *[]Decided, l *[]Ledgered, _ *[]Filed, _ *[]Listed) { (*l)[0].Sealed = false },
			[]string{FileUnsealed, ListedAlone, ResultAlone}},
		"erased": {func(_ *[]Decided, l *[]Ledgered, f *[]Filed, s *[]Listed) { (*l)[0].Erased, *f, *s = true, nil, nil }, nil},
		"erased with its file": {func(_ *[]Decided, l *[]Ledgered, _ *[]Filed, s *[]Listed) { (*l)[0].Erased, *s = true, nil },
			[]string{FileErased}},
		"not listed":   {func(_ *[]Decided, _ *[]Ledgered, _ *[]Filed, s *[]Listed) { *s = nil }, []string{Unlisted}},
		"another hash": {func(_ *[]Decided, _ *[]Ledgered, _ *[]Filed, s *[]Listed) { (*s)[0].SHA256 = "bb" }, []string{HashDiffers}},
		"no result":    {func(d *[]Decided, _ *[]Ledgered, _ *[]Filed, _ *[]Listed) { (*d)[0].Result = "none" }, []string{BegunForNone, ResultUnknown}},
		"a foreign file": {func(d *[]Decided, l *[]Ledgered, _ *[]Filed, s *[]Listed) { *d, *l, *s = nil, nil, nil },
			[]string{FileUnsealed}},
		"too short": {func(d *[]Decided, l *[]Ledgered, f *[]Filed, s *[]Listed) {
			(*d)[0].Result, (*l)[0].Sealed, *f, *s = "too_short", false, nil, nil
		}, nil},
		"not settled": {func(d *[]Decided, _ *[]Ledgered, f *[]Filed, s *[]Listed) { (*d)[0].Settled, *f, *s = false, nil, nil }, nil},
	} {
		d, l, f, s := agreeing()
		c.change(&d, &l, &f, &s)
		var kinds []string
		for _, m := range Reconcile(d, l, f, s) {
			kinds = append(kinds, m.Kind)
			if m.Recording != "r" || m.What == "" {
				t.Errorf("%s: %+v", name, m)
			}
		}
		if !slices.Equal(kinds, c.want) {
			t.Errorf("%s: %q, want %q", name, kinds, c.want)
		}
	}
}
