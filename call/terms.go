package call

import (
	"assent/queue"
	"assent/sip"
	"assent/terms"
	"assent/trunk"
)

// trunkTerms are what a trunk allows and wants of SIP's extensions.
func trunkTerms(t trunk.Config) sip.Terms { return sipTerms(t.PRACK, t.SessionTimer) }

// stationTerms are what a station does.
func stationTerms(s queue.StationConfig) sip.Terms { return sipTerms(s.PRACK, s.SessionTimer) }

func sipTerms(prack string, t terms.SessionTimer) sip.Terms {
	return sip.Terms{Reliable: prack, Expires: t.Expires, Min: t.Min}
}
