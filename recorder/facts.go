package recorder

import (
	"math"
	"slices"
	"time"
)

// facts is all that a sidecar is made of, once the timeline has ended.
type facts struct {
	spec      Spec
	layout    layout
	frames    int64 // in the file
	end       int64 // of the timeline; beyond frames nothing could be kept
	gaps      gapList
	audio     [channels]span
	slips     []slip
	slipped   [channels]int64
	late      [channels]int64
	overrun   [channels]int64
	damage    error
	recovered bool

	// of the stored file, once it is made
	stored    string  // FormatWAV or FormatOpus
	rendering string  // of its pauses, one of Gaps
	maxLoss   float64 // Config.MaxLossPercent
	edit      edit
}

// facts returns what the timeline knows, frames of which are stored.
func (t *timeline) facts(end int64) facts {
	f := facts{
		spec: t.spec.clone(), layout: t.layout, frames: min(t.base, end), end: end, slips: slices.Clone(t.slips), slipped: t.slipped,
		gaps: gapList{slices.Clone(t.gaps.list), t.gaps.unlisted},
	}
	for c := range t.tracks {
		f.audio[c], f.late[c], f.overrun[c] = t.tracks[c].audio, t.tracks[c].late, t.tracks[c].overrun
		if f.frames < end || f.overrun[c] > 0 {
			f.damage = t.trouble
		}
		if f.frames < end {
			f.gaps.lose(uint8(c), uint32(f.frames), uint32(end))
		}
	}
	return f
}

// resolved returns the gaps in order, their kinds final.
func (f *facts) resolved() []gap { return f.gaps.resolve(uint32(f.end), f.audio) }

// sidecar returns the sidecar of a file with that hash.
func (f *facts) sidecar(sha string) Sidecar {
	s := f.spec.clone()
	started := originOf(s).start
	out := Sidecar{
		ID: s.ID, Call: s.Call, Trunk: s.Trunk, Queue: s.Queue, Station: s.Station, Direction: s.Direction,
		From: s.From, To: s.To, Format: f.stored, Codec: f.layout.codec, RateHz: f.layout.rateHz, DualChannel: s.DualChannel,
		Channels: s.Channels, StartedAt: Timestamp{started}, DurationMS: f.layout.milliseconds(f.edit.length(f.frames)),
		FirstSample: append([]FirstSample{}, s.FirstSample...), Reason: s.Reason, ConfigVersion: s.ConfigVersion,
		Consent: s.Consent, Barrier: append([]Floor{}, s.Barrier...), Beep: s.Beep, Gaps: []SidecarGap{}, Loss: []SidecarLoss{},
		GapsAs: f.rendering, MaxLossPercent: f.maxLoss, Omitted: []SidecarSpan{}, GapsUnlisted: f.gaps.unlisted, Recovered: f.recovered, SHA256: sha, Result: ResultOK,
	}
	if f.stored == FormatOpus {
		out.Codec = codecOpus
	}
	length := out.DurationMS
	for _, o := range f.edit.omitted {
		span := SidecarSpan{f.layout.milliseconds(o.from), f.layout.milliseconds(o.to)}
		out.Omitted = append(out.Omitted, span)
		length += span.EndMS - span.StartMS
	}
	out.EndedAt = Timestamp{started.Add(time.Duration(length) * time.Millisecond)}
	f.describeGaps(&out)
	f.describeLoss(&out)
	f.describeDrift(&out)
	if f.damage != nil {
		out.Error = f.damage.Error()
	}
	out.Result = out.expectedResult()
	return out
}

// describeGaps fills in the gaps: whatever the reason, audio that is not there is lost.
func (f *facts) describeGaps(out *Sidecar) {
	list := f.resolved()
	for i := range list {
		if list[i].kind.lacks() {
			list[i].kind = kindLost
		}
	}
	for _, g := range join(list) {
		out.Gaps = append(out.Gaps, SidecarGap{
			Type: g.kind.String(), Channel: int(g.channel),
			StartMS: f.layout.milliseconds(int64(g.from)), EndMS: f.layout.milliseconds(int64(g.to)),
		})
	}
}

// describeLoss maps what each channel lacks, and why. A duplicate that came late
// took nothing away, so lateness alone is no loss.
func (f *facts) describeLoss(out *Sidecar) {
	var lost [channels]int64
	var ranges [channels][]SidecarRange
	for _, g := range f.resolved() {
		if c := g.channel; g.kind.lacks() {
			lost[c] += int64(g.to - g.from)
			ranges[c] = append(ranges[c], SidecarRange{g.kind.String(), f.layout.milliseconds(int64(g.from)), f.layout.milliseconds(int64(g.to))})
		}
	}
	for c := range channels {
		if lost[c] == 0 && f.overrun[c] == 0 {
			continue
		}
		out.Loss = append(out.Loss, SidecarLoss{
			Ranges: ranges[c], Percent: f.percent(lost[c], f.audio[c]),
			Channel: c, LostMS: f.layout.milliseconds(lost[c]), LateMS: f.layout.milliseconds(f.late[c]),
			OverrunMS: f.layout.milliseconds(f.overrun[c]),
		})
	}
}

// percent returns the share of a channel that is lost, from its first audio to
// the end of its last, or of the recording's time if that is cut.
func (f *facts) percent(lost int64, audio span) float64 {
	length := max(min(audio.to, f.end)-audio.from, lost)
	if length == 0 {
		return 0
	}
	return math.Round(1e4*float64(lost)/float64(length)) / 100
}

// describeDrift lists the slips.
func (f *facts) describeDrift(out *Sidecar) {
	out.Drift.Slips = []SidecarSlip{}
	for _, n := range f.slipped {
		out.Drift.Count += n
	}
	for _, s := range f.slips {
		if int64(s.position) < f.end {
			out.Drift.Slips = append(out.Drift.Slips, *s.sidecar())
		}
	}
}
