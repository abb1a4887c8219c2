package recorder

import (
	"encoding/binary"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"assent/media/pcm"
)

// paused is a recording of 4 s with two pauses: both parties from 1.0 and 1.01 s
// to 2.0 s, the external party alone from 3.0 to 3.5 s.
func paused(t testing.TB, gaps string, change func(*Spec)) Result {
	t.Helper()
	g := newRig(t, nil, func(c *Config) { c.Gaps = gaps })
	rec := g.open(change)
	for pos := 0; pos < 32000; pos += 160 {
		for c := range 2 {
			begin := 8000 + 80*c
			switch {
			case pos >= 8000 && pos < 16000:
				rec.Mark(c, int64(max(pos, begin)), int64(pos+160), "hold")
				if pos < begin {
					rec.Place(c, int64(pos), ramp(pos, begin-pos))
				}
			case c == 0 && pos >= 24000 && pos < 28000:
				rec.Mark(c, int64(pos), int64(pos+160), "secure_pause")
			default:
				rec.Place(c, int64(pos), ramp(pos, 160))
			}
		}
		if pos%1600 == 0 {
			g.flush()
		}
	}
	return g.end(rec, 0)
}

var pausedGaps = []SidecarGap{{"hold", 0, 1000, 2000}, {"secure_pause", 0, 3000, 3500}, {"hold", 1, 1010, 2000}}

func TestAPauseIsSilenceByDefault(t *testing.T) {
	res := paused(t, "", nil)
	s := mustVerify(t, res).Sidecar
	if diff := cmp.Diff(pausedGaps, s.Gaps); diff != "" || s.GapsAs != GapsSilence || res.DurationMS != 4000 || res.Result != ResultOK {
		t.Fatalf("%+v %s", res, diff)
	}
	wantSilence(t, audioOf(t, res.File)[0], 8000, 16000)
}

func TestAPauseIsATone(t *testing.T) {
	for _, dual := range []bool{true, false} {
		res := paused(t, GapsTone, func(s *Spec) { s.DualChannel = dual })
		s := mustVerify(t, res).Sidecar
		if s.GapsAs != GapsTone || res.DurationMS != 4000 || !slices.Equal(s.Gaps, pausedGaps) {
			t.Fatalf("%+v", s)
		}
		c := audioOf(t, res.File)
		from := 8080 // where both are paused
		for _, channel := range c {
			filter := pcm.NewGoertzel(toneHz, DefaultRateHz)
			if level := filter.Level(channel[from:16000]); math.Abs(level+30) > 0.5 {
				t.Errorf("the tone has %.1f dB", level)
			}
		}
		if dual {
			wantRamp(t, c[0], 0, 8000, 0)
			wantRamp(t, c[1], 0, 8080, 0)
			wantRamp(t, c[1], 24000, 32000, 0)
		} else if c[0][25000] == 0 {
			t.Error("a party who talks while the other is paused is gone from the mix")
		}
	}
}

func TestAToneOfG711IsOfItsLaw(t *testing.T) {
	for _, law := range []string{"PCMU", "PCMA"} {
		res := paused(t, GapsTone, func(s *Spec) { s.Format, s.Channels = FormatG711, []Channel{{Codec: law}, {Codec: law}} })
		if s := mustVerify(t, res).Sidecar; s.Codec != strings.ToLower(law) {
			t.Errorf("%+v", s)
		}
		b := readFile(t, res.File)
		b[testHeader+14+2*9000] ^= 1
		writeFile(t, res.File, b)
		if rep, _ := Verify(res.File); len(rep.Problems) != 2 { // the hash, and the sound in the gap
			t.Errorf("%v", rep.Problems)
		}
	}
}

func TestAPauseOfBothIsLeftOut(t *testing.T) {
	res := paused(t, GapsOmit, nil)
	s := mustVerify(t, res).Sidecar
	if want := []SidecarSpan{{1010, 2000}}; !slices.Equal(s.Omitted, want) || res.DurationMS != 3010 || !slices.Equal(s.Gaps, pausedGaps) {
		t.Fatalf("%+v", s)
	}
	if got := s.EndedAt.Sub(s.StartedAt.Time).Milliseconds(); got != 4000 {
		t.Errorf("it lasted %d ms", got)
	}
	c := audioOf(t, res.File)
	wantRamp(t, c[0], 0, 8000, 0)
	wantSilence(t, c[0], 8000, 8080)
	wantRamp(t, c[0], 8080, 8080+8000, 7920)
	wantRamp(t, c[1], 0, 8080, 0)
	wantRamp(t, c[1], 8080, 8080+16000, 7920)
}

// markers reads the cue points of a WAV file: position and label.
func markers(t *testing.T, path string) map[uint32]string {
	t.Helper()
	le := binary.LittleEndian
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	at, labels, out := map[uint32]uint32{}, map[uint32]string{}, map[uint32]string{}
	long := int64(0)
	for i := int64(12); ; {
		var h [8]byte
		if n, _ := f.ReadAt(h[:], i); n < len(h) {
			break
		}
		size := int64(le.Uint32(h[4:]))
		if size == sizeInDS64 {
			size = long
		}
		var body []byte
		if id := string(h[:4]); id == "cue " || id == "LIST" || id == "ds64" {
			body = make([]byte, size)
			if _, err := f.ReadAt(body, i+8); err != nil {
				t.Fatal(err)
			}
		}
		switch string(h[:4]) {
		case "ds64":
			long = int64(le.Uint64(body[8:]))
		case "cue ":
			for n := range int(le.Uint32(body)) {
				p := body[4+24*n:]
				at[le.Uint32(p)] = le.Uint32(p[20:])
			}
		case "LIST":
			for j := 4; j < len(body); {
				n := int(le.Uint32(body[j+4:]))
				if string(body[j:j+4]) == "labl" {
					labels[le.Uint32(body[j+8:])] = strings.TrimRight(string(body[j+12:j+8+n]), "\x00")
				}
				j += 8 + n + n%2
			}
		}
		i += 8 + size + size%2
	}
	for id, position := range at {
		out[position] = labels[id]
	}
	return out
}

func TestCueMarkersStandWhereTheGapsAre(t *testing.T) {
	for gaps, want := range map[string]map[uint32]string{
		GapsSilence: {8000: "hold, channel 0, 1000 ms", 8080: "hold, channel 1, 990 ms", 24000: "secure_pause, channel 0, 500 ms"},
		GapsOmit:    {8000: "hold, channel 0, 1000 ms", 8080: "hold, channel 1, 990 ms", 16080: "secure_pause, channel 0, 500 ms"},
	} {
		if diff := cmp.Diff(want, markers(t, paused(t, gaps, nil).File)); diff != "" {
			t.Errorf("%s: %s", gaps, diff)
		}
	}
	g := newRig(t, nil, nil)
	rec := g.open(nil)
	talk(rec, 0, 8000)
	if got := markers(t, g.end(rec, 0).File); len(got) != 0 {
		t.Errorf("no gap, but %v", got)
	}
}

func TestPlayersReadEveryWAV(t *testing.T) {
	for _, tool := range []string{"sox", "ffmpeg"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("%s is missing: make unit installs it", tool)
		}
	}
	for name, change := range map[string]func(*Spec){
		"pcm": nil, "mixed": func(s *Spec) { s.DualChannel = false },
		"ulaw": func(s *Spec) { s.Format, s.Channels = FormatG711, []Channel{{Codec: "PCMU"}, {}} },
		"alaw": func(s *Spec) { s.Format, s.Channels = FormatG711, []Channel{{Codec: "PCMA"}, {}} },
	} {
		for gaps, ms := range map[string]int{GapsSilence: 4000, GapsTone: 4000, GapsOmit: 3010} {
			res := paused(t, gaps, change)
			out, err := exec.Command("sox", "-V1", res.File, "-n", "stat").CombinedOutput()
			if length := fieldOf(string(out), "Length (seconds):"); err != nil || length != strconv.FormatFloat(float64(ms)/1000, 'f', 6, 64) {
				t.Errorf("%s, %s: sox %v: %s", name, gaps, err, out)
			}
			played := filepath.Join(t.TempDir(), "out.raw")
			out, err = exec.Command("ffmpeg", "-v", "error", "-xerror", "-i", res.File, "-f", "s16le", played).CombinedOutput()
			frame := 4
			if name == "mixed" {
				frame = 2
			}
			if size := len(readFile(t, played)); err != nil || len(out) > 0 || size != ms*8*frame {
				t.Errorf("%s, %s: ffmpeg %v, %d bytes: %s", name, gaps, err, size, out)
			}
		}
	}
}

// fieldOf returns the word behind a name in a tool's output.
func fieldOf(out, name string) string {
	_, rest, _ := strings.Cut(out, name)
	if fields := strings.Fields(rest); len(fields) > 0 {
		return fields[0]
	}
	return ""
}

// A crash may fall between the markers and the names: they are no audio.
func TestMarkersAreNotTakenForAudio(t *testing.T) {
	d := newFaultDisk()
	g := newRig(t, d, nil)
	rec := g.open(nil)
	talk(rec, 0, 8000)
	rec.Mark(0, 8000, 12000, "hold")
	rec.Mark(1, 8000, 12000, "hold")
	g.flush()
	d.setFail(func(op, name string) error {
		if op == "create" && strings.HasSuffix(name, ".json.new") {
			return errDead
		}
		return nil
	})
	g.end(rec, 12000)
	results, err := newRecorderIn(t, g.dir).Recover(t.Context())
	if err != nil || len(results) != 1 || results[0].DurationMS != 1500 {
		t.Fatal(results, err)
	}
	mustVerify(t, results[0])
	wantSilence(t, audioOf(t, results[0].File)[0], 8000, 12000)
}
