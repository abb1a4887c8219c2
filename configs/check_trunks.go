package configs

import (
	"errors"
	"maps"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"time"

	"assent/policy"
	"assent/trunk"
)

// week is longer than any call, and than anyone rings or waits.
const week = 7 * day

// day is longer than any session interval.
const day = 24 * time.Hour

func (l *loader) checkTrunks() {
	entries(l, "trunks", l.Trunks, func(path, _ string, t trunk.Config) {
		l.checkWays(path, t)
		l.oneOf(path+".answer", t.Answer, trunk.AnswerImmediate, trunk.AnswerOnAgent)
		l.oneOf(path+".dtmf", t.DTMF, trunk.DTMFAuto, trunk.DTMFRFC4733, trunk.DTMFInfo, trunk.DTMFInband)
		l.oneOf(path+".rtp_source", t.RTPSource, trunk.RTPSourceSDP, trunk.RTPSourceLearn)
		l.checkSRTP(path+".srtp", t.SRTP, l.safeTrunk(t))
		l.checkTerms(path, t.PRACK, t.SessionTimer)
		l.checkDiversions(path, t.Redirect, t.Refer)
		within(l, path+".limits.calls", t.Limits.Calls, 0, 1_000_000)
		within(l, path+".limits.per_second", t.Limits.PerSecond, 0, 1_000_000)
		l.length(path+".rtp_timeout", t.RTPTimeout, 0, week)
		l.length(path+".max_duration", t.MaxDuration, 0, week)
		l.checkRule(path+".recording", t.Recording)
	})
	l.checkTies()
}

// checkWays checks how calls come and go: sources, numbers, the flow, gateways.
func (l *loader) checkWays(path string, t trunk.Config) {
	if len(t.Sources) == 0 && len(t.Gateways) == 0 {
		l.report(path, "give sources, who may call on it, or gateways, where its calls go", "no call can come or go by this trunk")
	}
	for i, text := range t.Sources {
		if err := sourceError(text); err != nil {
			l.reportError(item(path+".sources", i), err)
		} else if isCertificate(text) {
			l.checkCertificateSource(item(path+".sources", i))
		} else if Documentation(text) {
			l.warn(item(path+".sources", i), "write your carrier's", "%s is an address for documentation; no call will come from it", text)
		}
	}
	l.twice(path+".sources", t.Sources)
	for i, text := range t.Numbers {
		if !numberPattern.MatchString(text) {
			l.report(item(path+".numbers", i), `write a number, a number's beginning and *, or "*" for all`, "%q is no called number", text)
		}
	}
	l.twice(path+".numbers", t.Numbers)
	if len(t.Sources) > 0 && len(t.Numbers) == 0 {
		l.warn(path, `give numbers; "*" is all`, "the trunk serves no number: every call on it gets a 404")
	}
	l.checkGateways(path, t)
	switch {
	case t.Flow != "":
		l.checkFlow(path+".flow", t.Flow)
	case len(t.Sources) > 0:
		l.report(path, "give flow, the name of one in "+l.Flows, "the trunk has no flow: its calls would lead nowhere")
	}
}

// sourceError returns what the trunks' table says about one source.
func sourceError(text string) error {
	one := trunk.DefaultConfig()
	one.Sources, one.Numbers = []string{text}, []string{"*"}
	_, err := trunk.New(map[string]trunk.Config{"": one}, nil)
	if err == nil {
		return nil
	}
	return textError(strings.TrimPrefix(strings.TrimPrefix(err.Error(), "trunk "), ": "))
}

// textError is an error that is its text.
type textError string

func (e textError) Error() string { return string(e) }

// numberPattern is a called number, exact or the beginning of one.
var numberPattern = regexp.MustCompile(`^(\*|[+A-Za-z0-9_.#-][+A-Za-z0-9_.#() -]{0,63}\*?)$`)

// checkTies builds the table of all trunks whose sources are good: it refuses two
// that would take the same call with equal right.
func (l *loader) checkTies() {
	good := maps.Clone(l.Trunks)
	maps.DeleteFunc(good, func(_ string, t trunk.Config) bool {
		return slices.ContainsFunc(t.Sources, func(text string) bool { return sourceError(text) != nil })
	})
	_, err := trunk.New(good, nil)
	ties := each(err)
	for _, tie := range ties[:min(len(ties), maxTies)] {
		l.reportError(l.tied(tie.Error()), tie)
	}
}

// maxTies bounds the ties that are told: one careless "*" makes one per trunk.
const maxTies = 20

// tied returns the path of the trunk that stands later in the file, of the two that
// a tie names: "trunks A and B tie: …".
func (l *loader) tied(message string) string {
	pair, _, _ := strings.Cut(strings.TrimPrefix(message, "trunks "), " tie: ")
	for name := range l.Trunks {
		other, ok := strings.CutPrefix(pair, name+" and ")
		if _, known := l.Trunks[other]; !ok || !known {
			continue
		}
		one, _ := l.doc.At("trunks." + name)
		two, _ := l.doc.At("trunks." + other)
		if one.Line > two.Line {
			return "trunks." + name
		}
		return "trunks." + other
	}
	return "trunks"
}

// each returns the errors that were joined to err.
func each(err error) []error {
	var joined interface{ Unwrap() []error }
	switch {
	case err == nil:
		return nil
	case errors.As(err, &joined):
		return joined.Unwrap()
	}
	return []error{err}
}

func (l *loader) checkFlow(path, name string) {
	if slices.ContainsFunc(l.flows, func(f flowFile) bool { return f.doc == nil }) && !slices.Contains(names(l.flows), name) {
		return // it may be in the file that can't be read, which is reported
	}
	if len(l.flows) == 0 {
		at := path // where the folder is not named either
		if l.doc.Find("flows") != nil {
			at = "flows"
		}
		l.report(at, "put "+name+".yaml there, with flow: "+name+" in it", "the folder %s holds no flow, and %s needs one", l.Flows, path)
		return
	}
	l.known(path, name, "flows", names(l.flows))
}

// checkRule checks the recording rule of a trunk.
func (l *loader) checkRule(path string, r policy.TrunkRule) {
	l.oneOf(path+".consent", r.Consent, policy.ConsentRequired, policy.ConsentNotRequired)
	l.oneOf(path+".station_consent", r.StationConsent, policy.StationInboundOnly, policy.StationEverywhere)
	l.oneOf(path+".on_withdrawal", r.OnWithdrawal, policy.WithdrawalKeep, policy.WithdrawalTruncate, policy.WithdrawalErase)
	if r.Format != "" {
		l.checkFormat(path+".format", r.Format, r.DualChannel)
	}
	l.checkPhases(path+".suppress", r.Suppress)
	within(l, path+".beep.hz", r.Beep.Hz, 100, 3400)
	l.length(path+".beep.length", r.Beep.Length, 10*time.Millisecond, 5*time.Second)
	l.length(path+".beep.every", r.Beep.Every, time.Second, time.Hour)
	if r.Beep.Every <= r.Beep.Length && r.Beep.Every >= time.Second {
		l.report(path+".beep.every", "use more than its length", "a beep would begin before the one before it is over")
	}
	within(l, path+".beep.gain_db", r.Beep.GainDB, -60, 0)
}

func (l *loader) checkPhases(path string, phases []policy.Phase) {
	words := []string{string(policy.PhaseIVR), string(policy.PhaseQueueWait), string(policy.PhaseTalk), string(policy.PhaseHold), string(policy.PhaseConsult)}
	for i, phase := range phases {
		l.known(item(path, i), string(phase), "phases", words)
		if slices.Index(phases, phase) < i {
			l.report(item(path, i), "remove it", "%s stands here twice", phase)
		}
	}
}

// Documentation reports whether an address is one that RFC 5737 or RFC 3849 keeps
// for documentation.
func Documentation(text string) bool {
	for _, network := range []string{"192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32"} {
		if addr := LeadingAddr(text); addr.IsValid() && netip.MustParsePrefix(network).Contains(addr) {
			return true
		}
	}
	return false
}

// LeadingAddr returns the IP address that a source or a host begins with.
func LeadingAddr(text string) netip.Addr {
	text = strings.TrimPrefix(text, "[")
	for _, end := range []string{"", "]", "/", ":"} {
		host := text
		if end != "" {
			host, _, _ = strings.Cut(text, end)
		}
		if addr, err := netip.ParseAddr(host); err == nil {
			return addr
		}
	}
	return netip.Addr{}
}
