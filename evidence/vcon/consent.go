package vcon

import (
	"encoding/json"
	"fmt"

	"assent/consent"
)

// Consent is the consent attachment's body (draft-howe-vcon-consent-00 sections 4 to 12). The draft's text and its example
// name the fields of a consent differently; both names are given.
type Consent struct {
	Expiration *string `json:"expiration"` // null: it does not expire
	Party      int     `json:"party"`
	Dialog     int     `json:"dialog"`
	Consents   []Given `json:"consents"`
	Proof      []Proof `json:"proof"`
}

// Given is one permission, as it stands at the end.
type Given struct {
	Purpose   string `json:"purpose"`
	Status    string `json:"status"` // granted, denied, revoked
	Consent   string `json:"consent"`
	Value     bool   `json:"value"`
	Timestamp string `json:"timestamp"`
	Method    string `json:"method,omitempty"` // how it was given: rfc4733, info, inband, store, api, flow
	Prompt    string `json:"prompt,omitempty"`
	// PromptSHA256 is of the question that the party heard.
	PromptSHA256 string `json:"prompt_sha256,omitempty"`
	Language     string `json:"language,omitempty"`
}

// Proof is a ledger entry and its proof; the type is the address of the proof's format.
type Proof struct {
	Type      string `json:"type"`
	Timestamp string `json:"timestamp"`
	Entry     string `json:"entry"` // the line that the proof is of
	Value     string `json:"value"`
}

// proofType is the format of Proof.Value.
const proofType = "https://c2sp.org/tlog-proof@v1"

// consent makes the attachment of the answers that the ledger has; nil where nobody was asked.
func (s Source) consent() (*Attachment, error) {
	if len(s.Entries) != len(s.Bundle.Entries) {
		return nil, fmt.Errorf("vcon: %d entries and %d proofs", len(s.Entries), len(s.Bundle.Entries))
	}
	body := Consent{Party: external}
	start := ""
	for i, r := range s.Entries {
		given, ok := answer(r)
		if !ok {
			continue
		}
		if start == "" {
			start = given.Timestamp
		}
		body.Consents = []Given{given} // the latest answer holds
		body.Proof = append(body.Proof, Proof{proofType, given.Timestamp, s.Bundle.Entries[i].Line, s.Bundle.Entries[i].Proof})
	}
	if len(body.Consents) == 0 {
		return nil, nil
	}
	text, err := json.Marshal(body)
	if err != nil {
		return nil, fmt.Errorf("encode consent: %w", err)
	}
	a := s.document("consent", "", text)
	a.Start, a.Party = start, external
	return &a, nil
}

// answer returns what an entry says of the party's will, and false if it says nothing of it.
func answer(r consent.Record) (Given, bool) {
	g := Given{Purpose: "recording", Consent: "recording", Timestamp: stamp(r.Time)}
	switch d := r.Data.(type) {
	case consent.ConsentData:
		if d.Basis == consent.BasisNotRequired {
			return g, false
		}
		g.Status = "denied"
		if d.State == "granted" || d.State == "on_file" || d.Basis == consent.BasisAsserted {
			g.Status, g.Value = "granted", true
		}
		g.Method, g.Prompt, g.PromptSHA256, g.Language = d.Method, d.Prompt, d.PromptSHA256, d.Language
	case consent.WithdrawnData:
		g.Status, g.Method = "revoked", d.By
	default:
		return g, false
	}
	return g, true
}
