package auth

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/icholy/digest"
)

var (
	home  = netip.MustParseAddr("192.0.2.1")
	other = netip.MustParseAddr("192.0.2.2")
	start = time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)
)

func passwords(user string) (string, bool) {
	secret, ok := map[string]string{"bob": "correct horse"}[user]
	return secret, ok
}

// prove answers a challenge of g as bob, with a password.
func prove(t testing.TB, m *Memory, challenges []string, password string) Request {
	t.Helper()
	value, _, err := m.Answer(Credentials{User: "bob", Password: password}, Asked{Method: "REGISTER", URI: "sip:example.com", Challenges: challenges}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return Request{Method: "REGISTER", Source: home, Proofs: []string{value}}
}

func verdict(t testing.TB, g *Guard, r Request, now time.Time, want Verdict) {
	t.Helper()
	user, got := g.Check(r, passwords, now)
	if got != want || (user == "bob") != (want == Proven) {
		t.Errorf("verdict %d for %q, want %d", got, user, want)
	}
}

func TestAUserIsProvenByEveryAlgorithmThatIsOffered(t *testing.T) {
	g := NewGuard("assent", nil)
	challenges := g.Challenge(home, false, start)
	for i, a := range algorithms {
		if !strings.Contains(challenges[i], "algorithm="+a) {
			t.Errorf("challenge %d is %s, want %s", i, challenges[i], a)
		}
		verdict(t, g, prove(t, &Memory{}, g.Challenge(home, false, start)[i:i+1], "correct horse"), start, Proven)
	}
	best := prove(t, &Memory{}, challenges, "correct horse")
	if !strings.Contains(best.Proofs[0], algorithms[0]) {
		t.Errorf("answered by %s, want the best algorithm", best.Proofs[0])
	}
}

// The examples of RFC 7616 section 3.9.1: one password, two algorithms.
func TestResponsesAreThoseOfTheStandardsExamples(t *testing.T) {
	g := NewGuard("http-auth@example.org", nil)
	for algorithm, response := range map[string]string{
		"MD5":     "8ca523f5e9506fed4657c9700eebdbec",
		"SHA-256": "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1",
	} {
		proof := fmt.Sprintf(`Digest username="Mufasa", realm="http-auth@example.org", uri="/dir/index.html", algorithm=%s,`+
			` nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", nc=00000001, cnonce="f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",`+
			` qop=auth, response="%s"`, algorithm, response)
		c, err := digest.ParseCredentials(proof)
		if err != nil {
			t.Fatal(err)
		}
		if !g.right(c, "GET", "Circle of Life") || g.right(c, "POST", "Circle of Life") || g.right(c, "GET", "circle of life") {
			t.Errorf("%s: the example's response is not told from others", algorithm)
		}
	}
}

func TestAnAlgorithmThatIsNotOfferedIsNoWayIn(t *testing.T) {
	g := NewGuard("assent", []string{"SHA-256"})
	challenges := g.Challenge(home, false, start)
	if len(challenges) != 1 || !strings.Contains(challenges[0], "SHA-256") {
		t.Errorf("challenged by %q", challenges)
	}
	weaker := strings.Replace(challenges[0], "algorithm=SHA-256", "algorithm=MD5", 1)
	verdict(t, g, prove(t, &Memory{}, []string{weaker}, "correct horse"), start, Wrong)
	verdict(t, g, prove(t, &Memory{}, challenges, "correct horse"), start, Proven)
}

func TestAProofIsGoodOnceForOneSourceAndForAWhile(t *testing.T) {
	g := NewGuard("assent", nil)
	m := &Memory{}
	challenges := g.Challenge(home, false, start)
	first := prove(t, m, challenges, "correct horse")
	verdict(t, g, first, start, Proven)
	verdict(t, g, first, start, Stale) // the same count again
	verdict(t, g, prove(t, m, challenges, "correct horse"), start, Proven)

	stolen := prove(t, m, challenges, "correct horse")
	stolen.Source = other
	verdict(t, g, stolen, start, Unproven)
	verdict(t, NewGuard("assent", nil), prove(t, m, challenges, "correct horse"), start, Unproven) // another process
	verdict(t, g, prove(t, m, challenges, "correct horse"), start.Add(nonceLife+time.Millisecond), Stale)

	changed := prove(t, m, challenges, "correct horse")
	changed.Method = "INVITE"
	verdict(t, g, changed, start, Wrong)
}

func TestAnUnknownUserHearsWhatAWrongPasswordHears(t *testing.T) {
	g := NewGuard("assent", nil)
	r := prove(t, &Memory{}, g.Challenge(home, false, start), "wrong")
	verdict(t, g, r, start, Wrong)
	r.Proofs[0] = strings.Replace(r.Proofs[0], `username="bob"`, `username="nobody"`, 1)
	verdict(t, g, r, start, Wrong)
	if user, v := g.Check(r, func(string) (string, bool) { return "", false }, start); v != Wrong || user != "" {
		t.Errorf("verdict %d for %q", v, user)
	}
}

func TestAGuesserIsLockedOutAndForgivenAndNobodyElse(t *testing.T) {
	g := NewGuard("assent", nil)
	for range maxFailures {
		verdict(t, g, prove(t, &Memory{}, g.Challenge(home, false, start), "guess"), start, Wrong)
	}
	if g.Locked(home, start) {
		t.Error("locked too early")
	}
	verdict(t, g, prove(t, &Memory{}, g.Challenge(home, false, start), "guess"), start, Wrong)
	verdict(t, g, prove(t, &Memory{}, g.Challenge(home, false, start), "correct horse"), start, Locked)
	if !g.Locked(home, start) || g.Locked(other, start) {
		t.Error("want the guesser locked, and nobody else")
	}
	later := start.Add(lockTime)
	verdict(t, g, prove(t, &Memory{}, g.Challenge(home, false, later), "correct horse"), later, Proven)

	// One wrong password each half minute, as a phone that was set up wrongly sends it, locks nobody.
	for i := range 100 {
		now := later.Add(time.Duration(i) * 30 * time.Second)
		verdict(t, g, prove(t, &Memory{}, g.Challenge(home, false, now), "guess"), now, Wrong)
	}
}

// A spoofed source never saw a nonce: it can't have others locked out.
func TestNobodyCanHaveAnotherSourceLockedOut(t *testing.T) {
	g := NewGuard("assent", nil)
	r := prove(t, &Memory{}, g.Challenge(other, false, start), "guess")
	for range 10 * maxFailures {
		verdict(t, g, r, start, Unproven)
	}
	if g.Locked(home, start) || len(g.lockout.sources) != 0 {
		t.Error("a proof with another source's nonce was held against its sender's")
	}
}

func TestSourcesAreForgottenWhenTheTableIsFull(t *testing.T) {
	l := newLockout()
	for i := range 3 * maxSources {
		l.fail(netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)}), start)
	}
	if len(l.sources) > maxSources {
		t.Errorf("%d sources kept, want at most %d", len(l.sources), maxSources)
	}
	wide := netip.MustParseAddr("2001:db8::1")
	for range maxFailures + 1 {
		l.fail(wide, start)
		wide = wide.Next()
	}
	if !l.locked(netip.MustParseAddr("2001:db8::ffff:1"), start) {
		t.Error("a /64 is one source")
	}
}

func TestCountsMayOvertakeEachOtherAndNeverRepeat(t *testing.T) {
	c := &seen{}
	for _, step := range []struct {
		count uint32
		want  bool
	}{{0, false}, {1, true}, {3, true}, {2, true}, {2, false}, {3, false}, {200, true}, {136, false}, {137, true}, {137, false}, {201, true}, {200, false}} {
		if got := c.take(step.count); got != step.want {
			t.Errorf("count %d: %v, want %v", step.count, got, step.want)
		}
	}
}

func TestANonceThatMayHaveBeenForgottenIsNotTakenAgain(t *testing.T) {
	u := newUsed()
	first := stamp{id: 1, expires: 1000}
	if !u.take(first, 1) {
		t.Fatal("a new nonce was refused")
	}
	for i := range maxUsed {
		u.take(stamp{id: uint64(2 + i), expires: 2000}, 1)
	}
	if u.take(first, 1) || len(u.counts) > maxUsed {
		t.Errorf("a forgotten nonce was taken again, %d kept", len(u.counts))
	}
}

func TestCredentialsGoToTheirRealmAndToNobodyTwice(t *testing.T) {
	c := Credentials{User: "bob", Password: "pw", Realm: "carrier"}
	ask := func(challenges ...string) Asked {
		return Asked{Method: "INVITE", URI: "sip:x@y", Challenges: challenges}
	}
	m := &Memory{}
	if _, _, err := m.Answer(c, ask(`Digest realm="phisher", nonce="n"`), nil); !errors.Is(err, ErrRealm) {
		t.Errorf("a foreign realm: %v", err)
	}
	if _, _, err := m.Answer(c, ask(`Basic realm="carrier"`, `Digest realm="carrier", nonce="n", algorithm=ROT13`), nil); !errors.Is(err, ErrChallenge) {
		t.Errorf("nothing that we speak: %v", err)
	}
	value, realm, err := m.Answer(c, ask(`Digest realm="carrier", nonce="n", qop="auth-int, auth"`, `Digest realm="carrier", nonce="n", algorithm=SHA-256, qop="auth"`), nil)
	if err != nil || realm != "carrier" || !strings.Contains(value, "SHA-256") || !strings.Contains(value, "nc=00000001") {
		t.Errorf("answer %q for %q, %v", value, realm, err)
	}
	if _, _, err := m.Answer(c, ask(`Digest realm="carrier", nonce="m"`), []string{"carrier"}); !errors.Is(err, ErrRefused) {
		t.Errorf("asked again: %v", err)
	}
	if _, _, err := m.Answer(c, ask(`Digest realm="carrier", nonce="m", stale=true`), []string{"carrier"}); err != nil {
		t.Errorf("asked again with a stale nonce: %v", err)
	}
	value, _, err = m.Answer(c, ask(`Digest realm="carrier", nonce="m", qop="auth"`), nil)
	if err != nil || !strings.Contains(value, "nc=00000002") {
		t.Errorf("the second use of a nonce: %q, %v", value, err)
	}
	if strings.Contains(value, "pw") {
		t.Error("the password is in the header")
	}
}

func FuzzProofsAndChallenges(f *testing.F) {
	g := NewGuard("assent", nil)
	good := prove(f, &Memory{}, g.Challenge(home, false, start), "correct horse")
	f.Add(good.Proofs[0])
	for _, s := range append(g.Challenge(home, true, start), `Digest `, `digest username="a\"b",nc=ffffffff`, `Digest nonce="n",realm="r",qop="auth,auth-int",userhash=true`, "Digest \x00=\"", `Digest nc=-1, nonce="`) {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if user, v := g.Check(Request{Method: "INVITE", Source: home, Proofs: []string{text}}, passwords, start); v == Proven {
			t.Errorf("%q proves %q", text, user) // the seed is for REGISTER
		}
		m := &Memory{}
		value, _, err := m.Answer(Credentials{User: "bob", Password: "pw"}, Asked{Method: "INVITE", URI: "sip:x", Challenges: []string{text}}, nil)
		if err == nil && strings.ContainsAny(value, "\r\n") {
			t.Errorf("%q makes a header of two lines", text)
		}
	})
}
