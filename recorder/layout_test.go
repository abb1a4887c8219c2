package recorder

import (
	"encoding/binary"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"assent/media/codec"
)

func TestARecordingKeepsTheRateItWasOpenedWith(t *testing.T) {
	for _, rate := range []int{8000, 16000, 24000, 48000} {
		g := newRig(t, nil, nil)
		rec := g.open(func(s *Spec) { s.RateHz = rate })
		packet := rate / 50
		for pos := 0; pos < 2*rate; pos += packet {
			if pos < rate || pos >= rate+rate/10 { // 100 ms of channel 0 are lost
				rec.Place(0, int64(pos), ramp(pos, packet))
			}
			rec.Place(1, int64(pos), ramp(pos-20000, packet))
			if pos%(7*packet) == 0 {
				g.flush()
			}
		}
		rec.Update(func(s *Spec) { s.RateHz, s.Station = 7, "agent-1" })
		res := g.end(rec, 0)
		s := mustVerify(t, res).Sidecar
		if want := []SidecarGap{{"lost", 0, 1000, 1100}}; s.RateHz != rate || res.DurationMS != 2000 || !slices.Equal(s.Gaps, want) || s.Station != "agent-1" {
			t.Errorf("%d Hz: %+v", rate, s)
		}
		c := audioAt(t, res.File, rate)
		wantRamp(t, c[0], 0, rate, 0)
		wantSilence(t, c[0], rate, rate+rate/10)
		wantRamp(t, c[0], rate+rate/10, 2*rate, 0)
		wantRamp(t, c[1], 0, 2*rate, -20000)
	}
}

func TestWhatCanNotBeRecordedIsRefusedAtOnce(t *testing.T) {
	g := newRig(t, nil, nil)
	for _, change := range []func(*Spec){
		func(s *Spec) { s.RateHz = -1 },
		func(s *Spec) { s.RateHz = 44100 },
		func(s *Spec) { s.Format = "mp3" },
	} {
		rec := g.open(change)
		talk(rec, 0, 1600)
		if res := rec.Result(); res.Result != ResultFailed || res.Err == nil {
			t.Errorf("%+v", res)
		}
	}
}

// g711File returns the bytes of each channel of a G.711 recording.
func g711File(t *testing.T, res Result) [2][]byte {
	t.Helper()
	b := readFile(t, res.File)
	size := binary.LittleEndian.Uint32(b[testHeader+10:])
	b = b[testHeader+14:][:size]
	var out [2][]byte
	for i, v := range b {
		out[i%2] = append(out[i%2], v)
	}
	return out
}

func TestG711IsKeptByTheLawOfTheExternalParty(t *testing.T) {
	for law, want := range map[codec.ID]string{codec.PCMU: codecPCMU, codec.PCMA: codecPCMA} {
		g := newRig(t, nil, nil)
		rec := g.open(func(s *Spec) {
			s.Format, s.Channels = FormatG711, []Channel{{Codec: law.String()}, {Codec: "PCMU"}}
		})
		var samples [8000]int16
		coded := make([]byte, len(samples))
		for i := range coded {
			coded[i] = byte(i * 7)
		}
		codec.Decode(law, samples[:], coded)
		rec.Place(0, 0, samples[:])
		rec.Place(1, 400, samples[:])
		rec.Mark(0, 8000, 8000+20*8000, "hold")
		rec.Mark(1, 8400, 8000+20*8000, "hold")
		for range 9 {
			g.flush()
		}
		res := g.end(rec, 8000+20*8000)
		s := mustVerify(t, res).Sidecar
		if s.Codec != want || s.Format != FormatWAV || res.DurationMS != 21000 || res.Result != ResultOK {
			t.Fatalf("%s: %+v", law, s)
		}
		stored, again := g711File(t, res), make([]int16, len(coded))
		codec.Decode(law, again, stored[0][:8000])
		if diff := cmp.Diff(samples[:], again); diff != "" {
			t.Errorf("%s: %s", law, diff)
		}
		for i, b := range stored[1][:400] {
			if b != law.Silence() {
				t.Fatalf("%s: silence is %#x at %d", law, b, i)
			}
		}
		for i, b := range stored[0][8000:] {
			if b != law.Silence() {
				t.Fatalf("%s: a hold is %#x at %d", law, b, i)
			}
		}
	}
}

func TestG711IsLinearWhereTheFileCanNotHoldWhatCame(t *testing.T) {
	for name, change := range map[string]func(*Spec){
		"wideband":     func(s *Spec) { s.RateHz = 16000 },
		"mixed":        func(s *Spec) { s.DualChannel = false },
		"other codec":  func(s *Spec) { s.Channels[0].Codec = "opus" },
		"not known":    func(s *Spec) { s.Channels[0].Codec = "" },
		"other format": func(s *Spec) { s.Format = FormatWAV },
	} {
		g := newRig(t, nil, nil)
		rec := g.open(func(s *Spec) {
			s.Format, s.Channels = FormatG711, []Channel{{Codec: "PCMA"}, {Codec: "PCMA"}}
			change(s)
		})
		talk(rec, 0, 8000)
		if s := mustVerify(t, g.end(rec, 0)).Sidecar; s.Codec != codecPCM {
			t.Errorf("%s: %s", name, s.Codec)
		}
	}
}
