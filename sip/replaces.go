package sip

import (
	"errors"
	"strings"
)

// Replaces names the dialog whose place a new call takes (RFC 3891). The tags are seen from the one who has to find it:
// ToTag is its own.
type Replaces struct {
	CallID, ToTag, FromTag string
	EarlyOnly              bool // only while it rings
}

// errReplaces says what is wrong with a Replaces header.
var errReplaces = errors.New("want Call-ID;to-tag=…;from-tag=…")

// parseReplaces reads a Replaces header (RFC 3891, section 6.1).
func parseReplaces(v string) (*Replaces, error) {
	id, params, _ := strings.Cut(v, ";")
	r := &Replaces{CallID: strings.TrimSpace(id), ToTag: param(params, "to-tag"), FromTag: param(params, "from-tag")}
	for _, p := range splitOutside(params, ';') {
		r.EarlyOnly = r.EarlyOnly || strings.EqualFold(strings.TrimSpace(p), "early-only")
	}
	if r.CallID == "" || len(r.CallID) > 512 || strings.ContainsFunc(r.CallID, blank) || !token(r.ToTag) || !token(r.FromTag) {
		return nil, errReplaces
	}
	return r, nil
}

// header renders it for an INVITE of ours.
func (r *Replaces) header() string {
	v := clean(r.CallID) + ";to-tag=" + clean(r.ToTag) + ";from-tag=" + clean(r.FromTag)
	if r.EarlyOnly {
		v += ";early-only"
	}
	return v
}
