package recorder

import (
	"bytes"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// stored returns a sealed recording with a pause and a loss in it.
func stored(t testing.TB) (*rig, Result) {
	t.Helper()
	g := newRig(t, nil, nil)
	rec := g.open(nil)
	talk(rec, 0, 4000)
	rec.Mark(0, 4000, 4800, "secure_pause")
	rec.Mark(1, 4000, 4800, "secure_pause")
	talk(rec, 4800, 8000)
	rec.Slip(1, 6000, -1)
	rec.Update(func(s *Spec) { s.FirstSample = append(s.FirstSample, FirstSample{Channel: 0, SSRC: 5, RTPTime: 99}) })
	return g, g.end(rec, 0)
}

func TestASidecarFollowsItsSchema(t *testing.T) {
	_, res := stored(t)
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(SidecarSchema))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("sidecar.json", doc); err != nil {
		t.Fatal(err)
	}
	schema, err := c.Compile("sidecar.json")
	if err != nil {
		t.Fatal(err)
	}
	b := readFile(t, strings.TrimSuffix(res.File, ".wav")+".json")
	instance, err := jsonschema.UnmarshalJSON(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	if err := schema.Validate(instance); err != nil {
		t.Fatal(err)
	}
	s := sidecarOf(t, res.File)
	if s.StartedAt.Format(timestampLayout) != "2026-11-23T08:00:00.123Z" || s.EndedAt.Format(timestampLayout) != "2026-11-23T08:00:01.123Z" {
		t.Errorf("from %s to %s", s.StartedAt, s.EndedAt)
	}
	for _, change := range []func(map[string]any){
		func(m map[string]any) { m["extra"] = 1 },
		func(m map[string]any) { delete(m, "barrier") },
		func(m map[string]any) { m["result"] = "fine" },
	} {
		m := map[string]any{}
		if err := json.Unmarshal(b, &m); err != nil {
			t.Fatal(err)
		}
		change(m)
		if schema.Validate(m) == nil {
			t.Errorf("the schema takes %v", m)
		}
	}
}

func TestVerifyDetectsAFlippedBitAnywhereInTheAudio(t *testing.T) {
	_, res := stored(t)
	whole := readFile(t, res.File)
	rng := rand.New(rand.NewPCG(3, 4))
	for i := range 400 {
		at := rng.IntN(len(whole))
		if i < testHeader {
			at = i
		}
		b := bytes.Clone(whole)
		b[at] ^= 1 << rng.IntN(8)
		writeFile(t, res.File, b)
		if rep, err := Verify(res.File); err != nil || rep.OK() {
			t.Fatalf("a flip in byte %d: %v %v", at, rep.Problems, err)
		}
	}
	for _, b := range [][]byte{whole[:len(whole)-1], whole[:len(whole)-frameBytes], whole[:10], append(bytes.Clone(whole), 0)} {
		writeFile(t, res.File, b)
		if rep, err := Verify(res.File); err != nil || rep.OK() {
			t.Fatalf("%d bytes of %d: %v %v", len(b), len(whole), rep.Problems, err)
		}
	}
}

func TestVerifyDetectsWhatASidecarCanNotSay(t *testing.T) {
	_, res := stored(t)
	path := strings.TrimSuffix(res.File, ".wav") + ".json"
	whole := string(readFile(t, path))
	for _, c := range [][2]string{
		{res.SHA256[:8], "00000000"},
		{`"id": "01`, `"id": "02`},
		{`"duration_ms": 1000`, `"duration_ms": 1001`},
		{`"result": "ok"`, `"result": "degraded"`},
		{`"recovered": false`, `"recovered": true`},
		{`"dual_channel": true`, `"dual_channel": false`},
		{`"format": "wav"`, `"format": "ogg"`},
		{`"secure_pause"`, `"unplaced"`},
		{`"secure_pause"`, `"lunch"`},
		{`"start_ms": 500`, `"start_ms": 400`},
		{`"end_ms": 600`, `"end_ms": 60`},
		{`"channel": 0,`, `"channel": 7,`},
		{`"gaps_unlisted": 0`, `"gaps_unlisted": 3`},
		{`08:00:01.123Z`, `08:00:02.123Z`},
		{`"call":`, `"caII":`},
		{"\n}", "\n} "},
	} {
		if !strings.Contains(whole, c[0]) {
			t.Fatalf("the sidecar has no %s:\n%s", c[0], whole)
		}
		writeFile(t, path, []byte(strings.Replace(whole, c[0], c[1], 1)))
		if rep, err := Verify(res.File); err != nil || rep.OK() {
			t.Errorf("%s as %s is not noticed (%v)", c[0], c[1], err)
		}
	}
	writeFile(t, path, []byte(whole))
	mustVerify(t, res)
}

func TestAnyChangeOfASidecarChangesItsHash(t *testing.T) {
	_, res := stored(t)
	path := strings.TrimSuffix(res.File, ".wav") + ".json"
	whole := readFile(t, path)
	for at := range whole {
		b := bytes.Clone(whole)
		b[at] ^= 1
		writeFile(t, path, b)
		if rep, err := Verify(res.File); err != nil || rep.SidecarSHA256 == res.SidecarSHA256 {
			t.Fatalf("byte %d: %v", at, err)
		}
	}
}

func TestVerifyAndLookupTellWhatIsMissing(t *testing.T) {
	g, res := stored(t)
	found, err := g.r.Lookup(res.ID)
	if err != nil || found != res {
		t.Errorf("%+v %v", found, err)
	}
	for _, id := range []string{"01JNOSUCH", "../" + res.ID, ""} {
		if _, err := g.r.Lookup(id); !errors.Is(err, ErrNotFound) {
			t.Error(id, err)
		}
	}
	if err := os.Remove(filepath.Join(g.dir, res.ID+".json")); err != nil {
		t.Fatal(err)
	}
	if _, err := Verify(res.File); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
	if _, err := Verify(res.File + "x"); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
}

func FuzzSidecar(f *testing.F) {
	spec := testSpec("01J")
	spec.complete()
	s := (&facts{spec: spec, layout: layoutOf(spec), frames: 8000, end: 8000}).sidecar(strings.Repeat("0", 64))
	b, err := s.encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Add([]byte(`{"id":"x","gaps":[{"channel":-1}]}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := decodeSidecar(b)
		if err != nil {
			return
		}
		rep := Report{ID: s.ID, Sidecar: s}
		rep.checkSidecar()
		if err := rep.checkAudio(bytes.NewReader(make([]byte, 2000)), 2000); err != nil {
			t.Fatal(err)
		}
	})
}

func FuzzJournal(f *testing.F) {
	l, err := encodeEntries([]entry{
		{Version: 1, Spec: new(testSpec("01J"))}, gapEntry(gap{1, 5, 1, kindLost, true}), markEntry(gap{2, 3, 1, kindHold, true}),
		slipEntry(slip{3, 1, -1}), audioEntry(0, 12),
	})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(l)
	f.Add([]byte("{\"v\":1,\"spec\":{}}\n{\"gap\":{\"channel\":9,\"type\":\"lost\",\"from\":-1,\"to\":1e9}}\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		got, err := replay(b)
		if err != nil {
			return
		}
		got.frames = 8000
		got.settleEnd()
		s := got.sidecar("")
		rep := Report{ID: s.ID, Sidecar: s}
		if rep.checkGaps(); len(rep.Problems) > 0 && ordered(got.gaps.list) {
			t.Fatalf("%v from %q", rep.Problems, b)
		}
	})
}

// ordered reports whether no two gaps of a channel overlap.
func ordered(list []gap) bool {
	for i, a := range list {
		for _, b := range list[:i] {
			if a.channel == b.channel && a.from < b.to && b.from < a.to {
				return false
			}
		}
	}
	return true
}

func FuzzHeader(f *testing.F) {
	pcm, law := layout{codecPCM, 16000, 2}, layout{codecPCMA, 8000, 2}
	o := originOf(testSpec("01J"))
	f.Add(pcm.header(o, 32000, 0))
	f.Add(pcm.header(o, 5<<30, 12))
	f.Add(law.header(o, 16000, 100))
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, l := range []layout{pcm, law} {
			size, trailer, err := l.parseHeader(b, o)
			if err != nil {
				continue
			}
			if want := l.header(o, size, trailer); !bytes.Equal(want, b[:l.headerBytes()]) {
				t.Fatalf("% x", b)
			}
		}
	})
}
