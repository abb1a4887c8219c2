package evidence

import (
	"cmp"
	"fmt"
	"slices"
)

// The kinds of mismatch.
const (
	FileMissing   = "file_missing"   // sealed, and no file
	FileUnsealed  = "file_unsealed"  // a file that was never sealed
	FileErased    = "file_erased"    // a file of a recording that was erased
	FileAlone     = "file_alone"     // audio without a sidecar, or a sidecar without audio
	Unlisted      = "unlisted"       // sealed, and not in the store
	ListedAlone   = "listed_alone"   // in the store, and never sealed
	HashDiffers   = "hash_differs"   // store and ledger name different hashes
	ResultAlone   = "result_alone"   // a call's record says that audio was kept, and the ledger knows of none
	BegunForNone  = "begun_for_none" // begun by the ledger, and the call's record has no result
	ResultUnknown = "result_unknown" // a call decided to record, and its record has no result
)

// Decided is what a call's record says of its recording.
type Decided struct {
	Call      string
	Recording string
	Decision  string // record, or what else was decided last
	Result    string // none, ok, degraded, failed, blocked, too_short
	Settled   bool   // false: the call runs, or has ended just now, and its traces may still come
}

// Ledgered is what the ledger says of a recording.
type Ledgered struct {
	Call      string
	Recording string
	Started   bool
	Sealed    bool
	Erased    bool
	SHA256    string
}

// Filed is what lies in the recordings folder.
type Filed struct {
	Recording string
	Audio     bool
	Sidecar   bool
}

// Listed is what the store lists.
type Listed struct {
	Call      string
	Recording string
	SHA256    string
	Elsewhere bool // the file is not kept in the recordings folder
}

// Mismatch is one thing that the four lists do not agree on.
type Mismatch struct {
	Kind      string `json:"kind"` // one of the constants
	Recording string `json:"recording"`
	Call      string `json:"call,omitempty"`
	What      string `json:"what"`
}

// holding is what all lists say of one recording.
type holding struct {
	decided  *Decided
	ledgered *Ledgered
	filed    *Filed
	listed   *Listed
}

// Reconcile compares what calls decided, what the ledger says, what lies in the folder, and what the store lists. Calls that
// are not settled are passed over. The result is sorted by recording.
func Reconcile(decided []Decided, ledgered []Ledgered, filed []Filed, listed []Listed) []Mismatch {
	all := map[string]*holding{}
	of := func(id string) *holding {
		if all[id] == nil {
			all[id] = &holding{}
		}
		return all[id]
	}
	open, ended := map[string]bool{}, map[string]*Decided{}
	var found []Mismatch
	for i := range decided {
		d := &decided[i]
		ended[d.Call], open[d.Call] = d, !d.Settled
		if d.Recording != "" {
			of(d.Recording).decided = d
		}
		if d.Settled && d.Decision == "record" && (d.Result == "" || d.Result == "none") {
			found = append(found, Mismatch{ResultUnknown, d.Recording, d.Call, "the call decided to record, and has no result"})
		}
	}
	for i := range ledgered {
		of(ledgered[i].Recording).ledgered = &ledgered[i]
	}
	for i := range filed {
		of(filed[i].Recording).filed = &filed[i]
	}
	for i := range listed {
		of(listed[i].Recording).listed = &listed[i]
	}
	for id, h := range all {
		call := h.call()
		if open[call] {
			continue
		}
		for kind, what := range h.mismatches(ended[call]) {
			found = append(found, Mismatch{kind, id, call, what})
		}
	}
	slices.SortFunc(found, func(a, b Mismatch) int {
		return cmp.Or(cmp.Compare(a.Recording, b.Recording), cmp.Compare(a.Kind, b.Kind))
	})
	return found
}

// call returns the call of a recording, "" if nobody knows it.
func (h *holding) call() string {
	switch {
	case h.ledgered != nil:
		return h.ledgered.Call
	case h.listed != nil:
		return h.listed.Call
	case h.decided != nil:
		return h.decided.Call
	}
	return ""
}

// mismatches returns what does not agree, by kind. record is the call's, nil if there is none.
func (h *holding) mismatches(record *Decided) map[string]string {
	found := map[string]string{}
	l, f, s := orZero(h.ledgered), orZero(h.filed), orZero(h.listed)
	kept := l.Sealed && !l.Erased
	if kept && !f.Audio && !s.Elsewhere {
		found[FileMissing] = "the ledger sealed it, and its file is not there"
	}
	if f.Audio && !l.Sealed {
		found[FileUnsealed] = "the file is there, and the ledger never sealed it"
	}
	if f.Audio && l.Erased {
		found[FileErased] = "the ledger says that it was erased, and its file is there"
	}
	if h.filed != nil && f.Audio != f.Sidecar {
		found[FileAlone] = fmt.Sprintf("audio is there: %t, sidecar is there: %t", f.Audio, f.Sidecar)
	}
	if kept && h.listed == nil {
		found[Unlisted] = "the ledger sealed it, and the store does not list it"
	}
	if h.listed != nil && !l.Sealed {
		found[ListedAlone] = "the store lists it, and the ledger never sealed it"
	}
	if kept && h.listed != nil && s.SHA256 != l.SHA256 {
		found[HashDiffers] = fmt.Sprintf("the ledger sealed %s, the store lists %s", l.SHA256, s.SHA256)
	}
	if d := orZero(h.decided); (d.Result == "ok" || d.Result == "degraded") && !l.Sealed {
		found[ResultAlone] = "the call's record says " + d.Result + ", and the ledger never sealed it"
	}
	if l.Started && record != nil && record.Result == "none" {
		found[BegunForNone] = "the ledger says that it began, and the call's record says that nothing was recorded"
	}
	return found
}

func orZero[T any](p *T) (zero T) {
	if p == nil {
		return zero
	}
	return *p
}
