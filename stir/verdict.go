package stir

import (
	"fmt"
	"strings"
	"unicode"
)

// Verdict is what became of a call's verification.
type Verdict string

// The verdicts.
const (
	Passed Verdict = "passed" // a trusted party vouches for the caller's number
	Failed Verdict = "failed" // somebody claims to, and it does not hold
	None   Verdict = "none"   // nobody vouches, or the verdict did not come in time
)

// Attestation is how far the signer vouches (ATIS-1000074 section 4.2.3).
type Attestation string

// The attestations.
const (
	Full    Attestation = "A" // knows the customer, and the number is the customer's
	Partial Attestation = "B" // knows the customer, and not about the number
	Gateway Attestation = "C" // only passes the call on
)

// Reason says why a call did not pass.
type Reason string

// The reasons, with the answer that RFC 8224 section 6.2.2 has for each.
const (
	NoIdentity         Reason = "no_identity"             // 428: there is no Identity header
	OtherType          Reason = "other_type"              // 428: none is of the type shaken
	Pending            Reason = "pending"                 // the certificate did not come in time
	Malformed          Reason = "malformed"               // 438: it can't be read
	CompactForm        Reason = "compact_form"            // 438: shaken wants the full form
	TooMany            Reason = "too_many"                // 438: more headers than anybody looks at
	OtherAlgorithm     Reason = "other_algorithm"         // 437: it is not signed by ES256
	InvalidClaims      Reason = "invalid_claims"          // 438: a claim is missing or wrong
	StaleDate          Reason = "stale_date"              // 403: too old, or from the future
	OrigMismatch       Reason = "orig_mismatch"           // 438: it is another caller's
	DestMismatch       Reason = "dest_mismatch"           // 438: it is for another called number
	InfoMismatch       Reason = "info_mismatch"           // 436: header and token name two certificates
	URLRefused         Reason = "url_refused"             // 436: the certificate's place is not allowed
	CertificateMissing Reason = "certificate_unavailable" // 436: it can't be fetched or read
	CertificateRefused Reason = "certificate_refused"     // 437: no trusted chain, or not valid now
	NumberNotCovered   Reason = "number_not_covered"      // 437: the certificate is for other numbers
	SignatureInvalid   Reason = "signature_invalid"       // 438: it is not the certificate's
	Replayed           Reason = "replayed"                // 438: another call had it before
)

// statuses are the answers to a call that is refused for a reason.
var statuses = map[Reason]int{
	NoIdentity: 428, OtherType: 428, Pending: 436, Malformed: 438, CompactForm: 438, TooMany: 438,
	OtherAlgorithm: 437, InvalidClaims: 438, StaleDate: 403, OrigMismatch: 438, DestMismatch: 438,
	InfoMismatch: 436, URLRefused: 436, CertificateMissing: 436, CertificateRefused: 437,
	NumberNotCovered: 437, SignatureInvalid: 438, Replayed: 438,
}

// Status is the answer to a call that is refused for r (RFC 8224 section 6.2.2); 0 for none of ours.
func (r Reason) Status() int { return statuses[r] }

// Result is the judgement of a call. Its texts are safe to show: what a peer
// wrote is in it only as far as it was checked.
type Result struct {
	Verdict     Verdict
	Attestation Attestation // of a call that passed, else ""
	Reason      Reason      // why it did not pass, else ""
	OrigID      string      // the signer's name for the call's origin, of a call that passed
	Signer      string      // the service provider code of the certificate, of a call that passed; "" if it has none
	Err         error       // the details of a failure, for the log
}

// failure is why a token does not hold.
type failure struct {
	reason Reason
	detail string
}

func (f *failure) Error() string { return string(f.reason) + ": " + f.detail }

// maxDetail bounds what a failure tells, in bytes: some of it a server wrote.
const maxDetail = 300

func fail(r Reason, format string, args ...any) *failure {
	detail := fmt.Sprintf(format, args...)
	detail = strings.ToValidUTF8(detail[:min(len(detail), maxDetail)], "")
	return &failure{r, strings.Map(func(c rune) rune {
		if !unicode.IsPrint(c) {
			return -1
		}
		return c
	}, detail)}
}

// result renders a failure.
func (f *failure) result() Result { return Result{Verdict: Failed, Reason: f.reason, Err: f} }
