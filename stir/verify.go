package stir

import (
	"errors"
	"slices"
	"strings"
	"time"
)

var errMissing = errors.New("the certificate is not held")

// source gives the certificate chain of a URL.
type source func(place string) (*chain, error)

// judge looks at each Identity header of the type shaken. One that holds is
// enough; of several that do not, the first says why.
func (s *Service) judge(c Call, now time.Time, chains source) Result {
	if len(c.Identities) == 0 {
		return Result{Verdict: None, Reason: NoIdentity}
	}
	if len(c.Identities) > MaxIdentities {
		return fail(TooMany, "the call has more than %d Identity headers", MaxIdentities).result()
	}
	worst := Result{Verdict: None, Reason: OtherType}
	for _, value := range c.Identities {
		r, other := s.judgeOne(value, c, now, chains)
		switch {
		case other:
		case r.Verdict == Passed:
			return r
		case worst.Verdict == None:
			worst = r
		}
	}
	return worst
}

// judgeOne looks at one header: what costs nothing first, the network and the
// signature last. other says that the header is of another type.
func (s *Service) judgeOne(value string, c Call, now time.Time, chains source) (r Result, other bool) {
	id, flt := parseIdentity(value)
	if flt != nil {
		return flt.result(), false
	}
	p, other, flt := parsePassport(id)
	if other {
		return r, true
	}
	if flt == nil {
		flt = s.checkCall(p, c, now)
	}
	if flt == nil {
		flt = s.checkPlace(p, id.params["info"])
	}
	if flt != nil {
		return flt.result(), false
	}
	chain, err := chains(p.header.X5U)
	if err != nil {
		return fail(CertificateMissing, "%v", err).result(), false
	}
	if flt = s.checkSignature(p, chain, c, now); flt != nil {
		return flt.result(), false
	}
	return Result{Verdict: Passed, Attestation: p.claims.Attest, OrigID: p.claims.OrigID, Signer: chain.code()}, false
}

// checkCall holds the token against the call that it came with.
func (s *Service) checkCall(p *passport, c Call, now time.Time) *failure {
	from, isNumber := TN(c.From)
	to, dialled := TN(c.To)
	switch age := p.age(now); {
	case age > s.cfg.Freshness:
		return fail(StaleDate, "the token's time is %s from ours", age.Round(time.Second))
	case !isNumber || from != p.orig:
		return fail(OrigMismatch, "the token is for another caller's number")
	case !dialled || !slices.Contains(p.dest, to):
		return fail(DestMismatch, "the token is for another called number")
	}
	return nil
}

// checkPlace says whether the certificate may be fetched where the token says.
func (s *Service) checkPlace(p *passport, info string) *failure {
	if info != p.header.X5U || strings.TrimSpace(info) == "" {
		return fail(InfoMismatch, "info and x5u differ, or one is missing")
	}
	u, err := ParsePlace(p.header.X5U)
	switch {
	case err != nil:
		return fail(URLRefused, "%v", err)
	case !allowed(s.cfg.Hosts, u):
		return fail(URLRefused, "the host is not in stir.hosts")
	}
	return nil
}

// checkSignature holds the token against the certificate, and that against the
// roots. Only a token that holds is remembered.
func (s *Service) checkSignature(p *passport, chain *chain, c Call, now time.Time) *failure {
	if flt := chain.verify(s.roots, p.orig, now); flt != nil {
		return flt
	}
	if !verifyES256(chain.key, p.signed, p.signature) {
		return fail(SignatureInvalid, "the signature is not that of the certificate")
	}
	if !s.seen.first(p.signed, c.ID, 2*s.cfg.Freshness, now) {
		return fail(Replayed, "another call came with this token")
	}
	return nil
}
