package vault

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"testing"
)

// model is the plain file that a sealed one must be equal to.
type model struct{ b []byte }

func (m *model) write(b []byte, at int) {
	m.truncate(max(len(m.b), at+len(b)))
	copy(m.b[at:], b)
}

func (m *model) truncate(size int) {
	if size > len(m.b) {
		m.b = append(m.b, make([]byte, size-len(m.b))...)
	}
	m.b = m.b[:size]
}

// deed does one random thing to both, mostly what a recorder does.
func deed(t *testing.T, rng *rand.Rand, f *File, m *model) {
	t.Helper()
	b := make([]byte, 1+rng.IntN(300))
	for i := range b {
		b[i] = byte(rng.Uint32())
	}
	at, size := len(m.b), len(m.b)
	switch rng.IntN(12) {
	case 0:
		at = 0
	case 1:
		at = rng.IntN(len(m.b) + 50)
	case 2:
		size = rng.IntN(len(m.b) + 1)
	case 3:
		size = max(0, len(m.b)-rng.IntN(40))
	case 4:
		size += rng.IntN(500)
	}
	if size != len(m.b) {
		must(t, f.Truncate(int64(size)))
		m.truncate(size)
		return
	}
	n, err := f.WriteAt(b, int64(at))
	if n != len(b) || err != nil {
		t.Fatal(n, err)
	}
	m.write(b, at)
}

func TestASealedFileReadsLikeThePlainOne(t *testing.T) {
	key, _ := keyOf(t, "01JMODEL")
	for seed := range uint64(60) {
		rng := rand.New(rand.NewPCG(seed, 1))
		raw, m := &memory{}, &model{}
		f, err := Create(raw, key, Audio)
		must(t, err)
		for i := range 60 {
			deed(t, rng, f, m)
			switch {
			case i%20 == 7:
				f, err = Reopen(raw, int64(len(raw.b)), key, Audio)
				must(t, err)
			case i%20 == 13:
				must(t, f.Finish())
				must(t, f.Truncate(int64(len(m.b))))
			}
			if f.Size() != int64(len(m.b)) || !bytes.Equal(plain(t, f), m.b) {
				t.Fatalf("seed %d, step %d: differs", seed, i)
			}
		}
		must(t, f.Finish())
		must(t, f.Finish())
		must(t, Check(raw, int64(len(raw.b)), key, Audio))
		r, err := NewReader(raw, int64(len(raw.b)), key, Audio)
		must(t, err)
		for range 40 {
			from := rng.IntN(len(m.b) + 1)
			b := make([]byte, rng.IntN(len(m.b)+50))
			n, err := r.ReadAt(b, int64(from))
			if want := m.b[from:min(len(m.b), from+len(b))]; !bytes.Equal(b[:n], want) || (n < len(b)) != errors.Is(err, io.EOF) {
				t.Fatalf("seed %d: %d bytes from %d: %d, %v", seed, len(b), from, n, err)
			}
		}
	}
}

// sample returns a finished file with what a recorder writes: audio, and a header
// that is written over again and again.
func sample(t testing.TB, key *Key, flushes int) (*memory, []byte) {
	t.Helper()
	raw := &memory{}
	f, err := Create(raw, key, Audio)
	must(t, err)
	for i := range flushes {
		_, err = f.WriteAt(bytes.Repeat([]byte("a plain tone "), 40), max(80, f.Size()))
		must(t, err)
		if i%3 == 0 {
			_, err = f.WriteAt([]byte(fmt.Sprintf("RIFF header %d", i)), 0)
			must(t, err)
		}
	}
	p := plain(t, f)
	must(t, f.Finish())
	return raw, p
}

func TestWhatAKilledProcessWroteOpensToItsLastWholeRecord(t *testing.T) {
	key, _ := keyOf(t, "01JKILLED")
	raw := &memory{}
	f, err := Create(raw, key, Audio)
	must(t, err)
	ends, plains := []int{len(raw.b)}, [][]byte{{}}
	for i := range 12 {
		_, err := f.WriteAt([]byte(fmt.Sprintf("flush number %d", i)), f.Size())
		must(t, err)
		ends, plains = append(ends, len(raw.b)), append(plains, plain(t, f))
	}
	must(t, f.Finish())
	for n := ends[0]; n < len(raw.b); n++ {
		whole := 0
		for whole+1 < len(ends) && ends[whole+1] <= n {
			whole++
		}
		torn := raw.clone(n)
		if _, err := NewReader(torn, int64(n), key, Audio); err == nil {
			t.Fatalf("a file cut at %d of %d has an end", n, len(raw.b))
		}
		g, err := Reopen(torn, int64(n), key, Audio)
		must(t, err)
		if !bytes.Equal(plain(t, g), plains[whole]) {
			t.Fatalf("cut at %d: %q, want %q", n, plain(t, g), plains[whole])
		}
		_, err = g.WriteAt([]byte("and on"), g.Size())
		must(t, err)
		must(t, g.Truncate(g.Size()))
		must(t, g.Finish())
		must(t, Check(torn, int64(len(torn.b)), key, Audio))
	}
	for n := range ends[0] {
		if _, err := Reopen(raw.clone(n), int64(n), key, Audio); !errors.Is(err, ErrForeign) {
			t.Fatalf("%d bytes of a header: %v", n, err)
		}
	}
}

func TestAFlippedBitAnywhereIsFoundAndNeverRead(t *testing.T) {
	key, _ := keyOf(t, "01JFLIP")
	raw, want := sample(t, key, 8)
	for at := range raw.b {
		bad := raw.clone(len(raw.b))
		bad.b[at] ^= 1 << (at % 8)
		err := Check(bad, int64(len(bad.b)), key, Audio)
		if !errors.Is(err, ErrDamaged) && !errors.Is(err, ErrForeign) && !errors.Is(err, ErrUnfinished) {
			t.Fatalf("byte %d: %v", at, err)
		}
		r, err := NewReader(bad, int64(len(bad.b)), key, Audio)
		if err != nil {
			continue
		}
		got := make([]byte, len(want))
		if n, _ := r.ReadAt(got, 0); !bytes.Equal(got[:n], want[:n]) {
			t.Fatalf("byte %d: something else was read", at)
		}
	}
}

func TestRecordsCanNotBeMovedDroppedOrTakenFromElsewhere(t *testing.T) {
	key, _ := keyOf(t, "01JMOVE")
	other, _ := keyOf(t, "01JMOVE")
	raw, _ := sample(t, key, 6)
	size := int64(len(raw.b))
	for name, f := range map[string]func() error{
		"another key":  func() error { return Check(raw, size, other, Audio) },
		"another role": func() error { return Check(raw, size, key, Facts) },
		"another id": func() error {
			k := &Key{Wrapped{Recording: "01JOTHER"}, key.aead}
			b := slices.Concat(head("01JOTHER", Audio), raw.b[len(head("01JMOVE", Audio)):])
			return Check(&memory{b: b}, int64(len(b)), k, Audio)
		},
		"a record dropped": func() error {
			from := len(head("01JMOVE", Audio))
			f, err := parseFrame(raw.b[from:])
			must(t, err)
			b := slices.Delete(slices.Clone(raw.b), from, from+frameBytes+f.length)
			return Check(&memory{b: b}, int64(len(b)), key, Audio)
		},
		"something behind the end": func() error {
			b := append(slices.Clone(raw.b), 1)
			return Check(&memory{b: b}, int64(len(b)), key, Audio)
		},
	} {
		if f() == nil {
			t.Error(name, "was not noticed")
		}
	}
}

func TestNeitherPlainBytesNorTheKeyAreStored(t *testing.T) {
	key, secret := keyOf(t, "01JCLEAR")
	raw, _ := sample(t, key, 30)
	text, err := key.Text()
	must(t, err)
	all := append(slices.Clone(raw.b), text...)
	for _, b := range [][]byte{[]byte("a plain tone"), []byte("RIFF"), secret, secret[:16]} {
		if bytes.Contains(all, b) {
			t.Errorf("%q is stored", b)
		}
	}
}

func TestAFullDiskTakesWholeRecordsAndCuttingGivesRoomBack(t *testing.T) {
	key, _ := keyOf(t, "01JFULL")
	raw := &memory{room: 5000}
	f, err := Create(raw, key, Audio)
	must(t, err)
	header := bytes.Repeat([]byte("h"), 80)
	_, err = f.WriteAt(header, 0)
	must(t, err)
	var kept int64
	for {
		n, err := f.WriteAt(bytes.Repeat([]byte("x"), 400), f.Size())
		if err != nil {
			if n != 0 || !errors.Is(err, errFull) {
				t.Fatal(n, err)
			}
			break
		}
		kept = f.Size()
	}
	if f.Size() != kept || f.Finish() == nil {
		t.Fatal("the disk is full")
	}
	must(t, f.Truncate(kept-500))
	_, err = f.WriteAt(bytes.Repeat([]byte("H"), 80), 0)
	must(t, err)
	must(t, f.Finish())
	r, err := NewReader(raw, int64(len(raw.b)), key, Audio)
	must(t, err)
	b := make([]byte, 90)
	if _, err := r.ReadAt(b, 0); err != nil || r.Size() != kept-500 || string(b[70:]) != "HHHHHHHHHHxxxxxxxxxx" {
		t.Errorf("%d of %d, %q, %v", r.Size(), kept, b, err)
	}
}

// FuzzReader reads files that nobody sealed.
func FuzzReader(f *testing.F) {
	key, _ := keyOf(f, "01JFUZZ")
	raw, _ := sample(f, key, 5)
	f.Add(raw.b)
	f.Add(raw.b[:len(raw.b)-3])
	f.Add(head("01JFUZZ", Audio))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		raw := &memory{b: slices.Clone(b)}
		if r, err := NewReader(raw, int64(len(b)), key, Audio); err == nil {
			_, _ = r.ReadAt(make([]byte, 100), r.Size()/2) // must not panic
		}
		_ = Check(raw, int64(len(b)), key, Audio)
		if g, err := Reopen(raw, int64(len(b)), key, Audio); g != nil && (err == nil || errors.Is(err, ErrDamaged)) {
			must(t, g.Truncate(g.Size()))
			must(t, g.Finish())
		}
	})
}

// FuzzIndex reads indexes that nobody encoded.
func FuzzIndex(f *testing.F) {
	var l layout
	l.write(extent{0, 80, 0, 0, 20, 108})
	l.write(extent{80, 900, 80, 1, 140, 848})
	l.write(extent{10, 20, 10, 2, 1200, 38})
	f.Add(l.encode(), int64(900), int64(2000))
	f.Fuzz(func(t *testing.T, b []byte, size, stored int64) {
		if size < 0 || size > maxSize || stored < 0 {
			return
		}
		l, err := decodeLayout(b, size, stored)
		if err != nil {
			return
		}
		var end int64
		for _, e := range l.extents {
			if e.from < end || e.to > size || e.stored+int64(e.length) > stored || e.from < e.start {
				t.Fatalf("%+v", e)
			}
			end = e.to
		}
	})
}
