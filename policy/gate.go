package policy

// GateNeeded reports whether this recording has to wait until the call's gate is
// open: the table "who is gated". Where the trunk requires consent, the trunk's
// side always waits. The station's side waits in inbound calls, and in outbound
// calls and conferences only with station_consent: everywhere. A side, direction
// or setting that is not known waits.
func GateNeeded(f Facts) bool {
	if f.TrunkRule.Consent == ConsentNotRequired {
		return false
	}
	if f.Side != SideStation || f.TrunkRule.StationConsent != StationInboundOnly {
		return true
	}
	return !f.Conference && f.Direction != Outbound
}
