package configs

import (
	"strings"
	"testing"
)

func TestMistakesOfAccountsAreShownWithWhatWouldBeRight(t *testing.T) {
	const (
		digest   = "digest: {user: u, password: 123456789abc}"
		byDigest = "sources: [digest], flow: consent, numbers: [\"*\"]"
		bySource = "sources: [10.0.0.1], flow: consent, numbers: [\"*\"]"
		leaving  = "gateways: [\"sip:10.0.0.1\"]"
	)
	for text, want := range map[string]string{
		"trunks: {a: {" + byDigest + "}}":                                                                       "its calls come by digest, and nothing says with which user and password; write digest: { user: NAME, password: \"${env:NAME}\" }",
		"trunks: {a: {" + bySource + ", " + digest + "}}":                                                       "digest is not among the trunk's sources",
		"trunks: {a: {" + byDigest + ", " + digest + "}, b: {" + byDigest + ", " + digest + "}}":                "trunks.a.digest has that user too; give each a user of its own",
		"trunks: {a: {" + leaving + ", credentials: {user: u}}}":                                                "trunks.a.credentials.password is missing; write \"${env:NAME}\" or \"${file:PATH}\"",
		"trunks: {a: {" + bySource + ", credentials: {user: u, password: p}}}":                                  "the trunk has no gateway that could ask for them",
		"trunks: {a: {" + leaving + ", credentials: {user: u, password: p}, register: {user: u, password: p}}}": "there can't be credentials beside it; leave credentials out",
		"trunks: {a: {" + bySource + ", register: {user: u, password: p}}}":                                     "nothing says where to register",
		"trunks: {a: {" + leaving + ", register: {user: u, password: 123456789abc, expires: 1s}}}":              "expires can't be 1s",
		"sip: {digest: [SHA-1]}":               "there is no SHA-1 in algorithms of digest",
		"sip: {digest: []}":                    "no algorithm: nobody could prove who they are",
		"registrar: {min_expires: 2h}":         "min_expires can't be 2h",
		"stations: {s: {register: {user: u}}}": "stations.s.register.password is missing",
		"stations: {s: {address: \"sip:a@10.0.0.2\", register: {user: u, password: 123456789abc}}}": "a station that registers has no address of its own; leave one of them out",
		"stations: {s: {register: {user: 'a\"b', password: 123456789abc}}}":                         "is no user name of digest",
		"stations: {s: {register: {user: u, password: tiny}}}":                                      "the password is short: it can be guessed; make it of 12 random characters or more",
		"sip: {realm: \"a\\\"b\"}": "is no realm",
	} {
		found := strings.Join(problems(t, text), "\n")
		if !strings.Contains(found, want) {
			t.Errorf("%s\ngives\n%s\nwant\n%s", text, found, want)
		}
	}
}
