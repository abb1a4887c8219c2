package recorder

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// lossy is a recording of 4 s of which channel 0 lost 100 ms on the line, and
// 20 ms came too late.
func lossy(t *testing.T, tolerated float64) Result {
	t.Helper()
	g := newRig(t, nil, func(c *Config) { c.MaxLossPercent = tolerated })
	rec := g.open(nil)
	talk(rec, 0, 8000)
	talk(rec, 8800, 16000)
	rec.Place(1, 8000, ramp(8000, 800))
	rec.Place(1, 16000, ramp(16000, 160))
	talk(rec, 16160, 24000)
	g.flush()
	rec.Place(0, 16000, ramp(16000, 160))
	rec.Place(0, 0, ramp(0, 160)) // a duplicate: it takes nothing away
	talk(rec, 24000, 32000)
	return g.end(rec, 0)
}

func TestTheMapOfLossTellsWhatWasLostAndWhatCameLate(t *testing.T) {
	res := lossy(t, 0)
	s := mustVerify(t, res).Sidecar
	want := []SidecarLoss{{Channel: 0, LostMS: 120, LateMS: 40, Percent: 3,
		Ranges: []SidecarRange{{"lost", 1000, 1100}, {"late", 2000, 2020}}}}
	if diff := cmp.Diff(want, s.Loss); diff != "" || res.Result != ResultDegraded {
		t.Errorf("%s %s", res.Result, diff)
	}
	if diff := cmp.Diff([]SidecarGap{{"lost", 0, 1000, 1100}, {"lost", 0, 2000, 2020}}, s.Gaps); diff != "" {
		t.Error(diff)
	}
}

func TestWhatMayBeLostIsConfigured(t *testing.T) {
	for tolerated, want := range map[float64]string{0: ResultDegraded, 2.99: ResultDegraded, 3: ResultOK, 100: ResultOK} {
		res := lossy(t, tolerated)
		if s := mustVerify(t, res).Sidecar; res.Result != want || len(s.Loss) != 1 || s.MaxLossPercent != tolerated {
			t.Errorf("%v %%: %s, want %s; %+v", tolerated, res.Result, want, s.Loss)
		}
	}
}

func TestAnAlarmComesBeforeTheDiskIsFull(t *testing.T) {
	d := newFaultDisk()
	g := newRig(t, d, func(c *Config) { c.MinFreeMiB = 100 })
	var told []Space
	g.r.spaceChanged = func(s Space) { told = append(told, s) }
	for _, step := range []struct {
		free      uint64
		low, full bool
	}{{5000, false, false}, {200, false, false}, {199, true, false}, {150, true, false}, {99, true, true}, {199, true, false}, {200, false, false}} {
		d.setFree(step.free*mib, 1<<40)
		g.now = g.now.Add(time.Second)
		g.r.probe()
		if got := g.r.Space(); got.Low != step.low || got.Free != step.free*mib || (g.r.Ready() != nil) != step.full {
			t.Errorf("%d MiB: %+v, %v", step.free, got, g.r.Ready())
		}
	}
	if len(told) != 2 || !told[0].Low || told[1].Low {
		t.Errorf("told %v", told)
	}
	d.setFree(60*mib, 1000*mib) // a small volume: a twentieth is enough
	if g.r.probe(); g.r.Ready() != nil || !g.r.Space().Low {
		t.Errorf("%v %+v", g.r.Ready(), g.r.Space())
	}
}
