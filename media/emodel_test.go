package media

import (
	"math"
	"testing"
	"time"
)

func TestTheRatingFollowsTheStandard(t *testing.T) {
	near := func(got, want, by float64) bool { return math.Abs(got-want) <= by }
	for _, c := range []struct {
		name   string
		path   path
		rating float64
	}{
		{"perfect", path{codec: "PCMU"}, 93.2},
		{"G.729 by itself", path{codec: "G729"}, 82.2},
		// Ie-eff of G.113: 95 · 1 / (1 + 25.1), 95 · 5 / (5 + 25.1)
		{"one percent lost", path{codec: "PCMA", loss: 0.01}, 93.2 - 3.64},
		{"five percent lost", path{codec: "PCMA", loss: 0.05}, 93.2 - 15.78},
		{"five percent in bursts of four", path{codec: "PCMA", loss: 0.05, burst: 4}, 93.2 - 95*5/(1.25+25.1)},
		{"all lost", path{codec: "PCMA", loss: 1}, 93.2 - 95*100/(125.1)},
		// Idd of G.107 at 150, 200 and 400 ms, with the receiver's 40: from its closed form
		{"60 ms cost nothing", path{codec: "PCMU", delay: 60 * time.Millisecond}, 93.2},
		{"400 ms", path{codec: "PCMU", delay: 360 * time.Millisecond}, 93.2 - 24.1},
	} {
		if got := c.path.rating(); !near(got, c.rating, 0.2) {
			t.Errorf("%s: R is %.2f, want %.2f", c.name, got, c.rating)
		}
	}
	for r, want := range map[float64]float64{-1: 1, 0: 1, 50: 2.58, 60: 3.10, 70: 3.60, 80: 4.02, 90: 4.34, 93.2: 4.41, 100: 4.5, 120: 4.5} {
		if got := mos(r); !near(got, want, 0.01) {
			t.Errorf("a rating of %v is a MOS of %.3f, want %.2f", r, got, want)
		}
	}
}

func TestMoreLossDelayAndBurstsNeverSoundBetter(t *testing.T) {
	for codec := range robust {
		last := 100.0
		for loss := 0.0; loss <= 1; loss += 0.01 {
			r := path{codec: codec, loss: loss}.rating()
			if r > last || r < 0 || r > basicRating {
				t.Fatalf("%s: R is %v at %.0f %% after %v", codec, r, 100*loss, last)
			}
			if burst := (path{codec: codec, loss: loss, burst: 5}).rating(); burst > r {
				t.Fatalf("%s: bursts sound better at %.0f %%", codec, 100*loss)
			}
			last = r
		}
		last = 100.0
		for delay := time.Duration(0); delay < 2*time.Second; delay += 10 * time.Millisecond {
			r := path{codec: codec, delay: delay}.rating()
			if r > last+1e-9 {
				t.Fatalf("%s: R is %v at %v after %v", codec, r, delay, last)
			}
			last = r
		}
	}
}
