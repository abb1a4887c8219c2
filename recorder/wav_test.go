package recorder

import (
	"bytes"
	"encoding/binary"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// layouts are all ways in which a file can be written.
func layouts() []layout {
	out := []layout{{codecPCMU, 8000, 2}, {codecPCMA, 8000, 2}}
	for _, rate := range []int{8000, 16000, 24000, 48000} {
		out = append(out, layout{codecPCM, rate, 1}, layout{codecPCM, rate, 2})
	}
	return out
}

func TestAHeaderPastFourGigabytesIsRF64(t *testing.T) {
	o := originOf(testSpec("01J"))
	for _, l := range layouts() {
		n, frame := l.headerBytes(), int64(l.frameBytes())
		edge := (1<<32 + 7 - n) / frame * frame // the most that RIFF can state
		for _, size := range []int64{0, 4, edge, edge + frame, 1 << 32, 9 << 32} {
			h := l.header(o, size, 0)
			got, trailer, err := l.parseHeader(h, o)
			if err != nil || got != size || trailer != 0 || int64(len(h)) != n {
				t.Errorf("%s, %d bytes: read back %d and %d in %d bytes, %v", l, size, got, trailer, len(h), err)
			}
			big := string(h[:4]) == "RF64"
			if big != (size > edge) {
				t.Errorf("%s, %d bytes: %s", l, size, h[:4])
			}
			if big && (string(h[12:16]) != "ds64" || binary.LittleEndian.Uint64(h[36:]) != uint64(size/frame)) {
				t.Errorf("%s, %d bytes: % x", l, size, h[:48])
			}
		}
	}
}

func TestAForeignHeaderIsRefused(t *testing.T) {
	o := originOf(testSpec("01J"))
	for _, l := range layouts() {
		good := l.header(o, 800, 0)
		for i := range good {
			b := bytes.Clone(good)
			b[i] ^= 0x40
			if n, trailer, err := l.parseHeader(b, o); err == nil && n == 800 && trailer == 0 {
				t.Errorf("%s: byte %d changed, not noticed", l, i)
			}
		}
		if _, _, err := l.parseHeader(good[:len(good)-1], o); err == nil {
			t.Error("a cut header must be refused")
		}
	}
}

func TestTheTimeReferenceCountsSamplesSinceMidnight(t *testing.T) {
	s := testSpec("01J") // 08:00:00.123 UTC
	s.StartedAt = s.StartedAt.In(time.FixedZone("somewhere", 3*3600))
	for _, l := range layouts() {
		h := l.header(originOf(s), 0, 0)
		x := h[bytes.Index(h, []byte("bext"))+8:]
		want := uint64(8*3600*1000+123) * uint64(l.rateHz) / 1000
		if got := binary.LittleEndian.Uint64(x[338:]); got != want || string(x[320:338]) != "2026-11-2308:00:00" {
			t.Errorf("%s: %d at %q, want %d", l, got, x[320:338], want)
		}
		if bytes.Contains(h, []byte(s.From)) || !bytes.HasPrefix(x, []byte("recording 01J of call call-01J\x00")) {
			t.Errorf("%q", x[:60])
		}
	}
}

// The file is sparse: it takes no room, and is read as any other.
func TestAFileOfMoreThanFourGigabytesIsWholeToItsReaders(t *testing.T) {
	dir := t.TempDir()
	s := testSpec("01JBIG")
	s.RateHz = 48000
	s.complete()
	p, err := createPart(osDisk{}, namesOf(dir, s.ID), []entry{{Version: journalVersion, Spec: &s}}, layoutOf(s))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = p.close() }() // only read from here on
	const seconds = 7 * 3600         // 4.5 GiB
	if err := p.resize(seconds * 48000); err != nil {
		t.Fatal(err)
	}
	made, err := p.complete(trailer([]cue{{48000, 100, "hold"}}))
	if err != nil {
		t.Fatal(err)
	}
	if got := markers(t, made.path); got[48000] != "hold" {
		t.Errorf("markers %v", got)
	}
	f := &facts{spec: s, layout: p.layout, frames: seconds * 48000, end: seconds * 48000, stored: FormatWAV, rendering: GapsSilence}
	rep := Report{ID: s.ID, Sidecar: f.sidecar("")}
	if err := rep.checkAudio(p.wav, made.size); err != nil || !rep.OK() || rep.DurationMS != seconds*1000 {
		t.Errorf("%d ms, %v %v", rep.DurationMS, rep.Problems, err)
	}
	if _, err := exec.LookPath("ffprobe"); err != nil {
		t.Skip("ffprobe is missing: make unit installs it")
	}
	out, err := exec.Command("ffprobe", "-v", "error", "-f", "wav", "-show_entries", "format=duration:format_tags=time_reference", "-of", "csv=p=0", made.path).CombinedOutput()
	if want := "25200.000000,1382405904"; err != nil || strings.TrimSpace(string(out)) != want {
		t.Errorf("ffprobe says %s, want %s; %v", out, want, err)
	}
}
