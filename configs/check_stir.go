package configs

import (
	"net/netip"
	"regexp"
	"strings"
	"time"

	"assent/stir"
	"assent/trunk"
)

// certificateHost is a host that may serve certificates.
var certificateHost = regexp.MustCompile(`^(\*|(\*\.)?[A-Za-z0-9]([A-Za-z0-9.-]{0,250}[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?$`)

// checkSTIR checks who is believed about callers' numbers, and how we vouch.
func (l *loader) checkSTIR() {
	verifies, signs := false, false
	entries(l, "trunks", l.Trunks, func(path, _ string, t trunk.Config) {
		l.checkSTIRRule(path+".stir", t)
		verifies = verifies || t.STIR.Verify == stir.VerifyReport || t.STIR.Verify == stir.VerifyRequire
		signs = signs || t.STIR.Sign
	})
	for i, text := range l.STIR.Hosts {
		if !certificateHost.MatchString(text) {
			l.report(item("stir.hosts", i), `write certs.example.com, *.example.com, certs.example.com:8443, or "*" for any`, "%q is no host", text)
		}
	}
	for i, text := range l.STIR.Networks {
		if _, err := netip.ParsePrefix(text); err != nil {
			l.report(item("stir.networks", i), "write a network such as 10.1.0.0/16", "%q is no network", text)
		}
	}
	l.length("stir.timeout", l.STIR.Timeout, 100*time.Millisecond, 30*time.Second)
	l.length("stir.freshness", l.STIR.Freshness, time.Second, 10*time.Minute)
	if verifies {
		l.given("stir.roots", l.STIR.Roots, "write the PEM file of the authorities that are trusted: a trunk verifies callers by them")
		if len(l.STIR.Hosts) == 0 {
			l.report("stir.hosts", `write the hosts of the certificates, or "*" for any`, "stir.hosts is missing: no certificate can be fetched")
		}
	}
	if signs {
		l.given("stir.key", l.STIR.Key, "write the PEM file of the key: a trunk signs calls by it")
	}
	l.checkSTIRFiles()
}

func (l *loader) checkSTIRRule(path string, t trunk.Config) {
	l.oneOf(path+".verify", t.STIR.Verify, stir.VerifyOff, stir.VerifyReport, stir.VerifyRequire)
	l.length(path+".wait", t.STIR.Wait, 0, 30*time.Second)
	for i, text := range t.STIR.Numbers {
		if !numberPattern.MatchString(text) {
			l.report(item(path+".numbers", i), `write a number, or a number's beginning and *`, "%q is no caller's number", text)
		} else if strings.TrimSpace(text) == "*" {
			l.warn(item(path+".numbers", i), "write the numbers that were given to you", "the trunk fully attests whatever number its callers send")
		}
	}
	l.twice(path+".numbers", t.STIR.Numbers)
	if t.STIR.Sign && len(t.Gateways) == 0 {
		l.warn(path+".sign", "give gateways, or remove it", "no call leaves by this trunk that could be signed")
	}
}

// checkSTIRFiles reads the files that are named, as the service does.
func (l *loader) checkSTIRFiles() {
	if len(l.problems.Errors()) > 0 {
		return // what they are read with may be wrong
	}
	s, err := stir.New(l.STIR, nil)
	if err != nil {
		key, msg, _ := strings.Cut(err.Error(), ": ")
		l.report(key, "see docs/stir.md", "%s: %s", key, msg)
		return
	}
	const soon = 7 * 24 * time.Hour
	if end := s.Expiry(); !end.IsZero() && time.Until(end) < soon {
		l.warn("stir.certificate", "get the next one", "the certificate ends at %s; calls are not signed after that", end.UTC().Format(time.RFC3339))
	}
}
