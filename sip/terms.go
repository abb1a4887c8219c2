package sip

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"assent/terms"
)

// Option tags of the extensions that we speak, as Supported and Require name them.
const (
	tagReliable = "100rel"   // RFC 3262
	tagTimer    = "timer"    // RFC 4028
	tagReplaces = "replaces" // RFC 3891
)

// spoken are the extensions that a request may require.
var spoken = []string{tagReliable, tagTimer, tagReplaces, tagNoRefer}

// Terms are what we allow and want of SIP's extensions in one dialog. The zero value offers and asks for nothing, and
// does what the peer insists on.
type Terms struct {
	Reliable string        // provisional answers with PRACK (RFC 3262): one of the words of package terms
	Expires  time.Duration // the session interval that we ask for (RFC 4028), whole seconds; 0: no session timer
	Min      time.Duration // the shortest session interval that we take (Min-SE)
}

// Why a peer's INVITE does not fit our terms.
var (
	ErrNotReliable = errors.New("the peer does not support 100rel, which our side requires")
	ErrReliableOff = errors.New("the peer requires 100rel, which our side does not allow")
	ErrTooBrief    = errors.New("the peer's session interval is shorter than our side takes")
)

// asked is what the INVITE that opened a dialog says of extensions.
type asked struct {
	reliable, insists bool // 100rel is supported, or required
	session           sessionAsk
}

// Agree sets the terms of an incoming call; they hold from then on. It returns why the INVITE does not fit them: the
// user then refuses with the status that the error stands for (421, 420, 422), and the headers that belong to it are
// added.
func (g *Leg) Agree(t Terms) error {
	g.do(func() { g.terms = t })
	switch a := &g.asked; {
	case g.uac:
		return ErrState
	case t.Reliable == terms.Required && !a.reliable:
		return ErrNotReliable
	case t.Reliable == terms.Off && a.insists:
		return ErrReliableOff
	case a.session.tooBrief(t.Min):
		return ErrTooBrief
	}
	return nil
}

// refusalHeaders are what a refusal by terms has to say: what would be right.
func (g *Leg) refusalHeaders(status int) []header {
	switch status {
	case 420:
		return []header{{"Unsupported", tagReliable}}
	case 421:
		return []header{{"Require", tagReliable}}
	case 422:
		return []header{{"Min-SE", wholeSeconds(g.terms.Min)}}
	}
	return nil
}

// supported lists what we offer in this dialog. Replaces is understood, to be refused, and so not offered.
func (g *Leg) supported() []header {
	var tags []string
	if g.terms.Reliable == terms.Supported || g.terms.Reliable == terms.Required {
		tags = append(tags, tagReliable)
	}
	if g.terms.Expires > 0 {
		tags = append(tags, tagTimer)
	}
	if len(tags) == 0 {
		return nil
	}
	return []header{{"Supported", strings.Join(tags, ", ")}}
}

// supports reports whether the message's sender speaks an extension.
func (m *message) supports(tag string) bool {
	return m.requires(tag) || hasToken(m.list("supported"), tag)
}

// requires reports whether the message's sender insists on an extension.
func (m *message) requires(tag string) bool { return hasToken(m.list("require"), tag) }

func hasToken(list []string, token string) bool {
	return slices.ContainsFunc(list, func(v string) bool { return strings.EqualFold(v, token) })
}

// unspoken are those of the required extensions that we don't speak.
func unspoken(m *message) []string {
	return slices.DeleteFunc(m.list("require"), func(tag string) bool { return hasToken(spoken, tag) })
}

// wholeSeconds renders a duration as a header's delta-seconds.
func wholeSeconds(d time.Duration) string {
	return strconv.Itoa(int((d + time.Second - 1) / time.Second))
}
