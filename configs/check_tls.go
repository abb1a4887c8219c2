package configs

import (
	"errors"
	"io/fs"
	"slices"
	"strings"
	"time"

	"assent/sip"
	"assent/trunk"
)

// soon is how long before its end a certificate is worth a warning.
const soon = 14 * 24 * time.Hour

// checkTLS reads the certificates of the listeners. Files that only the service may read are no error: whoever asks with
// another verb need not see the key.
func (l *loader) checkTLS() {
	cert, err := l.SIP.TLS.Load()
	switch {
	case errors.Is(err, fs.ErrPermission):
		l.warn("sip.tls", "let the service's user read it", "%s", err)
	case err != nil:
		l.reportError("sip.tls", err)
	case cert == nil:
		for i, text := range l.SIP.Listen {
			if secureListen(text) {
				l.report(item("sip.listen", i), "give sip.tls.certificate and sip.tls.key, PEM files", "tls needs a certificate")
			}
		}
	case time.Until(cert.NotAfter) < 0:
		l.warn("sip.tls.certificate", "renew it; it is read again when its file changes", "the certificate is over since %s", cert.NotAfter.Format(time.DateOnly))
	case time.Until(cert.NotAfter) < soon:
		l.warn("sip.tls.certificate", "renew it; it is read again when its file changes", "the certificate ends on %s", cert.NotAfter.Format(time.DateOnly))
	}
}

// checkCertificateSource checks that a trunk which is known by its certificate can show it.
func (l *loader) checkCertificateSource(path string) {
	switch {
	case !slices.ContainsFunc(l.SIP.Listen, secureListen):
		l.report(path, `add "tls://0.0.0.0:5061" to sip.listen`, "a certificate is shown over TLS only, and nothing listens on it")
	case l.SIP.TLS.ClientCA == "":
		l.report(path, "give sip.tls.client_ca, the issuers of the carriers' certificates", "no certificate of a caller is asked for")
	}
}

// checkSecureURI checks that a call by TLS has a listener to leave by, which stands in its Via and Contact.
func (l *loader) checkSecureURI(path, uri string) {
	if sip.Secure(uri) && !slices.ContainsFunc(l.SIP.Listen, secureListen) {
		l.report(path, `add "tls://0.0.0.0:5061" to sip.listen, or use ;transport=tcp`, "calls by TLS need a listener on TLS to leave by")
	}
}

func secureListen(text string) bool { return strings.HasPrefix(text, "tls://") }

func isCertificate(source string) bool { return trunk.ByCertificate(source) }
