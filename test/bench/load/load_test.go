package load

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestAMarkComesBackFromEitherCopy(t *testing.T) {
	for _, m := range []mark{{}, {call: 999, from: agent, round: 123456, sent: 1 << 40}, {call: 0xffff, from: caller, round: 0xffffff, sent: timeMask}} {
		var frame [frameBytes]byte
		m.put(frame[:])
		for number := range 2 {
			got, n, ok := readMark(frame[number*copyBytes:])
			if !ok || got != m || n != number {
				t.Errorf("copy %d of %+v reads as %+v, copy %d, whole: %v", number, m, got, n, ok)
			}
		}
	}
}

func TestADamagedMarkIsNone(t *testing.T) {
	var frame [frameBytes]byte
	mark{call: 7, round: 99}.put(frame[:])
	for i := range markBytes {
		damaged := frame
		damaged[i] ^= 1
		if m, _, ok := readMark(damaged[:]); ok {
			t.Errorf("byte %d changed, read as %+v", i, m)
		}
	}
}

func TestTheAgeOfAFrameOutlivesTheWrapOfItsStamp(t *testing.T) {
	sent := int64(3)<<(4*timeDigits) - 100
	var frame [frameBytes]byte
	mark{sent: sent}.put(frame[:])
	m, _, _ := readMark(frame[:])
	if got := m.age(sent + 250); got != 250 {
		t.Errorf("age %s, want 250ns", got)
	}
}

func TestEveryPCMUByteOfAMarkSurvivesTheFile(t *testing.T) {
	var frame [frameBytes]byte
	mark{call: 0xffff, round: 0xabcdef, sent: 0x123456789abc}.put(frame[:])
	for _, b := range frame {
		if got := muLaw[uint16(linear(b))]; got != b {
			t.Errorf("%#x comes back as %#x", b, got)
		}
	}
}

func TestQuantilesAreOfTheSortedValues(t *testing.T) {
	var d Delays
	for i := range 100 {
		d.Add(time.Duration(99-i) * time.Millisecond)
	}
	if p50, p99, top := d.At(0.5), d.At(0.99), d.Max(); p50 != 50*time.Millisecond || p99 != 99*time.Millisecond || top != 99*time.Millisecond {
		t.Errorf("p50 %s, p99 %s, max %s", p50, p99, top)
	}
}

// A recording that lacks one frame in the middle and one at the end, and whose
// right channel is 8 samples late from the middle on.
func TestARecordingIsHeldAgainstWhatWasHeard(t *testing.T) {
	c := &Call{index: 5}
	const rounds, shift = 20, 8
	var data [2][]int16
	for s := range data {
		data[s] = make([]int16, (rounds+1)*frameBytes)
		for round := range uint32(rounds) {
			c.legs[s].arrived.set(round)
			if s == 0 && (round == 9 || round == rounds-1) {
				continue
			}
			var frame [frameBytes]byte
			mark{call: 5, from: side(s), round: round}.put(frame[:])
			at := int(round)*frameBytes + s*shift*int(round/(rounds/2))
			for i, b := range frame {
				data[s][at+i] = linear(b)
			}
		}
	}
	r, err := c.Held(write(t, data))
	want := Recorded{Heard: 2 * rounds, Missing: 2, Inside: 1, Tail: 1, Widest: time.Millisecond}
	if r.Skew = 0; err != nil || r != want {
		t.Errorf("%+v, %v; want %+v", r, err, want)
	}
	c.index = 6
	if r, _ := c.Held(write(t, data)); r.Foreign == 0 || r.Missing != r.Heard {
		t.Errorf("another call's file: %+v", r)
	}
}

func write(t *testing.T, channels [2][]int16) string {
	b := []byte("RIFF....WAVEdata")
	b = binary.LittleEndian.AppendUint32(b, uint32(4*len(channels[0])))
	for i := range channels[0] {
		b = binary.LittleEndian.AppendUint16(b, uint16(channels[0][i]))
		b = binary.LittleEndian.AppendUint16(b, uint16(channels[1][i]))
	}
	path := filepath.Join(t.TempDir(), "recording.wav")
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestSocketsCarryMarkedFramesAndStampThem(t *testing.T) {
	from, err := newSocket(address)
	if err != nil {
		t.Fatal(err)
	}
	defer from.close()
	to, err := newSocket(address)
	if err != nil {
		t.Fatal(err)
	}
	defer to.close()
	var packets [batch][packetBytes]byte
	sent := time.Now().UnixNano()
	for i := range packets {
		mark{call: i, sent: sent}.put(packets[i][12:])
		from.post(packets[i][:], to.addr)
	}
	if n := from.flush(); n != 0 {
		t.Fatalf("%d packets refused", n)
	}
	next := 0
	to.drain(func(packet []byte, port uint16, at int64) { // loopback delivers within the send
		m, _, ok := readMark(packet[12:])
		if !ok || m.call != next || port != from.addr.Port() || m.age(at) > time.Minute {
			t.Errorf("packet %d: %+v from port %d after %s", next, m, port, m.age(at))
		}
		next++
	})
	if next != batch || to.dropped() != 0 {
		t.Errorf("%d packets arrived, %d dropped", next, to.dropped())
	}
}
