package app

import (
	"fmt"
	"net/netip"
	"strings"

	"assent/route"
	"assent/sip"
	"assent/trunk"
)

// Explanation says where a call would go, without there being one.
type Explanation struct {
	Station string            `json:"station,omitempty"` // that places the call; empty where a trunk does
	Number  string            `json:"number,omitempty"`  // that it calls, as the number plan has it
	Routes  []route.Candidate `json:"routes,omitempty"`  // of the number plan, those that are tried first
	Trunks  []Route           `json:"trunks"`            // the one that takes the call comes first
	Consent *StoredConsent    `json:"stored_consent"`    // nil: no trunk takes the call
}

// Route is a trunk as it was looked at, with what its flow can lead to.
type Route struct {
	trunk.Candidate
	Queues []string `json:"queues"` // that the flow can transfer to; empty: none
}

// StoredConsent says whether the flow would look up a consent that the caller
// gave in an earlier call.
type StoredConsent struct {
	LookedUp bool   `json:"looked_up"`
	Why      string `json:"why"`
}

// Explain loads the configuration and says which trunk, flow and queues take a
// call from the number from at its origin to the number to, and why the other trunks
// do not. It starts nothing and looks nothing up.
func Explain(opts Options, at trunk.Origin, from, to string) (Explanation, error) {
	s, err := load(opts, nil)
	if err != nil {
		return Explanation{}, err
	}
	if e, ok := s.explainStation(at.Addr, from, to); ok {
		return e, nil
	}
	candidates := s.rules.Trunks.Explain(at, to)
	e := Explanation{Trunks: make([]Route, 0, len(candidates))}
	for _, c := range candidates {
		route := Route{Candidate: c, Queues: []string{}}
		if flow, ok := s.rules.Flows.Flow(c.Flow); ok {
			route.Queues = flow.Queues()
		}
		e.Trunks = append(e.Trunks, route)
		if c.Chosen {
			e.Consent = s.storedConsent(c, from)
		}
	}
	return e, nil
}

// explainStation says where a station's call goes; ok is false where no station places it.
func (s *setup) explainStation(src netip.AddrPort, from, to string) (e Explanation, ok bool) {
	station, ok := s.rules.Callers.Find(&sip.Invite{Source: src, Transport: "udp", From: sip.Party{User: from}})
	if !ok {
		return e, false
	}
	number := s.rules.Stations[station].Outbound.Numbering.Apply(trunk.Number(to))
	return Explanation{Station: station, Number: number, Routes: s.rules.Plan.Explain(number, station), Trunks: []Route{}}, true
}

// storedConsent names the first reason against a look-up.
func (s *setup) storedConsent(c trunk.Candidate, from string) *StoredConsent {
	flow, ok := s.rules.Flows.Flow(c.Flow)
	switch {
	case !s.snapshot.Config.Trunks[c.Trunk].TrustCaller:
		return &StoredConsent{Why: fmt.Sprintf("trunks.%s.trust_caller is false: anyone could send that number", c.Trunk)}
	case numberless(from):
		return &StoredConsent{Why: "the caller is anonymous: there is no number to go by"}
	case !ok || !flow.LooksUpConsent():
		return &StoredConsent{Why: fmt.Sprintf("the flow %s has no data_lookup of consent", c.Flow)}
	}
	return &StoredConsent{LookedUp: true, Why: fmt.Sprintf("trunks.%s.trust_caller is true, and the flow %s looks it up", c.Trunk, c.Flow)}
}

// anonymousKeys is ANONYMOUS on a telephone's keys, which some networks send
// for a withheld number.
const anonymousKeys = "266696687"

// numberless tells whether a caller can't be known by what stands for the
// number: the same that the store refuses as anonymous.
func numberless(from string) bool {
	digits := strings.TrimPrefix(trunk.Number(from), "+")
	return strings.Trim(digits, "0") == "" || strings.Trim(digits, "0123456789") != "" || digits == anonymousKeys
}
