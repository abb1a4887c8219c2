package policy

import "strconv"

// row is one line of the decision table.
type row struct {
	number int
	reason Reason
	side   Side // "" stands for both
	look   func(*Facts) finding
}

// finding is what a row saw.
type finding struct {
	matched bool
	key     string // path of the setting that the row reads
	input   string // the values that it saw
}

// appliesTo reports whether the row is part of the table of side s. A side that is
// not known gets the trunk's table.
func (r *row) appliesTo(s Side) bool {
	if r.side == "" {
		return true
	}
	return (r.side == SideStation) == (s == SideStation)
}

// table is the decision table, in its order. On the station's side the station's
// own setting stands in place of rows 2, 6 and 7.
var table = []row{
	{1, ReasonConsentWithdrawn, "", withdrawn},
	{2, ReasonTrunkDisabled, SideTrunk, trunkDisabled},
	{2, ReasonStationDisabled, SideStation, stationDisabled},
	{3, ReasonConsentMissing, "", consentMissing},
	{4, ReasonPhaseIVR, "", phaseIVR},
	{5, ReasonPhaseQueueWait, "", suppressed(PhaseQueueWait)},
	{6, ReasonNoQueue, SideTrunk, noQueue},
	{7, ReasonQueueDisabled, SideTrunk, queueDisabled},
	{8, ReasonPhaseConsult, "", suppressed(PhaseConsult)},
	{9, ReasonExternalOnly, "", externalOnly},
	{10, ReasonPeerRefused, "", peerRefused},
	{11, ReasonRecorderUnavailable, "", recorderUnavailable},
	{12, ReasonPhaseHold, "", suppressed(PhaseHold)},
	{13, ReasonSecurePause, "", securePause},
	{14, ReasonAllowed, "", allowed},
}

func withdrawn(f *Facts) finding {
	return finding{
		matched: f.Consent == StateWithdrawn,
		key:     f.trunkKey("on_withdrawal"),
		input:   "consent " + orUnknown(string(f.Consent)),
	}
}

func trunkDisabled(f *Facts) finding {
	if f.Side != SideTrunk {
		return finding{matched: true, input: "side " + orUnknown(string(f.Side))}
	}
	return finding{
		matched: !f.TrunkRule.Enabled,
		key:     f.trunkKey("enabled"),
		input:   "enabled " + strconv.FormatBool(f.TrunkRule.Enabled),
	}
}

func stationDisabled(f *Facts) finding {
	return finding{
		matched: !f.StationRule.Enabled,
		key:     "stations." + f.Station + ".recording.enabled",
		input:   "enabled " + strconv.FormatBool(f.StationRule.Enabled),
	}
}

// consentMissing is row 3. A consent whose state is not known might be a
// withdrawal, so it counts as a closed gate even where none is needed.
func consentMissing(f *Facts) finding {
	key := f.trunkKey("consent")
	if f.Side == SideStation && f.TrunkRule.Consent != ConsentNotRequired {
		key = f.trunkKey("station_consent")
	}
	if !f.Consent.known() {
		return finding{matched: true, key: key, input: "consent " + orUnknown(string(f.Consent))}
	}
	if !GateNeeded(*f) {
		return finding{key: key, input: "no gate needed, " + f.where()}
	}
	if f.GateOpen {
		return finding{key: key, input: "gate open, consent " + string(f.Consent)}
	}
	return finding{matched: true, key: key, input: "gate closed, consent " + string(f.Consent) + ", " + f.where()}
}

// phaseIVR is row 4. A call whose phase nobody knows has not left its flow.
func phaseIVR(f *Facts) finding {
	if !f.Phase.known() {
		return finding{matched: true, input: "phase " + orUnknown(string(f.Phase))}
	}
	return suppressed(PhaseIVR)(f)
}

// suppressed returns the check of a row that stands for the phase p.
func suppressed(p Phase) func(*Facts) finding {
	return func(f *Facts) finding {
		key, listed := f.suppressor(p)
		input := "phase " + orUnknown(string(f.Phase))
		if listed {
			input += ", " + string(p) + " suppressed"
		} else {
			input += ", " + string(p) + " not suppressed"
		}
		return finding{matched: listed && f.Phase == p, key: key, input: input}
	}
}

func noQueue(f *Facts) finding {
	return finding{
		matched: f.Queue == "" && !f.TrunkRule.OutsideQueues,
		key:     f.trunkKey("outside_queues"),
		input:   f.queueInput() + ", outside_queues " + strconv.FormatBool(f.TrunkRule.OutsideQueues),
	}
}

func queueDisabled(f *Facts) finding {
	if f.Queue == "" {
		return finding{input: f.queueInput()}
	}
	return finding{
		matched: !f.QueueRule.Enabled,
		key:     "queues." + f.Queue + ".recording.enabled",
		input:   f.queueInput() + ", enabled " + strconv.FormatBool(f.QueueRule.Enabled),
	}
}

func externalOnly(f *Facts) finding {
	return finding{
		matched: f.OutsideOnly && !f.TrunkRule.ExternalOnly,
		key:     f.trunkKey("external_only"),
		input:   "only outside parties " + strconv.FormatBool(f.OutsideOnly) + ", external_only " + strconv.FormatBool(f.TrunkRule.ExternalOnly),
	}
}

func peerRefused(f *Facts) finding {
	return finding{matched: f.PeerRefused, input: "recordpref:off " + strconv.FormatBool(f.PeerRefused)}
}

func recorderUnavailable(f *Facts) finding {
	return finding{matched: !f.RecorderReady, input: "ready " + strconv.FormatBool(f.RecorderReady)}
}

func securePause(f *Facts) finding {
	return finding{matched: f.SecurePause, input: "paused " + strconv.FormatBool(f.SecurePause)}
}

func allowed(*Facts) finding { return finding{matched: true} }

// where names the column of the gating table that the call stands in.
func (f *Facts) where() string {
	if f.Conference {
		return "conference, consent rule " + orUnknown(f.TrunkRule.Consent)
	}
	return orUnknown(f.Direction) + ", consent rule " + orUnknown(f.TrunkRule.Consent)
}

func (f *Facts) queueInput() string {
	if f.Queue == "" {
		return "no queue"
	}
	return "queue " + f.Queue
}

// orUnknown returns s, or "unknown" where nothing was said.
func orUnknown(s string) string {
	if s == "" {
		return "unknown"
	}
	return s
}
