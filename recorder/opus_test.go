package recorder

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"assent/media/codec"
	"assent/media/pcm"
)

func needOpus(t testing.TB) {
	t.Helper()
	if !codec.HasOpus {
		t.Skip(codec.ErrNoOpus)
	}
}

// speech returns n samples of real speech at a rate, from sample skip on.
func speech(t testing.TB, rate, skip, n int) []int16 {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("..", "prompts", "en", "consent_question.wav"))
	if err != nil {
		t.Fatal(err)
	}
	audio, err := pcm.DecodeWAV(b)
	if err != nil {
		t.Fatal(err)
	}
	narrow, err := audio.At8k()
	if err != nil {
		t.Fatal(err)
	}
	out := make([]int16, n)
	for i := range out {
		out[i] = narrow[((skip+i)*8000/rate)%len(narrow)]
	}
	return out
}

// conversation is a sealed recording of speech on both channels, each of which
// stands alone for a while, with a pause of a second from the fourth on.
func conversation(t testing.TB, rate int, format, gaps string, dual bool) (Result, [2][]int16) {
	t.Helper()
	g := newRig(t, nil, func(c *Config) { c.Gaps = gaps })
	rec := g.open(func(s *Spec) { s.RateHz, s.Format, s.DualChannel = rate, format, dual })
	length := 7*rate + rate/50 + 37*rate/8000
	said := [2][]int16{speech(t, rate, 0, length), speech(t, rate, 2*rate, length)}
	clear(said[0][2*rate : 3*rate])
	clear(said[1][:rate])
	for pos := 0; pos < length; pos += rate / 50 {
		end := min(pos+rate/50, length)
		for c := range 2 {
			if pos >= 4*rate && pos < 5*rate {
				clear(said[c][pos:end])
				rec.Mark(c, int64(pos), int64(end), "hold")
				continue
			}
			rec.Place(c, int64(pos), said[c][pos:end])
		}
		if pos%(rate/10) == 0 {
			g.flush()
		}
	}
	return g.end(rec, 0), said
}

// decodeOpus plays an Ogg Opus file at 48 kHz with the codec's own decoder: it
// takes pages and streams apart by itself.
func decodeOpus(t testing.TB, path string, parties int) [][]int16 {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r := oggReader{from: f}
	decoders, out := make([]codec.Decoder, parties), make([][]int16, parties)
	for i := range decoders {
		if decoders[i], err = codec.NewDecoder(codec.FormatOpus, 48000); err != nil {
			t.Fatal(err)
		}
	}
	end := uint64(0)
	for n := 0; ; n++ {
		page, err := r.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if n < 2 {
			continue
		}
		lacing := r.buf[oggHeaderBytes : oggHeaderBytes+int(r.buf[26])]
		body := page.body
		for size, i := 0, 0; i < len(lacing); i++ {
			if size += int(lacing[i]); lacing[i] == maxSegment {
				continue
			}
			packet := body[:size]
			body, size = body[size:], 0
			for c := range decoders {
				one := packet
				if c < parties-1 {
					one, packet = splitStream(packet)
				}
				var pcm [5760]int16
				n, err := decoders[c].Decode(pcm[:], one)
				if err != nil {
					t.Fatal(err)
				}
				out[c] = append(out[c], pcm[:n]...)
			}
		}
		end = page.granule
	}
	for c := range out {
		out[c] = out[c][codec.OpusLookahead:end]
	}
	return out
}

// splitStream takes a self-delimited packet of one frame off a packet (RFC 6716 appendix B).
func splitStream(packet []byte) (one, rest []byte) {
	n, at := int(packet[1]), 2
	if n >= 252 {
		n, at = n+4*int(packet[2]), 3
	}
	return append([]byte{packet[0]}, packet[at:at+n]...), packet[at+n:]
}

// lag returns by how many samples at 48 kHz heard lies behind said, within 5 ms,
// and how alike the two are, 1 being the same.
func lag(said []int16, rate int, heard []int16) (best int, alike float64) {
	up := 48000 / rate
	for shift := -240; shift <= 240; shift++ {
		var product, a, b float64
		for i := 0; i < len(said); i += 1 + rate/8000 {
			at := i*up + shift
			if at < 0 || at >= len(heard) {
				continue
			}
			x, y := float64(said[i]), float64(heard[at])
			product, a, b = product+x*y, a+x*x, b+y*y
		}
		if a > 0 && b > 0 {
			if c := product * product / a / b; product > 0 && c > alike {
				best, alike = shift, c
			}
		}
	}
	return best, alike
}

func TestAnOpusFileHoldsWhatTheWAVHolds(t *testing.T) {
	needOpus(t)
	for _, rate := range []int{8000, 16000, 48000} {
		for _, dual := range []bool{true, false} {
			res, said := conversation(t, rate, FormatOpus, GapsSilence, dual)
			s := mustVerify(t, res).Sidecar
			if res.Result != ResultOK || s.Format != FormatOpus || s.Codec != codecOpus || s.RateHz != rate || !strings.HasSuffix(res.File, ".opus") {
				t.Fatalf("%d Hz: %+v", rate, s)
			}
			parties := 1
			if dual {
				parties = 2
			}
			heard := decodeOpus(t, res.File, parties)
			for c := range heard {
				if want := len(said[c]) * (48000 / rate); len(heard[c]) != want {
					t.Errorf("%d Hz, channel %d: %d samples, want %d", rate, c, len(heard[c]), want)
				}
				if !dual {
					continue
				}
				if shift, alike := lag(said[c], rate, heard[c]); shift < -48 || shift > 48 || alike < 0.7 {
					t.Errorf("%d Hz, channel %d: %d samples off, alike %.2f", rate, c, shift, alike)
				}
			}
			if dual { // channel 1 says nothing in the first second: not a trace of channel 0
				for i, v := range heard[1][:47000] {
					if v > 4 || v < -4 {
						t.Fatalf("%d Hz: channel 1 holds %d at %d, of what channel 0 said", rate, v, i)
					}
				}
			}
		}
	}
}

func TestPlayersReadAnOpusFile(t *testing.T) {
	needOpus(t)
	for _, tool := range []string{"opusdec", "opusinfo", "ffmpeg"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("%s is missing: make unit installs it", tool)
		}
	}
	for _, gaps := range Gaps() {
		res, said := conversation(t, 8000, FormatOpus, gaps, true)
		want := len(said[0]) * 6
		if gaps == GapsOmit {
			want -= 48000
		}
		dir := t.TempDir()
		for name, command := range map[string][]string{
			"opusdec": {"opusdec", "--quiet", "--rate", "48000", res.File, filepath.Join(dir, "opusdec.wav")},
			"ffmpeg":  {"ffmpeg", "-v", "error", "-xerror", "-i", res.File, "-ar", "48000", filepath.Join(dir, "ffmpeg.wav")},
		} {
			if out, err := exec.Command(command[0], command[1:]...).CombinedOutput(); err != nil || len(out) > 0 {
				t.Fatalf("%s: %v %s", name, err, out)
			}
			b := readFile(t, filepath.Join(dir, name+".wav"))
			audio := b[bytes.Index(b, []byte("data"))+8:]
			if len(audio) != 4*want {
				t.Errorf("%s, %s: %d samples, want %d", gaps, name, len(audio)/4, want)
			}
			if gaps == GapsOmit {
				continue
			}
			for c := range 2 {
				heard := make([]int16, len(audio)/4)
				for i := range heard {
					heard[i] = int16(binary.LittleEndian.Uint16(audio[4*i+2*c:]))
				}
				if shift, alike := lag(said[c], 8000, heard); shift < -48 || shift > 48 || alike < 0.7 {
					t.Errorf("%s, %s: channel %d is %d samples off, alike %.2f", gaps, name, c, shift, alike)
				}
			}
		}
		out, err := exec.Command("opusinfo", res.File).CombinedOutput()
		if err != nil || strings.Contains(strings.ToLower(string(out)), "warning") || !strings.Contains(string(out), "CHAPTER000=00:00:04.000") {
			t.Errorf("%s: opusinfo %v: %s", gaps, err, out)
		}
	}
}

func TestVerifyDetectsAFlippedBitAnywhereInAnOpusFile(t *testing.T) {
	needOpus(t)
	res, _ := conversation(t, 8000, FormatOpus, GapsSilence, true)
	whole := readFile(t, res.File)
	sidecar := strings.TrimSuffix(res.File, ".opus") + ".json"
	facts := string(readFile(t, sidecar))
	rng := rand.New(rand.NewPCG(5, 6))
	for i := range 300 {
		at := rng.IntN(len(whole))
		if i < 100 {
			at = i
		}
		b := bytes.Clone(whole)
		b[at] ^= 1 << rng.IntN(8)
		writeFile(t, res.File, b)
		// Even with a hash that was made to fit, the pages tell.
		sum, err := hashHex(bytes.NewReader(b))
		if err != nil {
			t.Fatal(err)
		}
		writeFile(t, sidecar, []byte(strings.Replace(facts, res.SHA256, sum, 1)))
		if rep, err := Verify(res.File); err != nil || rep.OK() {
			t.Fatalf("a flip in byte %d: %v %v", at, rep.Problems, err)
		}
	}
	for _, n := range []int{0, 10, 47, len(whole) / 2, len(whole) - 1} {
		writeFile(t, res.File, whole[:n])
		if rep, err := Verify(res.File); err != nil || rep.OK() {
			t.Fatalf("%d bytes of %d: %v %v", n, len(whole), rep.Problems, err)
		}
	}
}

func TestCommentsThatNeedSeveralPagesAreRead(t *testing.T) {
	needOpus(t)
	var b bytes.Buffer
	cues := make([]cue, 3000)
	for i := range cues {
		cues[i] = cue{uint32(i * 800), 160, "lost, channel 0, 20 ms"}
	}
	f, err := newOpusFile(&b, layout{codecPCM, 8000, 2}, originOf(testSpec("01J")), cues)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(f.write(make([]int16, 2*12345)), f.close()); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "x.opus")
	writeFile(t, path, b.Bytes())
	r, pages := oggReader{from: &b}, 0
	for ; ; pages++ {
		if _, err := r.next(); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
	}
	if pages < 5 {
		t.Errorf("%d pages", pages)
	}
	if _, err := exec.LookPath("opusinfo"); err != nil {
		t.Skip("opusinfo is missing: make unit installs it")
	}
	out, err := exec.Command("opusinfo", path).CombinedOutput()
	if err != nil || !strings.Contains(string(out), "CHAPTER2999NAME") || strings.Contains(strings.ToLower(string(out)), "warning") {
		t.Errorf("%v: %.2000s", err, out)
	}
}

func TestALongPacketSaysItsLengthInTwoBytes(t *testing.T) {
	for _, n := range []int{1, 2, 252, 253, 254, 500, 1200} {
		packet := make([]byte, n)
		for i := range packet {
			packet[i] = byte(i << 2)
		}
		both, err := appendStream(nil, packet, false)
		if err != nil {
			t.Fatal(err)
		}
		if both, err = appendStream(both, []byte{8, 1, 2}, true); err != nil {
			t.Fatal(err)
		}
		if one, rest := splitStream(both); !bytes.Equal(one, packet) || !bytes.Equal(rest, []byte{8, 1, 2}) {
			t.Errorf("%d bytes came back as %d and %d", n, len(one), len(rest))
		}
	}
	for _, bad := range [][]byte{nil, {3, 1}} {
		if _, err := appendStream(nil, bad, true); err == nil {
			t.Errorf("% x is no packet of one frame", bad)
		}
	}
}

func TestAFullDiskKeepsTheWAVOfAnOpusRecording(t *testing.T) {
	needOpus(t)
	d := newFaultDisk()
	g := newRig(t, d, nil)
	rec := g.open(func(s *Spec) { s.Format = FormatOpus })
	talk(rec, 0, 16000)
	g.flush()
	d.setFail(func(op, name string) error {
		if strings.HasSuffix(name, ".opus.new") && op == "write" {
			return fmt.Errorf("no room for it")
		}
		return nil
	})
	res := g.end(rec, 0)
	s := mustVerify(t, res).Sidecar
	if s.Format != FormatWAV || res.Result != ResultOK || len(g.files()) != 2 {
		t.Errorf("%+v, files %v", s, g.files())
	}
	wantRamp(t, audioOf(t, res.File)[0], 0, 16000, 0)
}

func FuzzOgg(f *testing.F) {
	var b bytes.Buffer
	w := newOggWriter(&b, 7)
	for i := range 3 {
		if err := errors.Join(w.add(make([]byte, i*300), uint64(i)), w.flush(i == 2)); err != nil {
			f.Fatal(err)
		}
	}
	f.Add(b.Bytes())
	f.Add([]byte("OggS\x00" + strings.Repeat("\xff", 60)))
	f.Fuzz(func(t *testing.T, b []byte) {
		s := testSpec("01J")
		s.complete()
		rep := Report{ID: "01J", Sidecar: (&facts{spec: s, layout: layoutOf(s), stored: FormatOpus}).sidecar("")}
		if err := rep.checkOpus(bytes.NewReader(b)); err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Fatal(err)
		}
	})
}

// BenchmarkOpus tells the CPU time of a recorded minute of two parties.
func BenchmarkOpus(b *testing.B) {
	needOpus(b)
	for _, rate := range []int{8000, 16000, 48000} {
		b.Run(strconv.Itoa(rate), func(b *testing.B) {
			minute := make([]int16, 0, 2*60*rate)
			left, right := speech(b, rate, 0, 60*rate), speech(b, rate, rate, 60*rate)
			for i := range left {
				minute = append(minute, left[i], right[i])
			}
			start := cpuTime(b)
			size := 0
			for range b.N {
				var out bytes.Buffer
				f, err := newOpusFile(&out, layout{codecPCM, rate, 2}, originOf(testSpec("01J")), nil)
				if err != nil {
					b.Fatal(err)
				}
				if err := errors.Join(f.write(minute), f.close()); err != nil {
					b.Fatal(err)
				}
				size = out.Len()
			}
			b.ReportMetric(float64((cpuTime(b)-start).Microseconds())/1000/float64(b.N), "cpu-ms/minute")
			b.ReportMetric(float64(size)/1024, "KiB/minute")
		})
	}
}
