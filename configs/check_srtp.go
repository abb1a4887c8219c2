package configs

import (
	"slices"

	"assent/gateway"
	"assent/media/sdp"
	"assent/queue"
	"assent/sip"
	"assent/trunk"
)

// checkSRTP checks whether the media of a trunk or a station is encrypted. Its keys stand in the SDP (RFC 4568 section
// 7.1.1 wants that encrypted itself), so that without TLS whoever reads the signalling hears the call. safe says that
// all of it goes by TLS.
func (l *loader) checkSRTP(path, word string, safe bool) {
	l.oneOf(path, word, sdp.WordOff, sdp.WordOptional, sdp.WordRequired)
	if (word == sdp.WordOptional || word == sdp.WordRequired) && !safe {
		l.warn(path, "use TLS for it, or keep the signalling in a network that you trust",
			"the keys of SRTP may be sent in signalling that is not encrypted: whoever reads it can hear the call")
	}
}

// safeTrunk reports whether a trunk's signalling goes by TLS alone: its calls come by certificate, or there is no other
// listener, and they leave by TLS.
func (l *loader) safeTrunk(t trunk.Config) bool {
	in := !slices.ContainsFunc(t.Sources, func(s string) bool { return !isCertificate(s) })
	only := !slices.ContainsFunc(l.SIP.Listen, func(s string) bool { return !secureListen(s) })
	return (in || only) && !slices.ContainsFunc(t.Gateways, func(g gateway.Config) bool { return !sip.Secure(g.Address) })
}

func safeStation(s queue.StationConfig) bool { return sip.Secure(s.Address) }
