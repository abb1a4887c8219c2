package configs

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"assent/stir/stirtest"
)

func TestMistakesAboutWhoVouchesAreShown(t *testing.T) {
	for text, want := range map[string]string{
		oneTrunk + "    stir: {verify: always}":                    "verify can't be \"always\"; use off or report or require",
		oneTrunk + "    stir: {verify: report}":                    "stir.roots is missing",
		oneTrunk + "    stir: {verify: require}":                   "stir.hosts is missing: no certificate can be fetched",
		oneTrunk + "    stir: {wait: 1h}":                          "wait can't be 1h; use 0s to 30s",
		oneTrunk + "    stir: {sign: true}":                        "stir.key is missing",
		oneTrunk + "    stir: {numbers: [\"1*2\"]}":                "\"1*2\" is no caller's number",
		oneTrunk + "    stir: {numbers: [\"*\"]}":                  "warning: the trunk fully attests whatever number",
		"stir: {hosts: [\"https://certs.example.com\"]}":           "\"https://certs.example.com\" is no host",
		"stir: {networks: [lan]}":                                  "\"lan\" is no network",
		"stir: {timeout: 1ms}":                                     "timeout can't be 1ms",
		"stir: {freshness: 1d}":                                    "freshness can't be 1d",
		"stir: {roots: ./missing.pem}":                             "stir.roots: ",
		"stir: {key: ./missing.key, url: \"https://x.example/y\"}": "stir.key: ",
	} {
		if got := strings.Join(problems(t, text), "\n"); !strings.Contains(got, want) {
			t.Errorf("%s\ngives %s\nwant  %s", text, got, want)
		}
	}
}

func TestTheFilesOfASignerAreRelativeToTheConfiguration(t *testing.T) {
	a := stirtest.New(t)
	we := a.Issue("we", nil)
	path := folder(t, "stir: {roots: r.pem, key: k.pem, certificate: c.pem, url: \"https://certs.example.com/c.pem\"}\n")
	for from, to := range map[string]string{a.Roots(): "r.pem", we.KeyFile(): "k.pem", we.ChainFile(): "c.pem"} {
		text, err := os.ReadFile(from)
		if err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(filepath.Dir(path), to), string(text))
	}
	s, err := Load(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(s.Warnings) != 1 || !strings.Contains(s.Warnings[0].Error(), "the certificate ends at") { // in five days
		t.Errorf("warnings %v", s.Warnings)
	}
}
