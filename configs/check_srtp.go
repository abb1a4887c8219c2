package configs

import (
	"slices"
	"strings"

	"assent/media/sdp"
)

// checkSRTP checks whether the media of a trunk or a station is encrypted. Its keys stand in the SDP (RFC 4568 section
// 7.1.1 wants that encrypted itself), so that without TLS whoever reads the signalling hears the call.
func (l *loader) checkSRTP(path, word string) {
	l.oneOf(path, word, sdp.WordOff, sdp.WordOptional, sdp.WordRequired)
	secure := func(listen string) bool { return strings.HasPrefix(listen, "tls://") }
	if (word == sdp.WordOptional || word == sdp.WordRequired) && !slices.ContainsFunc(l.SIP.Listen, secure) {
		l.warn(path, "whoever reads the signalling can hear the call: keep it in a network that you trust",
			"the keys of SRTP are sent in signalling that is not encrypted")
	}
}
