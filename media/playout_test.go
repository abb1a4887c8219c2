package media

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"assent/media/codec"
	"assent/media/sdp"
)

// drained asks when what is queued on l has been played.
func drained(l *leg) <-chan struct{} {
	done := make(chan struct{})
	l.playout.drained(l, done)
	return done
}

func isClosed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

func TestAPromptIsSentEachPacketTimeWithoutAGapBetweenClips(t *testing.T) {
	w := newWorld(1)
	caller := w.leg("caller", callerAddr)
	caller.playout.play(caller, clipOf(1, 3), PlayOptions{})
	odd := &Clip{encoded: [2][]byte{make([]byte, 250), make([]byte, 250)}}
	caller.playout.play(caller, odd, PlayOptions{})
	done := drained(caller)
	w.until(99 * time.Millisecond)
	if isClosed(done) {
		t.Error("drained before the last packet was over")
	}
	w.until(100 * time.Millisecond)
	if !isClosed(done) {
		t.Error("not drained")
	}
	w.until(300 * time.Millisecond)
	sent := w.wire.rtp(caller)
	if len(sent) != 5 || !sent[0].marker() || sent[3].marker() {
		t.Fatalf("%d packets", len(sent))
	}
	continuous(t, sent)
	for i, p := range sent {
		if at := p.at.Sub(dawn); at != time.Duration(i)*20*time.Millisecond {
			t.Errorf("packet %d left at %v", i, at)
		}
	}
	if last := sent[4].payload(); last[89] != 0 || last[90] != codec.PCMU.Silence() {
		t.Error("the end of a clip is not followed by silence")
	}
	if !isClosed(drained(caller)) {
		t.Error("an empty queue is not drained")
	}
}

func TestDrainingWaitsForWhatWasQueuedBeforeAndForNothingElse(t *testing.T) {
	w := newWorld(1)
	caller := w.leg("caller", callerAddr)
	caller.playout.play(caller, clipOf(1, 5), PlayOptions{})
	first := drained(caller)
	caller.playout.play(caller, clipOf(2, 500), PlayOptions{Loop: true})
	second := drained(caller)
	w.until(time.Second)
	if !isClosed(first) || isClosed(second) {
		t.Errorf("first drained: %v, second: %v", isClosed(first), isClosed(second))
	}
	w.until(time.Minute) // it loops
	if isClosed(second) {
		t.Error("a loop ended by itself")
	}
	caller.playout.stop(caller)
	w.until(time.Minute + 20*time.Millisecond)
	if !isClosed(second) {
		t.Error("not drained after stop")
	}
}

func TestALatePlayoutCatchesUpAndAMuchTooLateOneIsHeardWholeAllTheSame(t *testing.T) {
	w := newWorld(1)
	caller := w.leg("caller", callerAddr)
	caller.playout.play(caller, clipOf(1, 100), PlayOptions{})
	w.clock = dawn.Add(95 * time.Millisecond) // a tick that comes late
	w.tick(w.clock)
	if n := len(w.wire.rtp(caller)); n != 5 {
		t.Errorf("%d packets after 95 ms, want 5", n)
	}
	w.clock = dawn.Add(1095 * time.Millisecond) // and one that comes much too late
	w.tick(w.clock)
	w.until(2 * time.Second)
	sent := w.wire.rtp(caller)
	if n := len(sent); n != 5+46 { // from 1095 ms on, one each 20 ms
		t.Errorf("%d packets, want 51", n)
	}
	if jump := sent[5].ts() - sent[4].ts(); jump != 8*(1095-80) {
		t.Errorf("the timestamp skips %d, want the time that passed, %d", jump, 8*(1095-80))
	}
	w.until(4 * time.Second)
	if n := len(w.wire.rtp(caller)); n != 100 {
		t.Errorf("%d packets in all, want all 100 of the clip", n)
	}
}

func TestAKeyBargesInButNeverOverANotice(t *testing.T) {
	for name, c := range map[string]struct {
		queue []PlayOptions
		heard []byte // which clips after the key at 30 ms
	}{
		"barge-in skips all":              {[]PlayOptions{{BargeIn: true}, {BargeIn: true}, {}}, nil},
		"barge-in keeps notices":          {[]PlayOptions{{BargeIn: true}, {BargeIn: true}, {Notice: true}, {}}, []byte{3}},
		"a notice is not interrupted":     {[]PlayOptions{{Notice: true}, {BargeIn: true}}, []byte{1, 2}},
		"a notice that claims barge-in":   {[]PlayOptions{{Notice: true, BargeIn: true}}, []byte{1}},
		"hold music is not interrupted":   {[]PlayOptions{{}, {BargeIn: true}}, []byte{1, 2}},
		"nothing queued, nothing happens": {nil, nil},
	} {
		w := newWorld(1)
		caller := w.leg("caller", callerAddr)
		for i, o := range c.queue {
			caller.playout.play(caller, clipOf(byte(i+1), 5), o)
		}
		done := drained(caller)
		w.until(30 * time.Millisecond)
		before := len(w.wire.rtp(caller))
		caller.inject('5', MethodInfo)
		w.until(time.Second)
		var heard []byte
		for _, p := range w.wire.rtp(caller)[before:] {
			if b := p.payload()[0]; len(heard) == 0 || heard[len(heard)-1] != b {
				heard = append(heard, b)
			}
		}
		if string(heard) != string(c.heard) || !isClosed(done) {
			t.Errorf("%s: heard %v, want %v; drained %v", name, heard, c.heard, isClosed(done))
		}
		continuous(t, w.wire.rtp(caller))
	}
}

func TestAQueueDrainsUnheardWhileThePeerTakesNoAudio(t *testing.T) {
	w := newWorld(1)
	caller := w.leg("caller", callerAddr)
	caller.playout.play(caller, clipOf(1, 20), PlayOptions{})
	hold := agree(callerAddr, codec.PCMU)
	hold.Direction = sdp.RecvOnly
	w.until(100 * time.Millisecond)
	caller.apply(hold)
	w.until(200 * time.Millisecond)
	caller.apply(agree(callerAddr, codec.PCMU))
	done := drained(caller)
	w.until(400 * time.Millisecond)
	if !isClosed(done) {
		t.Error("not drained")
	}
	sent := w.wire.rtp(caller)
	continuous(t, sent)
	if len(sent) != 15 && len(sent) != 16 {
		t.Errorf("%d packets of 20, want a quarter unheard", len(sent))
	}
}

func TestClosingAStreamLetsNobodyWait(t *testing.T) {
	w := newWorld(1)
	caller := w.leg("caller", callerAddr)
	caller.playout.play(caller, clipOf(1, 500), PlayOptions{})
	done := drained(caller)
	w.shut(caller)
	if !isClosed(done) || !isClosed(drained(caller)) {
		t.Error("somebody still waits")
	}
	caller.playout.play(caller, clipOf(1, 5), PlayOptions{})
	caller.apply(agree(callerAddr, codec.PCMU))
	w.hears(caller, (&peer{}).say(frameOf(1)))
	if caller.stats().Packets != 0 || caller.playout.playing() {
		t.Error("a closed stream works on")
	}
}

func TestPromptsAreFoundByLanguageThenForAll(t *testing.T) {
	dir := t.TempDir()
	wav, err := os.ReadFile(filepath.Join("pcm", "testdata", firstWAV(t)))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"welcome.wav", "de/welcome.wav", "de/only.wav"} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, wav, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	p, err := LoadPrompts(dir)
	if err != nil {
		t.Fatal(err)
	}
	german, _ := p.Clip("welcome", "de")
	other, _ := p.Clip("welcome", "en")
	if german == nil || other == nil || german == other || len(other.SHA256()) != 64 || other.Duration() <= 0 {
		t.Errorf("german %v, other %v", german, other)
	}
	if p.Has("only", "en") || !p.Has("only", "de") || p.Has("../de/only", "en") {
		t.Error("a prompt is found where it is not")
	}
	if c, err := p.File("de/only.wav"); err != nil || c == nil {
		t.Errorf("file: %v", err)
	}
	if _, err := p.File("nowhere.wav"); err == nil {
		t.Error("a missing file is no error")
	}
	if a, b := p.Tone(400, time.Second, -10), p.Tone(400, time.Second, -10); a != b || a.Duration() != time.Second {
		t.Error("a tone is not kept")
	}
	if err := os.WriteFile(filepath.Join(dir, "broken.wav"), []byte("RIFF"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := LoadPrompts(dir); err == nil {
		t.Error("a broken prompt is no error")
	}
	if p, err := LoadPrompts(filepath.Join(dir, "nowhere")); err != nil || p.Has("welcome", "de") {
		t.Errorf("a missing folder: %v", err)
	}
}

func TestAPromptThatNobodyCouldHearIsRefusedByName(t *testing.T) {
	wav, err := os.ReadFile(filepath.Join("pcm", "testdata", firstWAV(t)))
	if err != nil {
		t.Fatal(err)
	}
	put := func(data []byte) func(string) error {
		return func(path string) error { return os.WriteFile(path, data, 0o600) }
	}
	for want, lay := range map[string]func(string) error{
		"it was cut; want the whole file":                     put(wav[:1000]),
		"it has no sound; want a file of one sample at least": put(pcm8([]byte{})),
		"it is a pipe; want a WAV file":                       func(path string) error { return syscall.Mkfifo(path, 0o600) },
		"it is a folder; want a WAV file":                     func(path string) error { return os.Mkdir(path, 0o700) },
		"it is a device; want a WAV file":                     func(path string) error { return os.Symlink("/dev/zero", path) },
	} {
		dir := t.TempDir()
		path := filepath.Join(dir, "en", "question.wav")
		if err := errors.Join(os.Mkdir(filepath.Dir(path), 0o700), lay(path)); err != nil {
			t.Fatal(err)
		}
		_, loading := LoadPrompts(dir)
		p, _ := LoadPrompts(filepath.Join(dir, "none"))
		_, reading := p.File(path)
		for _, err := range []error{loading, reading} {
			if err == nil || !strings.Contains(err.Error(), "prompt "+path+": ") || !strings.HasSuffix(err.Error(), want) {
				t.Errorf("error %v; want %q", err, want)
			}
		}
	}
	path := filepath.Join(t.TempDir(), "short.wav")
	if err := put(pcm8([]byte{1}))(path); err != nil {
		t.Fatal(err)
	}
	if clip, err := LoadClip(path); err != nil || clip.samples() != 1 {
		t.Errorf("one sample: %v", err)
	}
}

// pcm8 returns a WAV file of 8 bits at 8 kHz.
func pcm8(data []byte) []byte {
	head := []byte("RIFF\x00\x00\x00\x00WAVEfmt \x10\x00\x00\x00\x01\x00\x01\x00\x40\x1f\x00\x00\x40\x1f\x00\x00\x01\x00\x08\x00data")
	head[4] = byte(36 + len(data))
	return slices.Concat(head, []byte{byte(len(data)), 0, 0, 0}, data)
}

func firstWAV(t *testing.T) string {
	t.Helper()
	paths, err := filepath.Glob("pcm/testdata/*.wav")
	if err != nil || len(paths) == 0 {
		t.Fatal("no WAV file in pcm/testdata")
	}
	return filepath.Base(paths[0])
}
