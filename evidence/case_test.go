package evidence

import (
	"strings"
	"testing"
	"time"

	"assent/consent"
	"assent/recorder"
)

const (
	callID      = "01JDCALL0000000000000000000"
	recordingID = "01JDREC00000000000000000000"
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// story is the ledger of a call that was recorded as promised.
func story() []any {
	return []any{
		consent.ConsentData{State: "granted", Method: "rfc4733", Key: "1", Prompt: "question", PromptSHA256: "ab", Language: "en"},
		consent.BarrierData{Floors: []consent.Floor{{Leg: "caller", SSRC: 7, RTPTime: 1000, Source: "key"}}},
		consent.StartedData{Recording: recordingID, FirstSamples: []consent.FirstSample{{Channel: 0, SSRC: 7, RTPTime: 1160}}},
		consent.StartedData{Recording: recordingID, FirstSamples: []consent.FirstSample{{Channel: 1, SSRC: 9, RTPTime: 5}}},
		consent.SealedData{Recording: recordingID, File: "/somewhere/" + recordingID + ".wav", SHA256: "f00d", SidecarSHA256: "beef", DurationMS: 900, Result: "ok"},
	}
}

// told makes a case of what the ledger has.
func told(data ...any) Case {
	index := int64(0)
	c := Case{Report: recorder.Report{ID: recordingID, File: recordingID + ".wav", SHA256: "f00d", SidecarSHA256: "beef", Sidecar: recorder.Sidecar{
		ID: recordingID, Call: callID, DurationMS: 900, Result: "ok",
		Channels:    []recorder.Channel{{Party: "external", Leg: "caller"}, {Party: "internal", Leg: "agent"}},
		FirstSample: []recorder.FirstSample{{Channel: 0, SSRC: 7, RTPTime: 1160}, {Channel: 1, SSRC: 9, RTPTime: 5}},
		Barrier:     []recorder.Floor{{Leg: "caller", SSRC: 7, RTPTime: 1000, Source: "key"}},
		Consent:     recorder.Consent{State: "granted", Method: "rfc4733", Key: "1", Prompt: "question", PromptSHA256: "ab", Language: "en", Ledger: &index},
	}}}
	for i, d := range data {
		c.Entries = append(c.Entries, consent.Record{Index: int64(i), Call: callID, Time: noon, Type: typeOf(d), Data: d})
	}
	return c
}

func typeOf(data any) string {
	switch data.(type) {
	case consent.ConsentData:
		return consent.TypeConsent
	case consent.SealedData:
		return consent.TypeSealed
	}
	return consent.TypeBarrier
}

// without is the story without one entry.
func without(i int) []any {
	s := story()
	return append(s[:i:i], s[i+1:]...)
}

// with is the story with an entry in place of another.
func with(i int, data any) []any {
	s := story()
	s[i] = data
	return s
}

func TestCallThatWasRecordedAsPromisedHasNoFindings(t *testing.T) {
	if found := told(story()...).Findings(); len(found) != 0 {
		t.Error(found)
	}
}

func TestWhatDoesNotHoldIsNamedWithItsPlace(t *testing.T) {
	declined := consent.ConsentData{State: "declined", Method: "rfc4733", Key: "1", Prompt: "question", PromptSHA256: "ab", Language: "en"}
	again := append(story()[:4:4], consent.WithdrawnData{By: "caller", Effect: consent.EffectKeep},
		consent.ConsentData{State: "granted", Method: "api"})
	for name, c := range map[string]struct {
		ledger []any
		want   string
	}{
		"no consent":             {without(0), "ledger entry 0: the gate was opened, and no consent stands before it"},
		"a no":                   {with(0, declined), "ledger entry 1: the gate was opened, and no consent stands before it"},
		"no barrier":             {without(1), "began without a gate"},
		"no start":               {append(without(2)[:2:2], without(2)[3:]...), "ledger: no started entry"},
		"no seal":                {without(4), "ledger: no sealed entry of recording " + recordingID},
		"another file":           {with(4, consent.SealedData{Recording: recordingID, SHA256: "0", SidecarSHA256: "beef", DurationMS: 900, Result: "ok"}), "file: its SHA-256 is f00d, ledger entry 4 sealed 0"},
		"another sidecar":        {with(4, consent.SealedData{Recording: recordingID, SHA256: "f00d", SidecarSHA256: "0", DurationMS: 900, Result: "ok"}), "sidecar: its SHA-256 is beef"},
		"another length":         {with(4, consent.SealedData{Recording: recordingID, SHA256: "f00d", SidecarSHA256: "beef", DurationMS: 901, Result: "ok"}), "ledger entry 4: sealed 901 ms"},
		"another name":           {with(4, consent.SealedData{Recording: recordingID, File: "x.wav", SHA256: "f00d", SidecarSHA256: "beef", DurationMS: 900, Result: "ok"}), "sealed the file x.wav"},
		"another prompt":         {with(0, consent.ConsentData{State: "granted", Method: "rfc4733", Key: "1", Prompt: "question", PromptSHA256: "cd", Language: "en"}), "sidecar: its consent is granted"},
		"below the floor":        {with(1, consent.BarrierData{Floors: []consent.Floor{{Leg: "caller", SSRC: 7, RTPTime: 2000, Source: "key"}}}), "channel 0 begins 840 samples below the barrier of leg caller"},
		"another barrier":        {with(1, consent.BarrierData{Floors: []consent.Floor{{Leg: "caller", SSRC: 7, RTPTime: 1000, Source: "guard"}}}), "sidecar: the floor of leg caller"},
		"another first sample":   {with(2, consent.StartedData{Recording: recordingID, FirstSamples: []consent.FirstSample{{Channel: 0, SSRC: 7, RTPTime: 1161}}}), "sidecar: it lacks the first sample on channel 0"},
		"erased":                 {append(story(), consent.ErasedData{What: "recording", Recording: recordingID}), "the recording was erased, and the file is there"},
		"withdrawn with erasure": {append(story()[:4:4], consent.WithdrawnData{By: "caller", Effect: consent.EffectErase}, story()[4]), "which erases the recording, and the file is there"},
		"not truncated":          {append(story()[:4:4], consent.WithdrawnData{By: "caller", Effect: consent.EffectTruncate, PositionMS: 400}, story()[4]), "withdrawn at 400 ms"},
		"began after the no":     {append(story()[:2:2], consent.WithdrawnData{By: "caller"}, story()[2], story()[3], story()[4]), "began without a gate"},
		"granted without a gate": {append(again, story()[2], story()[4]), "began without a gate"},
		"a notice unheard": {with(0, consent.ConsentData{State: "granted", Method: "rfc4733", Key: "1", Prompt: "question", PromptSHA256: "ab", Language: "en",
			Notice: &consent.Notice{Why: "loss"}}), "the notice was not heard: loss"},
	} {
		var all []string
		found := false
		for _, f := range told(c.ledger...).Findings() {
			all = append(all, f.String())
			found = found || strings.Contains(f.String(), c.want)
		}
		if !found {
			t.Errorf("%s: %q, want %q", name, all, c.want)
		}
	}
}

// A caller who takes the yes back and gives it again is recorded from a second barrier on; the first one's samples are not
// held against it.
func TestConsentGivenAgainHasItsOwnBarrier(t *testing.T) {
	ledger := append(story()[:4:4], consent.WithdrawnData{By: "caller", Effect: consent.EffectKeep},
		consent.ConsentData{State: "granted", Method: "api"},
		consent.BarrierData{Floors: []consent.Floor{{Leg: "caller", SSRC: 7, RTPTime: 90_000}}},
		consent.StartedData{Recording: recordingID, FirstSamples: []consent.FirstSample{{Channel: 0, SSRC: 7, RTPTime: 90_000}}}, story()[4])
	c := told(ledger...)
	c.Report.Sidecar.FirstSample = append(c.Report.Sidecar.FirstSample, recorder.FirstSample{Channel: 0, SSRC: 7, RTPTime: 90_000})
	if found := c.Findings(); len(found) != 0 {
		t.Error(found)
	}
}

// No action closes the gate, but the latest answer holds: after a no and another yes the first barrier serves.
func TestYesAfterANoNeedsNoSecondBarrier(t *testing.T) {
	no := consent.ConsentData{State: "declined"}
	yes := story()[0].(consent.ConsentData)
	ledger := append([]any{no, story()[0], story()[1], no}, yes, story()[2], story()[3], story()[4])
	c := told(ledger...)
	index := int64(1)
	c.Report.Sidecar.Consent.Ledger = &index
	if found := c.Findings(); len(found) != 0 {
		t.Error(found)
	}
	ledger = append(story()[:2:2], no, story()[2], story()[3], story()[4])
	if found := told(ledger...).Findings(); len(found) == 0 {
		t.Error("a recording that began after a no passes")
	}
}

func TestSamplesBelowTheFloorAreCounted(t *testing.T) {
	c := told(with(1, consent.BarrierData{Floors: []consent.Floor{{Leg: "caller", SSRC: 7, RTPTime: 2000, Source: "key"}}})...)
	if got := Unconsented(c.Findings()); got != 840 {
		t.Errorf("%d samples, want 840", got)
	}
	if got := Unconsented(told(story()...).Findings()); got != 0 {
		t.Errorf("%d samples of a lawful recording", got)
	}
}

func TestRecordingThatNeedsNoConsentNeedsItsEntryAllTheSame(t *testing.T) {
	ledger := []any{consent.ConsentData{State: "not_asked", Basis: consent.BasisNotRequired}, story()[2], story()[3], story()[4]}
	c := told(ledger...)
	index := int64(0)
	c.Report.Sidecar.Consent = recorder.Consent{State: "not_asked", Ledger: &index}
	c.Report.Sidecar.Barrier = nil
	if found := c.Findings(); len(found) != 0 {
		t.Error(found)
	}
	c.Entries = c.Entries[1:]
	if found := c.Findings(); len(found) == 0 {
		t.Error("a recording without any consent entry passes")
	}
}

func TestASilenceBehindAWithdrawalIsAskedForOnBothChannels(t *testing.T) {
	kept := consent.WithdrawnData{By: "caller", Effect: consent.EffectKeep, PositionMS: 4000}
	c := told(append(story()[:4:4], kept, story()[4])...)
	side := &c.Report.Sidecar
	side.EndedAt.Time = side.StartedAt.Add(9 * time.Second)
	gaps := []recorder.SidecarGap{{Type: "withdrawn", Channel: 0, StartMS: 3990, EndMS: 9000}, {Type: "withdrawn", Channel: 1, StartMS: 4000, EndMS: 9000}}
	for name, with := range map[string]struct {
		gaps []recorder.SidecarGap
		want string
	}{
		"both":            {gaps, ""},
		"one":             {gaps[:1], "consent was withdrawn at 4000 ms, and channel 1 has no gap"},
		"too late":        {[]recorder.SidecarGap{gaps[0], {Type: "withdrawn", Channel: 1, StartMS: 4051, EndMS: 9000}}, "channel 1 has no gap"},
		"of another kind": {[]recorder.SidecarGap{{Type: "hold", Channel: 0, StartMS: 0, EndMS: 9000}, gaps[1]}, "channel 0 has no gap"},
	} {
		side.Gaps = with.gaps
		found := ""
		for _, f := range c.Findings() {
			found += f.String()
		}
		if with.want == "" && found != "" || !strings.Contains(found, with.want) {
			t.Errorf("%s: %q, want %q", name, found, with.want)
		}
	}
}
