package media

import (
	"testing"
	"time"
)

// patternOf feeds a pattern of packets, x lost and anything else received, through a source.
func patternOf(text string) *source {
	s := &source{}
	s.begin(1, rateHz, 100, 0, 1)
	for i := range len(text) {
		if text[i] != 'x' {
			s.accept(arrival{seq: s.first + 1 + uint64(i), ts: s.newestTS}, true, 0)
		}
	}
	end := s.first + uint64(len(text))
	for seq := end + 1; seq <= end+64; seq++ { // the last ones leave the window
		s.accept(arrival{seq: seq, ts: s.newestTS}, true, 0)
	}
	return s
}

func repeat(text string, n int) (out string) {
	for range n {
		out += text
	}
	return out
}

func TestRunsOfLossesAreBurstsAndLoneOnesAreNot(t *testing.T) {
	const frame = 20 * time.Millisecond
	quiet := repeat(".", 40)
	for _, c := range []struct {
		name       string
		text       string
		lost       uint64
		burst, gap time.Duration
		density    uint8 // of bursts
	}{
		{"nothing lost", quiet, 0, 0, 41 * frame, 0},
		{"lone losses", repeat(quiet+"x", 5), 5, 0, (5*41 + 1) * frame, 0},
		{"a run of four", quiet + "xxxx" + quiet, 4, 4 * frame, 81 * frame, 255},
		{"a burst with air in it", quiet + "x.x..x" + quiet, 3, 6 * frame, 81 * frame, 128},
		{"a long hole", quiet + repeat("x", 300) + quiet, 300, 300 * frame, 81 * frame, 255},
	} {
		b := patternOf(c.text).bursts
		p := b.pattern(frame)
		if b.lost != c.lost || p.burst != c.burst || p.burstDensity != c.density {
			t.Errorf("%s: %d lost, bursts of %v at %d/256; want %d, %v, %d", c.name, b.lost, p.burst, p.burstDensity, c.lost, c.burst, c.density)
		}
		if off := p.gap - c.gap; off < -3*frame || off > 3*frame {
			t.Errorf("%s: gaps of %v, want %v", c.name, p.gap, c.gap)
		}
	}
}

func TestWhatComesLateIsNoLoss(t *testing.T) {
	s := &source{}
	s.begin(1, rateHz, 100, 0, 1)
	for i := uint64(1); i < 1000; i++ {
		seq := s.first + i ^ 1 // each pair swapped
		if i^1 == 0 {
			continue
		}
		s.accept(arrival{seq: seq, ts: s.newestTS}, true, 0)
	}
	if s.bursts.lost > 1 {
		t.Errorf("%d packets lost of those that only changed places", s.bursts.lost)
	}
}

func TestTheBurstRatioTellsRunsFromLoneLosses(t *testing.T) {
	lone := patternOf(repeat(repeat(".", 19)+"x", 100)).bursts
	runs := patternOf(repeat(repeat(".", 95)+"xxxxx", 20)).bursts
	if lone.lost != 100 || runs.lost != 100 {
		t.Fatalf("%d and %d lost", lone.lost, runs.lost)
	}
	if l, r := lone.ratio(0.05), runs.ratio(0.05); l != 1 || r < 4.7 || r > 4.8 {
		t.Errorf("ratios %v and %v, want 1 and 4.75", l, r)
	}
}
