package recorder

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"go.uber.org/zap"

	"assent/depot"
	"assent/vault"
)

// testKEK is a key-encryption key that no test keeps secret.
const testKEK = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="

// keysFor returns a vault at work.
func keysFor(t testing.TB, kek string) *vault.Vault {
	t.Helper()
	v, err := vault.New(vault.Config{Key: kek}, func(*vault.Ring) error { return nil }, zap.NewNop())
	if err != nil {
		t.Fatal(err)
	}
	v.Start()
	t.Cleanup(v.Close)
	return v
}

// patientKeys waits where a test takes keys faster than any recorder.
type patientKeys struct{ *vault.Vault }

func (k patientKeys) NewKey(id string) (*vault.Key, error) {
	for {
		key, err := k.Vault.NewKey(id)
		if !errors.Is(err, vault.ErrNotReady) {
			return key, err
		}
	}
}

func newSealedRig(t testing.TB, d disk, change func(*Config)) *rig {
	t.Helper()
	g := newRig(t, d, change)
	g.r.keys = patientKeys{keysFor(t, testKEK)}
	return g
}

// sealedRecorderIn returns a fresh recorder with the keys of testKEK.
func sealedRecorderIn(t testing.TB, dir string) *Recorder {
	t.Helper()
	r := newRecorderIn(t, dir)
	r.keys = patientKeys{keysFor(t, testKEK)}
	return r
}

// openSealed returns what an encrypted recording holds, after it was verified.
func openSealed(t testing.TB, res Result, keys depot.Opener) []byte {
	t.Helper()
	stored, err := depot.OpenFile(res.File)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = stored.Close() }()
	rep, err := VerifyStored(context.Background(), stored, keys)
	if err != nil || !rep.OK() {
		t.Fatalf("verify: %v %v", err, rep.Problems)
	}
	if rep.SHA256 != res.SHA256 || rep.SidecarSHA256 != res.SidecarSHA256 || rep.DurationMS != res.DurationMS || rep.Sidecar.PlainSHA256 == "" {
		t.Fatalf("verify found %+v, the result says %+v", rep, res)
	}
	plain, size, err := stored.Plain(context.Background(), keys)
	if err != nil {
		t.Fatal(err)
	}
	b := make([]byte, size)
	if n, err := plain.ReadAt(b, 0); n < len(b) {
		t.Fatal(n, err)
	}
	return b
}

// audioIn returns the channels of a file's bytes.
func audioIn(t testing.TB, b []byte) [][]int16 {
	t.Helper()
	path := filepath.Join(t.TempDir(), "plain.wav")
	writeFile(t, path, b)
	return audioOf(t, path)
}

// secrets are bytes that may stand nowhere: PCM frames of talk, numbers, a WAV header.
func secrets() [][]byte {
	var frames []byte
	for i := range int16(8) {
		frames = binary.LittleEndian.AppendUint16(frames, uint16(800+i+1))
		frames = binary.LittleEndian.AppendUint16(frames, uint16(800-20000+i+1))
	}
	kek := []byte("0123456789abcdef0123456789abcdef")
	return [][]byte{frames, []byte("RIFF"), []byte("+498912345"), []byte("carrier-a"), kek[:16], []byte(testKEK)}
}

// wantNoSecret fails if a file of the folder holds one; sidecars hold numbers.
func (g *rig) wantNoSecret() {
	g.t.Helper()
	for _, name := range g.files() {
		b := readFile(g.t, filepath.Join(g.dir, name))
		for _, secret := range secrets() {
			if bytes.Contains(b, secret) && !(strings.Contains(name, ".json") && !strings.HasSuffix(name, ".part") && secret[0] != 'R') {
				g.t.Fatalf("%s holds %q", name, secret)
			}
		}
	}
}

func TestNothingOfASealedRecordingIsOnDiskInClear(t *testing.T) {
	for _, c := range []struct{ format, gaps string }{{FormatWAV, GapsSilence}, {FormatWAV, GapsTone}, {FormatWAV, GapsOmit}, {FormatG711, GapsSilence}, {FormatOpus, GapsOmit}} {
		if c.format == FormatOpus {
			needOpus(t)
		}
		d := newFaultDisk()
		g := newSealedRig(t, d, func(cfg *Config) { cfg.Gaps = c.gaps })
		d.setFail(func(string, string) error { g.wantNoSecret(); return nil }) // before each operation on the disk
		rec := g.open(func(s *Spec) { s.Format = c.format })
		for pos := 0; pos < 16000; pos += 1600 {
			talk(rec, pos, pos+1600)
			g.flush()
			g.syncAll()
		}
		for i := range 2 {
			rec.Mark(i, 16000, 20000, "hold")
		}
		talk(rec, 20000, 21600)
		res := g.end(rec, 0)
		g.wantNoSecret()
		if res.Result != ResultOK || len(g.files()) != 3 {
			t.Fatalf("%+v: %+v, files %v", c, res, g.files())
		}
		b := openSealed(t, res, g.r.keys)
		if c.format == FormatWAV {
			wantRamp(t, audioIn(t, b)[0], 0, 16000, 0)
		}
		if _, err := Verify(res.File); !errors.Is(err, depot.ErrSealed) {
			t.Errorf("without a key: %v", err)
		}
	}
}

func TestASealedRecordingHoldsWhatAPlainOneIs(t *testing.T) {
	var files [2][]byte
	for i, g := range []*rig{newRig(t, nil, nil), newSealedRig(t, nil, nil)} {
		rec := g.open(nil)
		talk(rec, 0, 12345)
		g.flush()
		rec.Mark(0, 12345, 90000, "hold")
		rec.Mark(1, 12345, 90000, "hold")
		rec.Advance(90000)
		for range 3 {
			g.flush()
		}
		talk(rec, 90000, 91000)
		res := g.end(rec, 0)
		if i == 0 {
			files[i] = readFile(t, res.File)
		} else {
			files[i] = openSealed(t, res, g.r.keys)
		}
	}
	if !bytes.Equal(files[0], files[1]) {
		t.Errorf("%d bytes and %d differ", len(files[0]), len(files[1]))
	}
}

func TestADeathAtEveryOperationOfASealedRecordingCanBeTakenUp(t *testing.T) {
	keys := patientKeys{keysFor(t, testKEK)}
	for death := 0; ; death++ {
		d := newFaultDisk()
		g := newRig(t, d, nil)
		g.r.keys = keys
		count := 0
		d.setFail(func(string, string) error {
			if count++; count > death {
				return errDead
			}
			return nil
		})
		rec := g.open(nil)
		for pos := 0; pos < 16000; pos += 1600 {
			talk(rec, pos, pos+1600)
			g.flush()
		}
		res := g.end(rec, 0)
		if rec.out != nil {
			_ = rec.out.close() // the dead hold no locks
		}
		r := newRecorderIn(t, g.dir)
		r.keys = keys
		results, err := r.Recover(context.Background())
		if err != nil || len(results) > 1 {
			t.Fatalf("death %d: %v %v", death, results, err)
		}
		for _, got := range results {
			if got.Result != ResultFailed {
				c := audioIn(t, openSealed(t, got, keys))
				wantRamp(t, c[0], 0, len(c[0]), 0)
			}
		}
		for _, name := range g.files() {
			if name != rec.ID()+".wav" && name != rec.ID()+".json" && name != rec.ID()+".key" {
				t.Fatalf("death %d: left %v", death, g.files())
			}
		}
		if res.Result == ResultOK {
			t.Logf("%d operations", death)
			return
		}
	}
}

// halfSealed returns a folder with a sealed recording that was not finished.
func halfSealed(t testing.TB) (*rig, names) {
	t.Helper()
	g := newSealedRig(t, nil, nil)
	rec := g.open(nil)
	for pos := 0; pos < 16000; pos += 1600 {
		talk(rec, pos, pos+1600)
		g.flush()
	}
	died(t, rec)
	return g, namesOf(g.dir, rec.ID())
}

func TestEveryTornTailOfASealedRecordingRecovers(t *testing.T) {
	g, n := halfSealed(t)
	wav, journal, key := readFile(t, n.wavPart), readFile(t, n.journal), readFile(t, n.key)
	last := 0
	for length := 0; length <= len(wav); length += 613 {
		dir := t.TempDir()
		m := namesOf(dir, filepath.Base(n.base))
		writeFile(t, m.wavPart, wav[:length])
		writeFile(t, m.journal, journal[:len(journal)-length%5])
		writeFile(t, m.key, key)
		r := newRecorderIn(t, dir)
		r.keys = g.r.keys
		results, err := r.Recover(context.Background())
		if err != nil || len(results) != 1 {
			t.Fatalf("%d bytes: %v %v", length, results, err)
		}
		if results[0].Result == ResultFailed {
			if left := globAll(t, dir); length > 6000 || len(left) != 0 {
				t.Fatalf("%d bytes: %+v, left %v", length, results[0], left)
			}
			continue
		}
		c := audioIn(t, openSealed(t, results[0], g.r.keys))
		wantRamp(t, c[0], 0, len(c[0]), 0)
		if len(c[0]) < last {
			t.Fatalf("%d bytes: %d frames, and %d of fewer", length, len(c[0]), last)
		}
		last = len(c[0])
	}
	if last < 12000 {
		t.Errorf("%d frames at most", last)
	}
}

func TestWithoutTheKEKASealedRecordingIsLeftForALaterStart(t *testing.T) {
	g, n := halfSealed(t)
	before := g.files()
	for name, keys := range map[string]Keys{"none": nil, "a wrong one": patientKeys{keysFor(t, vault.NewKeyText())}} {
		r := newRecorderIn(t, g.dir)
		r.keys = keys
		results, err := r.Recover(context.Background())
		if err == nil || len(results) != 1 || results[0].Result != ResultFailed || !slices.Equal(g.files(), before) {
			t.Errorf("%s: %v %v, files %v", name, results, err, g.files())
		}
	}
	results, err := sealedRecorderIn(t, g.dir).Recover(context.Background())
	if err != nil || len(results) != 1 || results[0].Result != ResultDegraded || results[0].Call == "" {
		t.Fatal(results, err)
	}
	openSealed(t, results[0], g.r.keys)
	if _, err := os.Stat(n.key); err != nil {
		t.Error(err)
	}
}

func TestASealedRecordingWhoseKeyIsGoneGoesToQuarantine(t *testing.T) {
	g, n := halfSealed(t)
	if err := os.Remove(n.key); err != nil {
		t.Fatal(err)
	}
	results, err := sealedRecorderIn(t, g.dir).Recover(context.Background())
	left := globAll(t, filepath.Join(g.dir, "quarantine"))
	if err != nil || len(results) != 1 || results[0].Result != ResultFailed || len(left) != 3 {
		t.Errorf("%v %v, quarantine holds %v", results, err, left)
	}
}

func TestABitThatFlipsBeforeRecoveryIsTold(t *testing.T) {
	g, n := halfSealed(t)
	b := readFile(t, n.wavPart)
	b[len(b)/2] ^= 4
	writeFile(t, n.wavPart, b)
	results, err := sealedRecorderIn(t, g.dir).Recover(context.Background())
	if err != nil || len(results) != 1 || results[0].Result != ResultDegraded {
		t.Fatal(results, err)
	}
	openSealed(t, results[0], g.r.keys)
	if s := sidecarOf(t, results[0].File); !strings.Contains(s.Error, "record") || !strings.Contains(s.Error, "damaged") {
		t.Errorf("error %q", s.Error)
	}
}

func TestVerifyNamesTheDamageOfASealedRecording(t *testing.T) {
	g := newSealedRig(t, nil, nil)
	rec := g.open(nil)
	for pos := 0; pos < 16000; pos += 1600 {
		talk(rec, pos, pos+1600)
		g.flush()
	}
	res := g.end(rec, 0)
	key := namesOf(g.dir, res.ID).key
	rng := rand.New(rand.NewPCG(1, 2))
	for _, path := range []string{res.File, key} {
		whole := readFile(t, path)
		for range 150 {
			b := bytes.Clone(whole)
			b[rng.IntN(len(b))] ^= 1 << rng.IntN(8)
			writeFile(t, path, b)
			stored, err := depot.OpenFile(res.File)
			if err != nil {
				t.Fatal(err)
			}
			rep, err := VerifyStored(context.Background(), stored, g.r.keys)
			if err := stored.Close(); err != nil {
				t.Fatal(err)
			}
			if path == key && err != nil && strings.Contains(err.Error(), "key") {
				continue // the KEK's name is another, or the version
			}
			if told := strings.Join(rep.Problems, "; "); err != nil || path == res.File && (!strings.Contains(told, "sha256") || len(rep.Problems) < 2) || path == key && told == "" {
				t.Fatalf("%v %q", err, told)
			}
		}
		writeFile(t, path, whole)
	}
	openSealed(t, res, g.r.keys)
}

func TestAFullDiskKeepsWhatFitsOfASealedRecording(t *testing.T) {
	d := newFaultDisk()
	g := newSealedRig(t, d, nil)
	d.setQuota(150_001)
	rec := g.open(nil)
	for pos := 0; pos < 80000; pos += 1600 {
		talk(rec, pos, pos+1600)
		g.flush()
	}
	res := g.end(rec, 0)
	if res.Result != ResultDegraded || !errors.Is(res.Err, syscall.ENOSPC) || res.DurationMS < 2000 || res.DurationMS > 4700 {
		t.Fatalf("%+v", res)
	}
	c := audioIn(t, openSealed(t, res, g.r.keys))
	wantRamp(t, c[0], 0, len(c[0]), 0)
}

func TestWithoutAKeyNothingIsWrittenAndReadySaysSo(t *testing.T) {
	g := newRig(t, nil, nil)
	v, err := vault.New(vault.Config{Key: "file:" + filepath.Join(g.dir, "missing")}, func(*vault.Ring) error { return nil }, zap.NewNop())
	if err != nil {
		t.Fatal(err)
	}
	v.Start()
	t.Cleanup(v.Close)
	g.r.keys = v
	if err := g.r.Ready(); err == nil || !strings.Contains(err.Error(), "missing") {
		t.Error(err)
	}
	rec := g.open(nil)
	talk(rec, 0, 8000)
	g.flush()
	if len(g.files()) != 0 {
		t.Errorf("files %v", g.files())
	}
	if res := g.end(rec, 0); res.Result != ResultFailed || !errors.Is(res.Err, vault.ErrNotReady) {
		t.Errorf("%+v", res)
	}
}

func TestAKilledProcessLosesHalfASecondOfSealedRecordings(t *testing.T) {
	dir := t.TempDir()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), crashDirEnv+"="+dir, crashKeyEnv+"="+testKEK)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	placed := 0
	for lines := bufio.NewScanner(out); lines.Scan(); {
		placed, _ = strconv.Atoi(lines.Text())
		if placed == 16000 {
			_ = cmd.Process.Kill() // what follows shows whether it died
		}
	}
	_ = cmd.Wait() // it was killed
	r := sealedRecorderIn(t, dir)
	results, err := r.Recover(context.Background())
	if err != nil || len(results) != crashCalls {
		t.Fatalf("%d results, %v", len(results), err)
	}
	lost := int64(0)
	for _, res := range results {
		c := audioIn(t, openSealed(t, res, r.keys))
		wantRamp(t, c[0], 0, len(c[0]), 0)
		lost = max(lost, layout{rateHz: DefaultRateHz}.milliseconds(int64(placed-len(c[0]))))
	}
	t.Logf("at most %d ms lost of %d", lost, layout{rateHz: DefaultRateHz}.milliseconds(int64(placed)))
	if lost > 500 {
		t.Errorf("%d ms lost, at most 500 are allowed", lost)
	}
}
