package recorder

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestTwoChannelsPlacedOutOfOrderStandAtTheirSample(t *testing.T) {
	g := newRig(t, nil, nil)
	rec := g.open(nil)
	var at []int
	for pos := 37; pos < 16037; pos += 160 {
		at = append(at, pos)
	}
	for i := 0; i+3 < len(at); i += 4 {
		at[i], at[i+1], at[i+2], at[i+3] = at[i+2], at[i], at[i+3], at[i+1]
	}
	for i, pos := range at {
		rec.Place(0, int64(pos), ramp(pos, 160))
		other := at[(i/4*4)+(3-i%4)]
		rec.Place(1, int64(other-37), ramp(other-37+100, 160))
		if i%8 == 7 {
			g.flush()
		}
	}
	res := g.end(rec, 0)
	if res.Result != ResultOK || res.DurationMS != 2005 {
		t.Fatalf("%+v", res)
	}
	mustVerify(t, res)
	c := audioOf(t, res.File)
	wantSilence(t, c[0], 0, 37)
	wantRamp(t, c[0], 37, 16037, 0)
	wantRamp(t, c[1], 0, 16000, 100)
	if gaps := sidecarOf(t, res.File).Gaps; len(gaps) != 0 {
		t.Errorf("gaps %+v, want none", gaps)
	}
}

func TestLateBeyondTheWindowIsLostAndCounted(t *testing.T) {
	g := newRig(t, nil, nil)
	rec := g.open(nil)
	talk(rec, 0, 1600)
	talk(rec, 1760, 8000)
	g.flush()
	talk(rec, 1600, 1760)
	talk(rec, 8000, 9600)
	res := g.end(rec, 0)
	s := sidecarOf(t, res.File)
	if res.Result != ResultDegraded || !slices.Contains(s.Gaps, SidecarGap{"lost", 0, 200, 220}) || !slices.Contains(s.Gaps, SidecarGap{"lost", 1, 200, 220}) {
		t.Fatalf("%+v %+v", res, s.Gaps)
	}
	want := SidecarLoss{Channel: 0, LostMS: 20, LateMS: 20, Percent: 1.67, Ranges: []SidecarRange{{"late", 200, 220}}}
	if diff := cmp.Diff(want, s.Loss[0]); diff != "" {
		t.Error(diff)
	}
	wantSilence(t, audioOf(t, res.File)[0], 1600, 1760)
	mustVerify(t, res)
}

func TestLateWithinTheWindowFindsItsPlace(t *testing.T) {
	g := newRig(t, nil, nil)
	rec := g.open(nil)
	talk(rec, 0, 6400)
	talk(rec, 6560, 8000)
	g.flush()
	talk(rec, 6400, 6560)
	res := g.end(rec, 0)
	if res.Result != ResultOK {
		t.Fatalf("%+v %+v", res, sidecarOf(t, res.File).Gaps)
	}
	wantRamp(t, audioOf(t, res.File)[0], 0, 8000, 0)
}

func TestLostIsSilenceWithATypedGapAndDTXIsNone(t *testing.T) {
	g := newRig(t, nil, nil)
	rec := g.open(nil)
	rec.Place(0, 0, ramp(0, 1600))
	rec.Place(0, 2400, ramp(2400, 1600))
	rec.Place(1, 0, ramp(0, 1600))
	rec.Mark(1, 1600, 2400, "dtx")
	rec.Place(1, 2400, ramp(2400, 1600))
	res := g.end(rec, 4000)
	if diff := cmp.Diff([]SidecarGap{{"lost", 0, 200, 300}}, sidecarOf(t, res.File).Gaps); diff != "" {
		t.Error(diff)
	}
	c := audioOf(t, res.File)
	wantSilence(t, c[0], 1600, 2400)
	wantSilence(t, c[1], 1600, 2400)
	if res.Result != ResultDegraded {
		t.Error(res.Result)
	}
}

func TestPausesAreTypedAndRefuseAudio(t *testing.T) {
	g := newRig(t, nil, nil)
	rec := g.open(nil)
	talk(rec, 0, 8000)
	for c := range 2 {
		rec.Mark(c, 8000, 16000, "hold")
		rec.Mark(c, 7840, 8000, "secure_pause")
	}
	talk(rec, 7840, 12000)
	rec.Advance(16000)
	g.flush()
	talk(rec, 14400, 16000)
	talk(rec, 16000, 24000)
	res := g.end(rec, 0)
	want := []SidecarGap{
		{"secure_pause", 0, 980, 1000}, {"hold", 0, 1000, 2000},
		{"secure_pause", 1, 980, 1000}, {"hold", 1, 1000, 2000},
	}
	if diff := cmp.Diff(want, sidecarOf(t, res.File).Gaps); diff != "" {
		t.Error(diff)
	}
	c := audioOf(t, res.File)
	wantRamp(t, c[0], 0, 7840, 0)
	wantSilence(t, c[0], 7840, 16000)
	wantSilence(t, c[1], 7840, 16000)
	wantRamp(t, c[0], 16000, 24000, 0)
	if res.Result != ResultOK {
		t.Error(res.Result)
	}
	mustVerify(t, res)
}

func TestAKeyIsWipedRefusedAndNoGap(t *testing.T) {
	g := newRig(t, nil, nil)
	rec := g.open(nil)
	talk(rec, 0, 1600)
	for c := range 2 {
		rec.Mark(c, 1440, 2400, "dtmf") // 20 ms of it are there already, the rest comes
	}
	talk(rec, 1600, 8000)
	res := g.end(rec, 8000)
	if gaps := sidecarOf(t, res.File).Gaps; len(gaps) != 0 || res.Result != ResultOK {
		t.Errorf("%s, gaps %v", res.Result, gaps)
	}
	c := audioOf(t, res.File)
	for i := range 2 {
		wantSilence(t, c[i], 1440, 2400)
	}
	wantRamp(t, c[0], 0, 1440, 0)
	wantRamp(t, c[0], 2400, 8000, 0)
	mustVerify(t, res)
}

func TestAMarkThatComesLateRetypesWhatWasUnplaced(t *testing.T) {
	g := newRig(t, nil, nil)
	rec := g.open(nil)
	talk(rec, 0, 8000)
	for pos := int64(8000); pos < 80000; pos += 1200 {
		rec.Advance(pos)
		g.flush()
	}
	rec.Mark(0, 8000, 80000, "hold")
	rec.Mark(1, 8000, 80000, "dtx")
	talk(rec, 80000, 88000)
	res := g.end(rec, 0)
	if diff := cmp.Diff([]SidecarGap{{"hold", 0, 1000, 10000}}, sidecarOf(t, res.File).Gaps); diff != "" {
		t.Error(diff)
	}
	if res.Result != ResultOK || res.DurationMS != 11000 {
		t.Errorf("%+v", res)
	}
}

func TestALongPauseToldPieceByPieceIsOneGap(t *testing.T) {
	for _, behind := range []int64{0, 2400, 12000} { // before, and after it was found unplaced
		g := newRig(t, nil, nil)
		rec := g.open(nil)
		talk(rec, 0, 8000)
		const end = 8000 + 120*DefaultRateHz
		for pos := int64(8000); pos < end; pos += 800 {
			for c := range 2 {
				rec.Mark(c, max(8000, pos-behind), max(8000, pos+800-behind), "hold")
			}
			rec.Advance(pos + 800)
			g.flush()
		}
		for c := range 2 {
			rec.Mark(c, end-behind, end, "hold")
		}
		talk(rec, end, end+8000)
		if n := len(rec.gaps.list); n > 10 {
			t.Errorf("%d behind: %d pieces in memory", behind, n)
		}
		if size := rec.out.journalSize; size > 64<<10 && behind <= DefaultRateHz/logBehinds {
			t.Errorf("%d behind: %d bytes of facts", behind, size)
		}
		res := g.end(rec, 0)
		want := []SidecarGap{{"hold", 0, 1000, 121000}, {"hold", 1, 1000, 121000}}
		if diff := cmp.Diff(want, sidecarOf(t, res.File).Gaps); diff != "" || res.Result != ResultOK {
			t.Error(behind, res.Result, diff)
		}
		mustVerify(t, res)
	}
}

func TestAPartyWhoseAudioIsWorkedOnFirstAfterAStallCostsTheOtherNothing(t *testing.T) {
	g := newRig(t, nil, nil)
	rec := g.open(nil)
	talk(rec, 0, 8000)
	rec.Advance(8000)
	g.flush()
	rec.Place(0, 8000, ramp(8000, 16000)) // two seconds had gathered
	g.flush()
	rec.Place(1, 8000, ramp(8000, 16000))
	rec.Advance(24000)
	if res := g.end(rec, 24000); res.Result != ResultOK {
		t.Errorf("%+v", sidecarOf(t, res.File))
	}
}

func TestTheHoleOfASlipIsClosedAndTheSlipIsTold(t *testing.T) {
	for _, edge := range []int{0, 1, 2} { // the hole before, at and behind what is frozen
		g := newRig(t, nil, nil)
		rec := g.open(nil)
		rec.Place(0, 0, ramp(0, 4000))
		rec.Place(1, 0, ramp(0, 4000))
		rec.Slip(1, 4000, 1)
		rec.Place(1, 4001, ramp(4000, 1599))
		rec.Slip(1, 5600, -1)
		rec.Place(1, 5599, ramp(5600, 400))
		rec.Place(0, 4000, ramp(4000, 2000-1))
		rec.Advance(int64(4000+edge-1) + DefaultRateHz/windowsPerSecond)
		g.flush()
		res := g.end(rec, 5999)
		s := sidecarOf(t, res.File)
		if res.Result != ResultOK || len(s.Gaps) != 0 {
			t.Fatalf("edge %d: %+v %+v", edge, res, s.Gaps)
		}
		want := SidecarDrift{Count: 2, Slips: []SidecarSlip{{1, 4000, 1}, {1, 5600, -1}}}
		if diff := cmp.Diff(want, s.Drift); diff != "" {
			t.Error(diff)
		}
		c := audioOf(t, res.File)
		wantRamp(t, c[0], 0, 5999, 0)
		if c[1][4000] != 4000 || c[1][4001] != 4001 {
			t.Errorf("edge %d: the hole holds %d, then %d", edge, c[1][4000], c[1][4001])
		}
	}
}

func TestWhatWasNeverSentIsNoGap(t *testing.T) {
	g := newRig(t, nil, nil)
	rec := g.open(nil)
	for pos := 0; pos < 24000; pos += 800 {
		rec.Place(0, int64(pos), ramp(pos, 800))
		if pos >= 8000 && pos < 16000 {
			rec.Place(1, int64(pos), ramp(pos, 800))
		}
		g.flush()
	}
	res := g.end(rec, 24000)
	if gaps := sidecarOf(t, res.File).Gaps; len(gaps) != 0 || res.Result != ResultOK {
		t.Errorf("result %s, gaps %+v; want ok and none", res.Result, gaps)
	}
}

func TestAJumpIsSilenceAndNoMemory(t *testing.T) {
	g := newRig(t, nil, nil)
	rec := g.open(nil)
	talk(rec, 0, 8000)
	g.flush()
	const far = 8000 + 600*DefaultRateHz
	rec.Place(0, far, make([]int16, 160)) // more than the memory reaches: this packet is lost
	g.flush()
	talk(rec, far+160, far+1760)
	rec.Place(0, far+4000*DefaultRateHz, make([]int16, 160)) // not believed
	res := g.end(rec, 0)
	if res.DurationMS != 601220 || g.r.pool.bytes() != 0 {
		t.Errorf("%+v, %d bytes held", res, g.r.pool.bytes())
	}
	mustVerify(t, res)
}

func TestASingleChannelFileIsTheClippedSum(t *testing.T) {
	g := newRig(t, nil, nil)
	rec := g.open(func(s *Spec) { s.DualChannel = false })
	for pos := int64(0); pos < 16000; pos += 2 {
		rec.Place(0, pos, []int16{1000, 30000})
		rec.Place(1, pos, []int16{-300, 30000})
		if pos%800 == 0 {
			g.flush()
		}
	}
	res := g.end(rec, 0)
	c := audioOf(t, res.File)
	if len(c) != 1 || len(c[0]) != 16000 || res.Result != ResultOK {
		t.Fatalf("%d channels, %+v", len(c), res)
	}
	for i := 0; i < 16000; i += 2 {
		if c[0][i] != 700 || c[0][i+1] != 32767 {
			t.Fatalf("samples %d: %d %d", i, c[0][i], c[0][i+1])
		}
	}
	mustVerify(t, res)
}

func TestWhatComesAfterFinishChangesNothing(t *testing.T) {
	g := newRig(t, nil, nil)
	rec := g.open(nil)
	talk(rec, 0, 8000)
	rec.Finish(Final{Position: 4000})
	talk(rec, 8000, 16000)
	rec.Mark(0, 0, 4000, "hold")
	rec.Advance(32000)
	rec.Finish(Final{Position: 9000})
	res := g.settle(rec)
	if res.DurationMS != 500 || res.Result != ResultOK {
		t.Fatalf("%+v", res)
	}
	rec.Place(0, 0, ramp(0, 160))
	rec.Update(func(s *Spec) { s.Station = "x" })
	mustVerify(t, res)
}

func TestNonsenseFromTheDriverIsRefused(t *testing.T) {
	g := newRig(t, nil, nil)
	rec := g.open(nil)
	rec.Place(-1, 0, ramp(0, 160))
	rec.Place(2, 0, ramp(0, 160))
	rec.Place(0, -100, ramp(0, 160))
	rec.Place(0, 1<<60, ramp(0, 160))
	rec.Place(0, 0, nil)
	rec.Mark(3, 0, 100, "hold")
	rec.Mark(1, 100, 0, "hold")
	rec.Mark(1, -50, 10, "no such kind")
	rec.Slip(1, -1, 1000)
	rec.Advance(1 << 60)
	res := g.end(rec, 1<<60)
	if res.DurationMS != 8 {
		t.Errorf("%+v", res)
	}
	mustVerify(t, res)
}

func TestPlaceAllocatesNothing(t *testing.T) {
	g := newRig(t, nil, nil)
	rec := g.open(nil)
	samples, pos := ramp(0, 160), int64(0)
	allocs := testing.AllocsPerRun(40, func() {
		rec.Place(0, pos, samples)
		rec.Place(1, pos, samples)
		pos += 160
		rec.Advance(pos)
	})
	if allocs != 0 {
		t.Errorf("%v allocations a packet", allocs)
	}
}

func TestASilentRecordingWithFactsLeavesNothingAndBreaksNothing(t *testing.T) {
	g := newRig(t, nil, nil)
	rec := g.open(nil)
	rec.Update(func(s *Spec) { s.Station = "agent-1" })
	if res := g.end(rec, 8000); res.Result != ResultTooShort || res.File != "" {
		t.Errorf("%+v", res)
	}
}
