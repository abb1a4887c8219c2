package configs

import (
	"slices"
	"strings"
	"time"

	"assent/auth"
	"assent/queue"
	"assent/trunk"
)

// minPassword is the length of a password that is worth guessing at from the internet.
const minPassword = 12

// checkAccounts checks who proves by digest who they are: each user name stands for one station or trunk.
func (l *loader) checkAccounts() {
	taken := map[string]string{}
	check := func(path string, login auth.Login) {
		l.checkLogin(path, login)
		if other := taken[login.User]; other != "" && login.Given() {
			l.report(path+".user", "give each a user of its own", "%s has that user too", other)
		}
		taken[login.User] = path
	}
	entries(l, "stations", l.Stations, func(path, _ string, s queue.StationConfig) {
		if l.doc.Find(path+".register") != nil {
			check(path+".register", s.Register)
		}
	})
	entries(l, "trunks", l.Trunks, func(path, _ string, t trunk.Config) {
		byDigest := slices.Contains(t.Sources, trunk.SourceDigest)
		given := l.doc.Find(path+".digest") != nil
		switch {
		case byDigest && !given:
			l.report(path, `write digest: { user: NAME, password: "${env:NAME}" }`, "its calls come by digest, and nothing says with which user and password")
		case given && !byDigest:
			l.report(path+".digest", "write sources: [digest], or leave it out", "digest is not among the trunk's sources")
		}
		if given {
			check(path+".digest", t.Digest)
		}
		l.checkCredentials(path+".credentials", t)
		l.checkRegister(path+".register", t)
	})
}

// checkLogin checks what peers show us.
func (l *loader) checkLogin(path string, login auth.Login) {
	if l.given(path+".user", login.User, "write the user name that the peer is set up with") && !plainWord(login.User) {
		l.report(path+".user", "use letters, digits and signs but quotes and backslashes", "%q is no user name of digest", login.User)
	}
	if l.given(path+".password", login.Password, `write "${env:NAME}" or "${file:PATH}"`) && len(login.Password) < minPassword {
		l.warn(path+".password", "make it of 12 random characters or more", "the password is short: it can be guessed")
	}
}

// checkCredentials checks what we show the gateways of a trunk.
func (l *loader) checkCredentials(path string, t trunk.Config) {
	if l.doc.Find(path) == nil {
		return
	}
	l.checkShown(path, t.Credentials)
	if len(t.Gateways) == 0 {
		l.report(path, "give gateways, or leave it out", "the trunk has no gateway that could ask for them")
	}
}

// checkShown checks what we show a carrier.
func (l *loader) checkShown(path string, c auth.Credentials) {
	if l.given(path+".user", c.User, "write the user name that the carrier gave") && !plainWord(c.User) {
		l.report(path+".user", "use letters, digits and signs but quotes and backslashes", "%q is no user name of digest", c.User)
	}
	l.given(path+".password", c.Password, `write "${env:NAME}" or "${file:PATH}"`)
}

// checkRegister checks how we register with a carrier.
func (l *loader) checkRegister(path string, t trunk.Config) {
	if l.doc.Find(path) == nil {
		return
	}
	l.checkShown(path, t.Register.Credentials)
	l.length(path+".expires", t.Register.Expires, time.Minute, 24*time.Hour)
	switch {
	case t.Credentials.Given():
		l.report(path, "leave credentials out", "what we register with is shown to the gateways too: there can't be credentials beside it")
	case t.Register.Server != "":
		l.checkURI(path+".server", t.Register.Server)
	case len(t.Gateways) == 0:
		l.report(path, `write server: "sip:HOST"`, "nothing says where to register: there is no server, and no gateway")
	}
}

// plainWord reports whether a text may stand in quotes in a header as it is.
func plainWord(s string) bool {
	return !strings.ContainsAny(s, "\"\\") && !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f })
}

func (l *loader) checkRegistrar() {
	l.length("registrar.min_expires", l.Registrar.MinExpires, 10*time.Second, time.Hour)
	l.length("registrar.max_expires", l.Registrar.MaxExpires, l.Registrar.MinExpires, 7*24*time.Hour)
	within(l, "registrar.contacts", l.Registrar.Contacts, 1, 16)
}
