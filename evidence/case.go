package evidence

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"assent/consent"
	"assent/recorder"
)

// Case is one recording with what the ledger has of its call.
type Case struct {
	Report  recorder.Report
	Entries []consent.Record // of the call, in the ledger's order
}

// Finding is one thing that does not hold.
type Finding struct {
	// Place is "file", "sidecar", or "ledger entry N".
	Place string `json:"place"`
	What  string `json:"what"`
	// Samples counts audio from below a floor; 0 for everything else.
	Samples uint64 `json:"samples,omitempty"`
}

// String returns place and finding.
func (f Finding) String() string { return f.Place + ": " + f.What }

// Unconsented adds up the samples from below a floor.
func Unconsented(findings []Finding) (samples uint64) {
	for _, f := range findings {
		samples += f.Samples
	}
	return samples
}

// judge collects findings while it follows the entries.
type judge struct {
	Case
	findings []Finding

	may       bool            // the latest answer, or a rule, allows recording
	gate      bool            // opened; no answer closes it, a withdrawal does
	floors    []consent.Floor // of the barrier that holds
	known     []consent.Floor // of every barrier
	opened    []consent.Floor // of the barrier that the recording began behind
	answer    *consent.Record // the latest answer
	started   bool
	firsts    []consent.FirstSample
	sealed    *consent.Record
	withdrawn *consent.WithdrawnData // after the recording began, and no yes since
	erased    *consent.Record
}

// Findings holds file, sidecar and ledger against each other. None means that all of it is one story.
func (c Case) Findings() []Finding {
	j := &judge{Case: c}
	for _, problem := range c.Report.Problems {
		j.find("file", "%s", problem)
	}
	for i := range c.Entries {
		j.follow(&c.Entries[i])
	}
	j.checkSeal()
	j.checkAnswer()
	j.checkSamples()
	j.checkWithdrawal()
	return j.findings
}

// Verdict is Findings as one error, nil where all holds.
func (c Case) Verdict() error {
	findings := c.Findings()
	if len(findings) == 0 {
		return nil
	}
	words := make([]string, len(findings))
	for i, f := range findings {
		words[i] = f.String()
	}
	return errors.New(strings.Join(words, "; "))
}

func (j *judge) find(place, what string, args ...any) {
	j.findings = append(j.findings, Finding{Place: place, What: fmt.Sprintf(what, args...)})
}

func entry(r *consent.Record) string { return fmt.Sprintf("ledger entry %d", r.Index) }

// follow takes the next entry of the call's story.
func (j *judge) follow(r *consent.Record) {
	switch d := r.Data.(type) {
	case consent.ConsentData:
		j.answered(r, d)
	case consent.BarrierData:
		if !j.may {
			j.find(entry(r), "the gate was opened, and no consent stands before it")
		}
		j.gate, j.floors, j.known = j.may, d.Floors, append(j.known, d.Floors...)
	case consent.StartedData:
		if d.Recording != j.Report.ID {
			return
		}
		if !j.gate || !j.may {
			j.find(entry(r), "the recording began without a gate that consent had opened")
		}
		j.begun(r, d.FirstSamples)
	case consent.SealedData:
		if d.Recording == j.Report.ID {
			j.sealed = r
		}
	case consent.WithdrawnData:
		j.may, j.gate = false, false
		if j.started && (d.Recording == "" || d.Recording == j.Report.ID) {
			j.withdrawn = &d
		}
	case consent.ErasedData:
		if d.Recording == j.Report.ID {
			j.erased = r
		}
	}
}

// answered follows an answer: the latest holds. A yes after a withdrawal needs a barrier of its own.
func (j *judge) answered(r *consent.Record, d consent.ConsentData) {
	j.answer = r
	switch {
	case d.Basis == consent.BasisNotRequired:
		j.may, j.gate = true, true
	case d.State == "granted", d.State == "on_file", d.State == "not_asked" && d.Basis == consent.BasisAsserted:
		j.may, j.withdrawn = true, nil
		if d.Notice != nil && !d.Notice.Heard {
			j.may = false
			j.find(entry(r), "consent was counted, and the notice was not heard: %s", d.Notice.Why)
		}
	default:
		j.may = false
	}
}

// checkSeal holds the file against what was sealed.
func (j *judge) checkSeal() {
	if j.erased != nil {
		j.find(entry(j.erased), "the recording was erased, and the file is there")
	}
	if j.sealed == nil {
		j.find("ledger", "no sealed entry of recording %s (call %s)", j.Report.ID, j.Report.Sidecar.Call)
		return
	}
	d := j.sealed.Data.(consent.SealedData)
	place := entry(j.sealed)
	if d.SHA256 != j.Report.SHA256 {
		j.find("file", "its SHA-256 is %s, %s sealed %s", j.Report.SHA256, place, d.SHA256)
	}
	if d.SidecarSHA256 != j.Report.SidecarSHA256 {
		j.find("sidecar", "its SHA-256 is %s, %s sealed %s", j.Report.SidecarSHA256, place, d.SidecarSHA256)
	}
	side := &j.Report.Sidecar
	if d.DurationMS != side.DurationMS || d.Result != side.Result {
		j.find(place, "sealed %d ms, %s; the sidecar says %d ms, %s", d.DurationMS, d.Result, side.DurationMS, side.Result)
	}
	if d.File != "" && filepath.Base(d.File) != filepath.Base(j.Report.File) {
		j.find(place, "sealed the file %s, this is %s", filepath.Base(d.File), filepath.Base(j.Report.File))
	}
}

// checkAnswer holds what the sidecar says of the consent against the entry that it names.
func (j *judge) checkAnswer() {
	side := j.Report.Sidecar.Consent
	if side.Ledger == nil {
		if j.answer == nil {
			j.find("ledger", "no consent entry of call %s", j.Report.Sidecar.Call)
		}
		return
	}
	at := slices.IndexFunc(j.Entries, func(r consent.Record) bool { return r.Index == *side.Ledger })
	if at < 0 {
		j.find("sidecar", "it names ledger entry %d, which is none of its call", *side.Ledger)
		return
	}
	d, ok := j.Entries[at].Data.(consent.ConsentData)
	if !ok {
		j.find("sidecar", "it names ledger entry %d as its consent, which is of type %s", *side.Ledger, j.Entries[at].Type)
		return
	}
	of := recorder.Consent{State: d.State, Method: d.Method, Key: d.Key, Prompt: d.Prompt, PromptSHA256: d.PromptSHA256, Language: d.Language, Ledger: side.Ledger}
	if of != side {
		j.find("sidecar", "its consent is %s, ledger entry %d has %s", words(side), *side.Ledger, words(of))
	}
}

func words(c recorder.Consent) string {
	return fmt.Sprintf("%s by %s, key %q, prompt %q (%.8s…), language %q", c.State, c.Method, c.Key, c.Prompt, c.PromptSHA256, c.Language)
}

// begun takes first samples, and holds them against the floors of the barrier that let them in.
func (j *judge) begun(r *consent.Record, firsts []consent.FirstSample) {
	if !j.started {
		j.started, j.opened = true, j.floors
	}
	j.firsts = append(j.firsts, firsts...)
	for _, f := range firsts {
		j.checkFloor(entry(r), f, j.floors)
		if !slices.Contains(j.Report.Sidecar.FirstSample, recorder.FirstSample(f)) {
			j.find("sidecar", "it lacks the first sample on channel %d (ssrc %d, rtp time %d) that %s has", f.Channel, f.SSRC, f.RTPTime, entry(r))
		}
	}
}

// checkSamples holds what the sidecar says of the barrier and of first samples against the ledger. The ledger's word on
// samples of a channel that was heard later is not always there; their floors are.
func (j *judge) checkSamples() {
	side := &j.Report.Sidecar
	if !j.started {
		j.opened = j.floors
		if !side.Recovered { // a crash may have kept it from the disk
			j.find("ledger", "no started entry of recording %s", j.Report.ID)
		}
	}
	for _, s := range side.FirstSample {
		if first := consent.FirstSample(s); !slices.Contains(j.firsts, first) {
			j.checkFloor("sidecar", first, j.opened)
		}
	}
	for _, f := range side.Barrier {
		if !slices.Contains(j.known, consent.Floor(f)) {
			j.find("sidecar", "the floor of leg %s (ssrc %d, rtp time %d) is in none of the ledger's barriers", f.Leg, f.SSRC, f.RTPTime)
		}
	}
}

// checkFloor counts what a first sample lies below its floor: the promise itself.
func (j *judge) checkFloor(place string, s consent.FirstSample, floors []consent.Floor) {
	leg := ""
	if channels := j.Report.Sidecar.Channels; s.Channel >= 0 && s.Channel < len(channels) {
		leg = channels[s.Channel].Leg
	}
	for _, f := range floors {
		if f.SSRC == s.SSRC && (leg == "" || f.Leg == leg) && s.RTPTime < f.RTPTime {
			below := f.RTPTime - s.RTPTime
			j.findings = append(j.findings, Finding{Place: place, Samples: below,
				What: fmt.Sprintf("channel %d begins %d samples below the barrier of leg %s (rtp time %d, floor %d)", s.Channel, below, f.Leg, s.RTPTime, f.RTPTime)})
			return
		}
	}
}

// checkWithdrawal sees to it that a withdrawal had the effect that it names.
func (j *judge) checkWithdrawal() {
	if j.withdrawn == nil || j.sealed == nil {
		return
	}
	switch d := *j.withdrawn; {
	case d.Effect == consent.EffectErase:
		j.find("file", "consent was withdrawn, which erases the recording, and the file is there")
	case d.Effect == consent.EffectKeep:
		j.checkSilence(d.PositionMS)
	case d.Effect == consent.EffectTruncate && d.PositionMS > 0 && j.Report.Sidecar.DurationMS > d.PositionMS:
		j.find("file", "consent was withdrawn at %d ms, which cuts the recording there, and it has %d ms", d.PositionMS, j.Report.Sidecar.DurationMS)
	}
}

// checkSilence sees to it that no audio stands behind a withdrawal that kept the recording: on both channels the gap that it
// left begins there at the latest.
func (j *judge) checkSilence(atMS int64) {
	side := &j.Report.Sidecar
	const (
		settles = 1000 // a call that ends meanwhile leaves no gap
		slack   = 50   // the clocks of the two channels are led together
	)
	length := side.EndedAt.Sub(side.StartedAt.Time).Milliseconds()
	if atMS == 0 || length <= atMS+settles || side.GapsUnlisted > 0 {
		return
	}
	for channel := range side.Channels {
		if !slices.ContainsFunc(side.Gaps, func(g recorder.SidecarGap) bool {
			return g.Type == "withdrawn" && g.Channel == channel && g.StartMS <= atMS+slack
		}) {
			j.find("sidecar", "consent was withdrawn at %d ms, and channel %d has no gap from there on", atMS, channel)
		}
	}
}
