package demo

import (
	"testing"

	"assent/demo/phone"
)

func TestTheWordsLeaveRoomForTheTones(t *testing.T) {
	for _, name := range []string{"caller_before", "caller_after", "agent"} {
		samples, err := load("demo/" + name + ".wav")
		if err != nil {
			t.Fatal(err)
		}
		for _, hz := range []float64{toneBefore, toneAfter, toneAgent} {
			if level := phone.Level(samples, hz); level > absentDB-3 {
				t.Errorf("%s has %.0f Hz at %.1f dB, want under %d", name, hz, level, absentDB-3)
			}
		}
	}
}
