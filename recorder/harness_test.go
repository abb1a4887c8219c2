package recorder

import (
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(crashDirEnv); dir != "" {
		recordUntilKilled(dir)
		return
	}
	goleak.VerifyTestMain(m)
}

// testHeader is the size of a PCM file's header.
const testHeader = 690

// rig drives a recorder by hand: no goroutine runs, time is what it says.
type rig struct {
	t   testing.TB
	r   *Recorder
	dir string
	now time.Time
	ids int
}

func newRig(t testing.TB, d disk, change func(*Config)) *rig {
	t.Helper()
	g := &rig{t: t, dir: t.TempDir(), now: time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)}
	cfg := Default()
	cfg.Dir = g.dir
	if change != nil {
		change(&cfg)
	}
	if d == nil {
		d = osDisk{}
	}
	r, err := newRecorder(cfg, Deps{Now: func() time.Time { return g.now }}, d, memoryLimit)
	if err != nil {
		t.Fatal(err)
	}
	r.started = true
	r.pool.prepare(idleChunks)
	g.r, g.dir = r, cfg.Dir
	return g
}

func testSpec(id string) Spec {
	index := int64(7)
	return Spec{
		ID: id, Call: "call-" + id, Trunk: "carrier-a", Queue: "support", Direction: "inbound", From: "+498912345", To: "+4980012345",
		Reason: "allowed", ConfigVersion: "abc", StartedAt: time.Date(2026, 11, 23, 8, 0, 0, 123456789, time.UTC), DualChannel: true,
		Consent: Consent{State: "granted", Method: "dtmf", Key: "1", Prompt: "consent_question", Language: "en", Ledger: &index},
		Barrier: []Floor{{Leg: "caller", SSRC: 1, RTPTime: 160, Source: "key", Discarded: 3}},
	}
}

// open opens a recording whose ledger entry is already durable.
func (g *rig) open(change func(*Spec)) *Recording {
	g.t.Helper()
	g.ids++
	s := testSpec(fmt.Sprintf("01JTEST%019d", g.ids))
	if change != nil {
		change(&s)
	}
	rec := g.r.Open(s, durable(nil))
	g.r.admit()
	return rec
}

func durable(err error) <-chan error {
	c := make(chan error, 1)
	c <- err
	return c
}

// flush lets one flush period pass.
func (g *rig) flush() {
	g.now = g.now.Add(flushEvery)
	g.r.admit()
	for _, w := range g.r.writers {
		for share := range shares {
			w.pass(w.ofShare(share), false)
		}
	}
}

// syncAll lets every recording have its turn of the syncer.
func (g *rig) syncAll() {
	for turn := range syncTurns {
		g.r.syncTurn(turn)
	}
	g.r.syncNames()
}

// end finishes a recording and returns what became of it.
func (g *rig) end(rec *Recording, pos int64) Result {
	g.t.Helper()
	rec.Finish(Final{Position: pos})
	return g.settle(rec)
}

func (g *rig) settle(rec *Recording) Result {
	g.t.Helper()
	for range 3 {
		g.flush()
		for len(g.r.sealing)+len(g.r.encoding) > 0 {
			select {
			case rec := <-g.r.sealing:
				g.r.finish(rec, g.r.conclude(g.t.Context(), rec))
			case rec := <-g.r.encoding:
				g.r.finish(rec, g.r.conclude(g.t.Context(), rec))
			}
		}
	}
	select {
	case <-rec.Done():
	default:
		g.t.Fatal("the recording is not done")
	}
	return rec.Result()
}

// files returns the names below the folder.
func (g *rig) files() []string {
	g.t.Helper()
	var out []string
	err := filepath.Walk(g.dir, func(path string, info os.FileInfo, err error) error {
		if err == nil && !info.IsDir() {
			rel, _ := filepath.Rel(g.dir, path)
			out = append(out, rel)
		}
		return nil
	})
	if err != nil {
		g.t.Fatal(err)
	}
	return out
}

// ramp returns n samples that name their own position: from+1, from+2, …
func ramp(from, n int) []int16 {
	out := make([]int16, n)
	for i := range out {
		out[i] = int16(from + i + 1)
	}
	return out
}

// talk places 20 ms packets of ramps on both channels over [from, to).
func talk(rec *Recording, from, to int) {
	for pos := from; pos < to; pos += 160 {
		n := min(160, to-pos)
		rec.Place(0, int64(pos), ramp(pos, n))
		rec.Place(1, int64(pos), ramp(pos-20000, n))
	}
}

// audioOf reads a stored file with a parser of its own, and returns its channels.
func audioOf(t testing.TB, path string) [][]int16 {
	t.Helper()
	return audioAt(t, path, DefaultRateHz)
}

// audioAt is audioOf for a file of another rate.
func audioAt(t testing.TB, path string, rate int) [][]int16 {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	le := binary.LittleEndian
	if string(b[:4]) != "RIFF" || string(b[8:12]) != "WAVE" || int(le.Uint32(b[4:]))+8 != len(b) {
		t.Fatalf("%s: RIFF header % x, file of %d bytes", path, b[:12], len(b))
	}
	var fmtChunk, data []byte
	for at := 12; at < len(b); {
		size := int(le.Uint32(b[at+4:]))
		body := b[at+8 : at+8+size]
		switch string(b[at : at+4]) {
		case "fmt ":
			fmtChunk = body
		case "data":
			data = body
		case "JUNK", "bext", "cue ", "LIST":
		default:
			t.Fatalf("%s: chunk %q", path, b[at:at+4])
		}
		at += 8 + size
	}
	n := int(le.Uint16(fmtChunk[2:]))
	if le.Uint16(fmtChunk) != 1 || int(le.Uint32(fmtChunk[4:])) != rate || le.Uint16(fmtChunk[14:]) != 16 ||
		int(le.Uint16(fmtChunk[12:])) != 2*n || int(le.Uint32(fmtChunk[8:])) != 2*rate*n || len(data)%(2*n) != 0 {
		t.Fatalf("%s: fmt % x with %d bytes of data", path, fmtChunk, len(data))
	}
	out := make([][]int16, n)
	for i := 0; i < len(data); i += 2 {
		c := i / 2 % n
		out[c] = append(out[c], int16(le.Uint16(data[i:])))
	}
	return out
}

// sidecarOf reads the sidecar beside a stored file, strictly.
func sidecarOf(t testing.TB, wav string) Sidecar {
	t.Helper()
	b, err := os.ReadFile(strings.TrimSuffix(wav, filepath.Ext(wav)) + ".json")
	if err != nil {
		t.Fatal(err)
	}
	s, err := decodeSidecar(b)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// mustVerify fails unless Verify finds nothing wrong.
func mustVerify(t testing.TB, res Result) Report {
	t.Helper()
	rep, err := Verify(res.File)
	if err != nil || !rep.OK() {
		t.Fatalf("verify: %v %v", err, rep.Problems)
	}
	if rep.SHA256 != res.SHA256 || rep.SidecarSHA256 != res.SidecarSHA256 || rep.DurationMS != res.DurationMS {
		t.Fatalf("verify found %+v, the result says %+v", rep, res)
	}
	return rep
}

// wantRamp fails unless samples [from, to) name their own positions.
func wantRamp(t testing.TB, samples []int16, from, to, offset int) {
	t.Helper()
	for i := from; i < to; i++ {
		if want := int16(offset + i + 1); samples[i] != want {
			t.Fatalf("sample %d is %d, want %d", i, samples[i], want)
		}
	}
}

func wantSilence(t testing.TB, samples []int16, from, to int) {
	t.Helper()
	for i := from; i < to; i++ {
		if samples[i] != 0 {
			t.Fatalf("sample %d is %d, want silence in [%d, %d)", i, samples[i], from, to)
		}
	}
}
