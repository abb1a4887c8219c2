package dtmf

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"testing"
	"time"
)

var epoch = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// rig feeds a Collector and keeps what it reports.
type rig struct {
	*Collector
	now  time.Time
	keys []Key
}

func newRig() *rig {
	r := &rig{now: epoch}
	r.Collector = NewCollector(0, func(k Key) { r.keys = append(r.keys, k) })
	return r
}

// send delivers packets at the times they were made for.
func (r *rig) send(packets []Timed) {
	start := r.now
	for _, p := range packets {
		r.now = start.Add(p.At)
		r.Push(r.now, p.Packet)
	}
}

// wait lets d pass in ticks of 20 ms.
func (r *rig) wait(d time.Duration) {
	for end := r.now.Add(d); r.now.Before(end); {
		r.now = r.now.Add(20 * time.Millisecond)
		r.Tick(r.now)
	}
}

func (r *rig) digits() string {
	var digits []byte
	for _, k := range r.keys {
		digits = append(digits, k.Digit)
	}
	return string(digits)
}

func pressed(t *testing.T, ssrc uint32, digit byte, start uint64, length time.Duration) []Timed {
	t.Helper()
	packets, err := Generator{SSRC: ssrc}.Press(digit, start, length)
	if err != nil {
		t.Fatal(err)
	}
	return packets
}

func TestAKeyIsReportedOnceWithItsTimes(t *testing.T) {
	for code := range uint8(16) {
		digit, _ := Digit(code)
		r := newRig()
		r.send(pressed(t, 7, digit, 1000, 100*time.Millisecond))
		r.wait(time.Second)
		want := []Key{{Digit: digit, SSRC: 7, Start: 1000, End: 1800, Segments: 1}}
		if !reflect.DeepEqual(r.keys, want) {
			t.Errorf("%c: %+v, want %+v", digit, r.keys, want)
		}
	}
}

func TestAKeyCountsWhicheverPacketsAreLost(t *testing.T) {
	packets := pressed(t, 7, '5', 1000, 100*time.Millisecond)
	for lost := range 1<<len(packets) - 1 {
		r := newRig()
		var arrived []Timed
		for i, p := range packets {
			if lost>>i&1 == 0 {
				arrived = append(arrived, p)
			}
		}
		// What is left may come within 60 ms of each other or not: one key all the same.
		r.send(arrived)
		r.wait(time.Second)
		if len(r.keys) != 1 || r.keys[0].Digit != '5' || r.keys[0].Start != 1000 || r.keys[0].End > 1800 {
			t.Fatalf("lost %07b: %+v", lost, r.keys)
		}
	}
}

func TestAKeyCountsWithoutMarkersAndWithMarkersEverywhere(t *testing.T) {
	for _, marker := range []bool{false, true} {
		packets := pressed(t, 7, '5', 1000, 100*time.Millisecond)
		for i := range packets {
			packets[i].Marker = marker
		}
		r := newRig()
		r.send(packets)
		if r.digits() != "5" {
			t.Errorf("markers %v: %q", marker, r.digits())
		}
	}
}

func TestAKeyCountsOnceInAnyOrder(t *testing.T) {
	packets := pressed(t, 7, '5', 1000, 100*time.Millisecond)
	random := rand.New(rand.NewPCG(1, 2))
	for range 500 {
		random.Shuffle(len(packets), func(i, j int) { packets[i], packets[j] = packets[j], packets[i] })
		r := newRig()
		for _, p := range packets {
			r.Push(r.now, p.Packet)
		}
		r.wait(time.Second)
		if r.digits() != "5" || r.keys[0].Start != 1000 {
			t.Fatalf("%+v: %+v", packets, r.keys)
		}
	}
}

func TestDurationsOnlyGrow(t *testing.T) {
	r := newRig()
	for _, duration := range []uint16{160, 480, 320} {
		r.Push(r.now, Packet{SSRC: 7, Timestamp: 1000, Event: 1, Duration: duration})
	}
	r.wait(time.Second)
	if r.keys[0].End != 1480 {
		t.Errorf("end %d", r.keys[0].End)
	}
}

func TestALostEndIsFoundBySilence(t *testing.T) {
	r := newRig()
	r.send(pressed(t, 7, '5', 1000, 100*time.Millisecond)[:3])
	if len(r.keys) != 0 {
		t.Fatalf("reported early: %+v", r.keys)
	}
	r.wait(DefaultSilence)
	if want := []Key{{'5', 7, 1000, 1480, 1}}; !reflect.DeepEqual(r.keys, want) {
		t.Errorf("%+v, want %+v", r.keys, want)
	}
}

func TestALostEndIsFoundByTheNextKey(t *testing.T) {
	r := newRig()
	r.send(pressed(t, 7, '5', 1000, 100*time.Millisecond)[:3])
	r.send(pressed(t, 7, '5', 2000, 100*time.Millisecond))
	if r.digits() != "55" || r.keys[0].End != 1480 || r.keys[1].Start != 2000 {
		t.Errorf("%+v", r.keys)
	}
}

func TestPacketsAfterTheSilenceAreLate(t *testing.T) {
	r := newRig()
	packets := pressed(t, 7, '5', 1000, 200*time.Millisecond)
	r.send(packets[:3])
	r.wait(200 * time.Millisecond)
	r.send(packets[3:])
	r.wait(time.Second)
	if r.digits() != "5" {
		t.Errorf("%+v", r.keys)
	}
}

func TestALongPressInSegmentsIsOneKey(t *testing.T) {
	for _, c := range []struct {
		length   time.Duration
		segments int
	}{{8 * time.Second, 1}, {9 * time.Second, 2}, {20 * time.Second, 3}} {
		r := newRig()
		r.send(pressed(t, 7, '5', 1000, c.length))
		r.wait(time.Second)
		want := []Key{{'5', 7, 1000, 1000 + uint64(c.length.Seconds()*8000), c.segments}}
		if !reflect.DeepEqual(r.keys, want) {
			t.Errorf("%v: %+v, want %+v", c.length, r.keys, want)
		}
	}
}

func TestASegmentAfterALostStretchIsStillTheSameKey(t *testing.T) {
	packets := pressed(t, 7, '5', 1000, 20*time.Second)
	for _, gap := range []time.Duration{40 * time.Millisecond, 400 * time.Millisecond} {
		r := newRig()
		for _, p := range packets {
			// The packets around the end of the first segment, 8.19 s in, are lost.
			if p.At > 8190*time.Millisecond-gap/2 && p.At < 8190*time.Millisecond+gap/2 {
				continue
			}
			r.now = epoch.Add(p.At)
			r.Push(r.now, p.Packet)
		}
		r.wait(time.Second)
		if r.digits() != "5" {
			t.Errorf("gap of %v: %+v", gap, r.keys)
		}
	}
}

func TestTwoPressesOfAKeyAreTwoKeys(t *testing.T) {
	r := newRig()
	r.send(pressed(t, 7, '5', 1000, 100*time.Millisecond))
	r.send(pressed(t, 7, '5', 2000, 100*time.Millisecond))
	if r.digits() != "55" {
		t.Errorf("%+v", r.keys)
	}
}

// Some equipment reuses the timestamp of the key before; the event code still tells the two apart.
func TestTwoKeysWithOneTimestampAreTwoKeys(t *testing.T) {
	r := newRig()
	r.send(pressed(t, 7, '5', 1000, 100*time.Millisecond))
	r.send(pressed(t, 7, '6', 1000, 100*time.Millisecond))
	if r.digits() != "56" {
		t.Errorf("%+v", r.keys)
	}
}

func TestANewSSRCEndsTheKeyAndItsLatePacketsAreIgnored(t *testing.T) {
	r := newRig()
	old := pressed(t, 7, '5', 1000, 100*time.Millisecond)
	r.send(old[:3])
	r.send(pressed(t, 8, '5', 1000, 100*time.Millisecond))
	r.send(old[3:])
	r.wait(time.Second)
	if want := []Key{{'5', 7, 1000, 1480, 1}, {'5', 8, 1000, 1800, 1}}; !reflect.DeepEqual(r.keys, want) {
		t.Errorf("%+v, want %+v", r.keys, want)
	}
}

func TestAnEndOvertakenByTheNextKeyStillCounts(t *testing.T) {
	r := newRig()
	next := pressed(t, 7, '6', 2000, 100*time.Millisecond)
	r.send(next[:2])
	r.Push(r.now, Packet{SSRC: 7, Timestamp: 1000, Event: 5, End: true, Duration: 800})
	r.Push(r.now, Packet{SSRC: 7, Timestamp: 1000, Event: 5, End: true, Duration: 800})
	r.send(next[2:])
	if r.digits() != "56" {
		t.Errorf("%+v", r.keys)
	}
}

func TestAClockSetBackDoesNotDeafen(t *testing.T) {
	r := newRig()
	r.send(pressed(t, 7, '5', 1<<33, 100*time.Millisecond))
	r.send(pressed(t, 7, '5', 1000, 100*time.Millisecond))
	if r.digits() != "55" {
		t.Errorf("%+v", r.keys)
	}
}

func TestEventsThatAreNoKeysAreIgnored(t *testing.T) {
	r := newRig()
	packets := pressed(t, 7, '5', 1000, 100*time.Millisecond)
	r.send(packets[:3])
	for _, event := range []uint8{16, 32, 255} {
		r.Push(r.now, Packet{SSRC: 7, Timestamp: 5000, Event: event, End: true, Duration: 800})
	}
	r.send(packets[3:])
	if want := []Key{{'5', 7, 1000, 1800, 1}}; !reflect.DeepEqual(r.keys, want) {
		t.Errorf("%+v, want %+v", r.keys, want)
	}
}

func TestResetForgetsAKeyAndItsLatePackets(t *testing.T) {
	r := newRig()
	packets := pressed(t, 7, '5', 1000, 100*time.Millisecond)
	r.send(packets[:3])
	if key, down := r.Pressed(); key != '5' || !down {
		t.Errorf("pressed: %c, %v", key, down)
	}
	r.Reset()
	if _, down := r.Pressed(); down {
		t.Error("still pressed")
	}
	r.send(packets[3:])
	r.wait(time.Second)
	if len(r.keys) != 0 {
		t.Errorf("%+v", r.keys)
	}
}

func TestKeysDialledOverABadNetworkCountOnceEach(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	const dialled = "0123456789*#4711"
	for round := range 200 {
		r := newRig()
		for i, digit := range []byte(dialled) {
			packets := pressed(t, 7, digit, uint64(i)*3200, 100*time.Millisecond)
			for j, p := range packets {
				if j > 0 && random.IntN(100) < 20 {
					continue // never all are lost
				}
				r.Push(r.now.Add(p.At), p.Packet)
				if random.IntN(4) == 0 {
					r.Push(r.now.Add(p.At), p.Packet) // twice
				}
			}
			r.wait(400 * time.Millisecond)
		}
		if r.digits() != dialled {
			t.Fatalf("round %d: %q", round, r.digits())
		}
	}
}

func TestTheCollectorAllocatesNothing(t *testing.T) {
	count := 0
	c := NewCollector(0, func(Key) { count++ })
	packets := pressed(t, 7, '5', 1000, 100*time.Millisecond)
	shift := uint64(0)
	allocations := testing.AllocsPerRun(100, func() {
		shift += 8000
		for _, p := range packets {
			p.Timestamp += shift
			c.Push(epoch, p.Packet)
			c.Tick(epoch)
		}
	})
	if allocations != 0 || count == 0 {
		t.Errorf("%v allocations a key, %d keys", allocations, count)
	}
}

func FuzzCollector(f *testing.F) {
	seed := func(digit byte, length time.Duration) []byte {
		var b []byte
		packets, err := Generator{SSRC: 1}.Press(digit, 0, length)
		if err != nil {
			f.Fatal(err)
		}
		for _, p := range packets {
			b = append(b, byte(p.SSRC), byte(p.Timestamp>>8), 20)
			b = p.AppendPayload(b)
		}
		return b
	}
	f.Add(seed('1', 60*time.Millisecond))
	f.Add(append(seed('1', 100*time.Millisecond), seed('#', 40*time.Millisecond)...))
	f.Add(seed('D', 8300*time.Millisecond))
	f.Fuzz(func(t *testing.T, b []byte) {
		type identity struct {
			ssrc  uint32
			start uint64
			digit byte
		}
		pushed := 0
		seen := map[identity]int{}
		c := NewCollector(0, func(k Key) {
			if _, ok := EventOf(k.Digit); !ok || k.End < k.Start || k.Segments < 1 {
				t.Fatalf("key %+v", k)
			}
			seen[identity{k.SSRC, k.Start, k.Digit}]++
		})
		now := epoch
		for ; len(b) >= 7 && pushed < 1000; b = b[7:] {
			p, ok := ParsePayload(b[3:7])
			if !ok {
				t.Fatal("a whole payload was refused")
			}
			p.SSRC, p.Timestamp = uint32(b[0]&1), uint64(b[1])<<8
			now = now.Add(time.Duration(b[2]) * time.Millisecond)
			c.Push(now, p)
			pushed++
		}
		c.Tick(now.Add(time.Second))
		if _, down := c.Pressed(); down {
			t.Fatal("a key is down after a second of silence")
		}
		total := 0
		for _, n := range seen {
			total += n
		}
		if total > pushed {
			t.Fatalf("%d keys from %d packets", total, pushed)
		}
	})
}

func ExampleCollector() {
	c := NewCollector(DefaultSilence, func(k Key) {
		fmt.Printf("%c from %d to %d\n", k.Digit, k.Start, k.End)
	})
	packets, err := Generator{SSRC: 1}.Press('1', 8000, 60*time.Millisecond)
	if err != nil {
		fmt.Println(err)
	}
	for _, p := range packets {
		c.Push(time.Time{}.Add(p.At), p.Packet)
	}
	// Output: 1 from 8000 to 8480
}
