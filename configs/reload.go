package configs

import (
	"fmt"
	"reflect"

	"assent/source"
)

// Unchangeable returns the keys of next that differ from old and can't change while
// the program runs: what is listened on, and where data is kept. A reload with any
// of them is refused whole.
func Unchangeable(old, next *Snapshot) source.Problems {
	var ps source.Problems
	for _, key := range []struct {
		path      string
		was, will any
	}{
		{"sip", old.SIP, next.SIP},
		{"media", old.Media, next.Media},
		{"recordings.dir", old.Recordings.Dir, next.Recordings.Dir},
		{"consent.ledger", old.Consent.Ledger, next.Consent.Ledger},
		{"cdr.file", old.CDR.File, next.CDR.File},
		{"store", old.Store, next.Store},
		{"api.listen", old.API.Listen, next.API.Listen},
		{"log", old.Log, next.Log},
	} {
		if !reflect.DeepEqual(key.was, key.will) {
			ps = append(ps, next.Problem(key.path, fmt.Sprintf("%s can't change while assent runs", key.path), "restart it, or put the old value back"))
		}
	}
	return ps
}
