package stir

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"time"
)

// The words of a shaken token's header (RFC 8588 section 3).
const (
	algorithm   = "ES256"
	tokenType   = "passport"
	shaken      = "shaken"
	maxOrigID   = 64 // characters; a UUID has 36
	signatureIs = 64 // octets of an ES256 signature, r and s (RFC 7518 section 3.4)
)

// encoding is base64url without padding (RFC 7515 section 2); Strict leaves one
// way to write each token, so that a replayed one can't look like another.
var encoding = base64.RawURLEncoding.Strict()

// passport is a token in its full form (RFC 8225).
type passport struct {
	signed    string // header and payload as the signature covers them
	signature []byte // r and s
	header    protected
	claims    claims
	dest      []string // claims.Dest.TN, canonical
	orig      string   // claims.Orig.TN, canonical
}

// protected is the token's header. The fields stand in the order in which they
// are signed (RFC 8225 section 9).
type protected struct {
	Alg  string   `json:"alg"`
	PPT  string   `json:"ppt"`
	Typ  string   `json:"typ"`
	X5U  string   `json:"x5u"`
	Crit []string `json:"crit,omitempty"`
}

// claims are the token's payload, in the order in which they are signed.
type claims struct {
	Attest Attestation `json:"attest"`
	Dest   numbers     `json:"dest"`
	IAT    *int64      `json:"iat"` // seconds since 1970
	Orig   number      `json:"orig"`
	OrigID string      `json:"origid"`
}

type numbers struct {
	TN []string `json:"tn"`
}

type number struct {
	TN string `json:"tn"`
}

// parsePassport reads the token of an Identity header. other says that it is of
// a type that is not looked at.
func parsePassport(id identity) (p *passport, other bool, flt *failure) {
	ppt, named := id.params["ppt"]
	if named && ppt != shaken {
		return nil, true, nil
	}
	parts := strings.Split(id.token, ".")
	if len(parts) != 3 {
		return nil, false, fail(Malformed, "a token has three parts, this one %d", len(parts))
	}
	if parts[0] == "" || parts[1] == "" {
		return nil, false, fail(CompactForm, "the token has no header or no payload (RFC 8225 section 7)")
	}
	p = &passport{signed: parts[0] + "." + parts[1]}
	if flt := decode(parts[0], &p.header); flt != nil {
		return nil, false, flt
	}
	switch {
	case !named && p.header.PPT != shaken:
		return nil, true, nil
	case p.header.PPT != shaken:
		return nil, false, fail(Malformed, "header and token name two types")
	}
	if flt := p.checkHeader(id.params["alg"]); flt != nil {
		return nil, false, flt
	}
	var err error
	if p.signature, err = encoding.DecodeString(parts[2]); err != nil || len(p.signature) != signatureIs {
		return nil, false, fail(Malformed, "the signature is not 64 octets in base64url")
	}
	if flt := decode(parts[1], &p.claims); flt != nil {
		return nil, false, flt
	}
	return p, false, p.readClaims()
}

// checkHeader holds the token's header against RFC 8225 section 4 and RFC 8588.
func (p *passport) checkHeader(alg string) *failure {
	switch h := p.header; {
	case h.Alg != algorithm, alg != "" && alg != algorithm:
		return fail(OtherAlgorithm, "want alg ES256")
	case h.Typ != tokenType:
		return fail(Malformed, "want typ passport")
	case len(h.Crit) > 0:
		return fail(Malformed, "the token has extensions that must be understood")
	}
	return nil
}

// readClaims holds the payload against RFC 8588 section 4.
func (p *passport) readClaims() *failure {
	c := &p.claims
	switch {
	case c.Attest != Full && c.Attest != Partial && c.Attest != Gateway:
		return fail(InvalidClaims, "attest is not A, B or C")
	case c.IAT == nil:
		return fail(InvalidClaims, "iat is missing")
	case len(c.Dest.TN) == 0 || len(c.Dest.TN) > maxDestinations:
		return fail(InvalidClaims, "dest has %d numbers", len(c.Dest.TN))
	case !origID(c.OrigID):
		return fail(InvalidClaims, "origid is no UUID")
	}
	for _, tn := range c.Dest.TN {
		tn, ok := TN(tn)
		if !ok {
			return fail(InvalidClaims, "dest holds what is no number")
		}
		p.dest = append(p.dest, tn)
	}
	var ok bool
	if p.orig, ok = TN(c.Orig.TN); !ok {
		return fail(InvalidClaims, "orig is no number")
	}
	return nil
}

// origID reports whether s can be the name of a call's origin: a UUID, or what
// some signers put in its place, as long as it can be shown.
func origID(s string) bool {
	if s == "" || len(s) > maxOrigID {
		return false
	}
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c != '-' && (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') {
			return false
		}
	}
	return true
}

// age is how far the token's time is from now, either way.
func (p *passport) age(now time.Time) time.Duration {
	return now.Sub(time.Unix(*p.claims.IAT, 0)).Abs()
}

// decode reads one part of a token.
func decode(part string, v any) *failure {
	text, err := encoding.DecodeString(part)
	if err != nil {
		return fail(Malformed, "the token is not base64url")
	}
	if err := json.Unmarshal(text, v); err != nil { // its text may quote the peer's
		return fail(Malformed, "the token is not the JSON that it should be")
	}
	return nil
}
