package ladder

import (
	"strings"
	"testing"
	"unicode"
)

func TestCredentialsKeysAndDigitsAreNeverKept(t *testing.T) {
	for name, c := range map[string]struct{ message, kept string }{
		"credentials": {
			"INVITE sip:x SIP/2.0\r\nAuthorization: Digest username=\"u\", response=\"SECRET\"\r\nproxy-AUTHORIZATION : Digest SECRET\r\nTo: x\r\n\r\n",
			"INVITE sip:x SIP/2.0\r\nAuthorization: [masked]\r\nproxy-AUTHORIZATION: [masked]\r\nTo: x\r\n\r\n"},
		"credentials over several lines": {
			"INVITE sip:x SIP/2.0\nAuthorization: Digest\n response=\"SECRET\",\n\tcnonce=\"SECRET\"\nSubject: a\n b\n\n",
			"INVITE sip:x SIP/2.0\nAuthorization: [masked]\r\nSubject: a\n b\n\n"},
		"what proves that the other side knows the password": {
			"SIP/2.0 200 OK\r\nAuthentication-Info: rspauth=\"SECRET\"\r\n\r\n", "SIP/2.0 200 OK\r\nAuthentication-Info: [masked]\r\n\r\n"},
		"a challenge is no secret": {
			"SIP/2.0 401 Unauthorized\r\nWWW-Authenticate: Digest nonce=\"n\"\r\n\r\n", "SIP/2.0 401 Unauthorized\r\nWWW-Authenticate: Digest nonce=\"n\"\r\n\r\n"},
		"keys of SRTP": {
			"INVITE sip:x SIP/2.0\r\nc: application/sdp\r\n\r\nv=0\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:SECRET|2^20|1:4;inline:SECRET\r\nk=base64:SECRET\r\na=key-mgmt:mikey SECRET\r\na=CRYPTO:2 X INLINE:SECRET\r\nk=SECRET",
			"INVITE sip:x SIP/2.0\r\nc: application/sdp\r\n\r\nv=0\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:[masked]\r\nk=[masked]\r\na=key-mgmt:[masked]\r\na=CRYPTO:2 X INLINE:[masked]\r\nk=[masked]"},
		"digits": {
			"INFO sip:x SIP/2.0\r\nContent-Type: application/sdp\r\n\r\nSignal=SECRET", "INFO sip:x SIP/2.0\r\nContent-Type: application/sdp\r\n\r\n[masked: 13 bytes]"},
		"digits in another method": {
			"NOTIFY sip:x SIP/2.0\r\nContent-type : Application/KPML-response+xml\r\n\r\nSECRET", "NOTIFY sip:x SIP/2.0\r\nContent-type : Application/KPML-response+xml\r\n\r\n[masked: 6 bytes]"},
		"a body behind two types": {
			"NOTIFY sip:x SIP/2.0\r\nContent-Type: application/sdp\r\nContent-Type: text/plain\r\n\r\nSECRET", "NOTIFY sip:x SIP/2.0\r\nContent-Type: application/sdp\r\nContent-Type: text/plain\r\n\r\n[masked: 6 bytes]"},
		"nothing to hide": {
			"SIP/2.0 200 OK\r\nAllow: INVITE\r\nContent-Type: application/sdp\r\n\r\nv=0\r\na=rtpmap:0 PCMU/8000\r\n", "SIP/2.0 200 OK\r\nAllow: INVITE\r\nContent-Type: application/sdp\r\n\r\nv=0\r\na=rtpmap:0 PCMU/8000\r\n"},
	} {
		if got := conceal([]byte(c.message)); got != c.kept {
			t.Errorf("%s:\n%q, want\n%q", name, got, c.kept)
		}
	}
}

// withNumbers is an INVITE that has the caller's number wherever peers put one, and the called one.
const withNumbers = "INVITE sip:+4980012345:pass@10.0.0.1;user=phone SIP/2.0\r\n" +
	"Via: SIP/2.0/UDP 203.0.113.5:5060;branch=z9hG4bK4711081547110815\r\n" +
	"From: \"+49 30 11223344\" <sip:+493011223344@carrier.test>;tag=4711081547\r\n" +
	"To: 0800 12345 <tel:+49-800-12345>\r\n" +
	"P-Asserted-Identity: <tel:+493011223344>, \"A\" <sips:3011223344@x>\r\n" +
	"Diversion: <sip:+493055667788@x>;reason=unconditional\r\n" +
	"History-Info: <sip:+493011223344;npdi=yes;rn=+493055667788@x;user=phone>;index=1\r\n" +
	"X-Billing: account 493011223344 of 3055667788\r\n" +
	"Identity: eyJhbGciOiJFUzI1NiJ9.KzQ5MzAxMTIyMzM0NA.sig;info=<https://x>\r\n" +
	"Call-ID: 493011223344-1@carrier\r\n" +
	"CSeq: 4711081547 INVITE\r\n" +
	"Contact: <sip:+493011223344@203.0.113.5:5060>\r\n" +
	"Content-Type: application/sdp\r\n\r\n" +
	"v=0\r\no=493011223344 4711081547 1 IN IP4 203.0.113.5\r\ns=call of 3011223344\r\nc=IN IP4 203.0.113.5\r\nm=audio 49170 RTP/AVP 0\r\n"

func TestNumbersAreMaskedWhereverTheyStandAndTheRestStays(t *testing.T) {
	b := New(Default())
	b.Add(Said{Dialog: "493011223344-1@carrier", Opens: true, Bytes: []byte(withNumbers)})
	got, _ := b.Find("493011223344-1@carrier")
	masked := got.WithoutNumbers()
	text := masked.Draw()
	for _, number := range []string{"11223344", "12345", "55667788", "KzQ5", ":pass"} {
		if strings.Contains(text, number) {
			t.Errorf("%s is still in it:\n%s", number, text)
		}
	}
	for _, stays := range []string{"branch=z9hG4bK4711081547110815", ";tag=4711081547", "CSeq: 4711081547 INVITE", "m=audio 49170 RTP/AVP 0",
		"@10.0.0.1;user=phone SIP/2.0", "sip:+49…44@203.0.113.5:5060", "c=IN IP4 203.0.113.5", "Call-ID: 493…44-1@carrier", "reason=unconditional"} {
		if !strings.Contains(text, stays) {
			t.Errorf("%s is gone:\n%s", stays, text)
		}
	}
	if whole := got.Draw(); !strings.Contains(whole, "+493011223344") {
		t.Error("masking changed the trace itself")
	}
}

func FuzzMasking(f *testing.F) {
	f.Add(withNumbers)
	f.Add("SIP/2.0 200 OK\r\nAuthorization: x\r\n\r\n")
	f.Add("INFO sip:x SIP/2.0\n\n5")
	f.Add("X: \x1b[2J\r\nv: \u202e\r\n\r\na=crypto:1 x inline:y")
	f.Fuzz(func(t *testing.T, text string) {
		b := New(Default())
		b.Add(Said{Dialog: "d", Opens: true, Bytes: []byte("INVITE sip:x SIP/2.0\r\nAuthorization: OPEN-SESAME\r\n" + text)})
		got, _ := b.Find("d")
		for _, drawn := range []string{got.Draw(), got.WithoutNumbers().Draw()} {
			if strings.Contains(drawn, "OPEN-SESAME") && !strings.Contains(text, "OPEN-SESAME") {
				t.Errorf("a secret is in it: %q", drawn)
			}
			if i := strings.IndexFunc(drawn, func(r rune) bool { return r != '\n' && unicode.IsControl(r) }); i >= 0 {
				t.Errorf("a control character is in it: %q", drawn[i:])
			}
		}
		digits := "+4930" + "11223344"
		m := Trace{Messages: []Message{{Text: "INVITE sip:" + digits + "@x SIP/2.0\r\nX: " + text}}, Dialogs: []Dialog{{}}}
		if masked := m.WithoutNumbers().Messages[0].Text; strings.Contains(masked, digits) {
			t.Errorf("a number is in it: %q", masked)
		}
	})
}
