package media

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// clicks is a Sink that remembers where the loudest samples lie, and what was done to channel 0.
type clicks struct {
	at       [2][]int64
	grid     int64
	uneven   int // packets of channel 0 that were not placed whole and in their place
	slips    int
	longSlip int
}

func (c *clicks) Place(channel int, pos int64, samples []int16) {
	for i, s := range samples {
		if s > 30000 {
			c.at[channel] = append(c.at[channel], pos+int64(i))
		}
	}
	if channel == 0 {
		if c.grid < 0 {
			c.grid = pos % 160
		}
		if len(samples) != 160 || pos%160 != c.grid {
			c.uneven++
		}
	}
}
func (c *clicks) Mark(int, int64, int64, string) {}
func (c *clicks) Advance(int64)                  {}
func (c *clicks) Slip(channel int, _ int64, samples int) {
	c.slips++
	if channel != 1 || samples > 1 || samples < -1 {
		c.longSlip++
	}
}

// clicker is a peer whose clock runs fast by ppm, and which clicks once a minute of true time.
type clicker struct {
	peer
	ppm    float64
	sample int64
	frame  [160]byte
}

// next returns the next packet and when its last sample was taken.
func (c *clicker) next() ([]byte, time.Duration) {
	rate := 8000 * (1 + c.ppm/1e6)
	for i := range c.frame {
		c.frame[i] = 0xFF
		if minute := int64(float64(c.sample) / rate / 60); minute > 0 && int64(float64(minute)*60*rate) == c.sample {
			c.frame[i] = 0x80
		}
		c.sample++
	}
	return c.say(c.frame[:]), time.Duration(float64(c.sample) / rate * 1e9)
}

func TestTwoClocks200PPMApartStayAlignedForAnHour(t *testing.T) {
	for name, jitter := range map[string]time.Duration{"quiet network": time.Millisecond, "jitter of 60 ms": 60 * time.Millisecond} {
		sink := driftFor(time.Hour, jitter, 100, -100)
		if sink.uneven > 0 || sink.longSlip > 0 {
			t.Errorf("%s: channel 0 was touched by %d packets, %d slips were wrong", name, sink.uneven, sink.longSlip)
		}
		if len(sink.at[0]) < 59 || len(sink.at[0]) != len(sink.at[1]) {
			t.Fatalf("%s: %d and %d clicks found", name, len(sink.at[0]), len(sink.at[1]))
		}
		worst := int64(0)
		for i, at := range sink.at[0] {
			worst = max(worst, sink.at[1][i]-at, at-sink.at[1][i])
		}
		last := sink.at[1][len(sink.at[1])-1] - sink.at[0][len(sink.at[0])-1]
		t.Logf("%s: off by %d samples at worst, %d at the end, after %d slips", name, worst, last, sink.slips)
		if worst > 40 {
			t.Errorf("%s: off by %d samples, more than 5 ms", name, worst)
		}
	}
}

// driftFor records two peers with clocks of their own.
func driftFor(length, jitter time.Duration, leftPPM, rightPPM float64) *clicks {
	w := newWorld(1)
	w.wire.mute = true
	random := rand.New(rand.NewPCG(2, 2))
	legs := [2]*leg{w.leg("caller", callerAddr), w.leg("agent", agentAddr)}
	peers := [2]*clicker{{peer: peer{ssrc: 5, ts: 0xFFFF0000}, ppm: leftPPM}, {peer: peer{ssrc: 6, seq: 65000}, ppm: rightPPM}}
	sink := &clicks{grid: -1}
	w.record(legs[0], legs[1], sink, Permit{core: w.core})
	var waiting []flight
	for taken := [2]time.Duration{}; min(taken[0], taken[1]) < length; {
		i := 0 // whoever is behind
		if taken[1] < taken[0] {
			i = 1
		}
		var packet []byte
		packet, taken[i] = peers[i].next()
		waiting = append(waiting, flight{at: taken[i] + time.Duration(random.Int64N(int64(jitter))), leg: legs[i], packet: packet})
		slices.SortFunc(waiting, func(a, b flight) int { return int(a.at - b.at) })
		for len(waiting) > 0 && waiting[0].at < min(taken[0], taken[1]) {
			w.until(waiting[0].at)
			w.hears(waiting[0].leg, waiting[0].packet)
			waiting = waiting[1:]
		}
	}
	return sink
}

func TestAStretchedPacketKeepsEverySampleButOne(t *testing.T) {
	room := append(make([]int16, 0, 8), 0, 100, 90, -300, 5)
	if got := stretch(slices.Clone(room)[:5:5], -1); !slices.Equal(got, []int16{0, 100, -300, 5}) {
		t.Errorf("shorter: %v", got)
	}
	if got := stretch(room, 1); !slices.Equal(got, []int16{0, 100, 90, 90, -300, 5}) {
		t.Errorf("longer: %v", got)
	}
}

func TestAPacketThatComesLateIsPlacedByTheOffsetOfItsTime(t *testing.T) {
	tl := timeline{}
	tl.tracks[1] = track{generation: 1, offset: 100}
	tl.slip(1000, 1, 1)
	tl.slip(2000, 1, 2)
	for ts, want := range map[uint64]int64{800: 900, 1000: 1100, 1160: 1261, 2000: 2101, 2160: 2262} {
		if got := tl.tracks[1].locate(ts); got != want {
			t.Errorf("RTP time %d lies at %d, want %d", ts, got, want)
		}
	}
}

// taped is a world with a caller and an agent who are recorded without a barrier.
func taped(t *testing.T) (w *world, caller, agent *leg, tap *Tap, sink *memory) {
	t.Helper()
	w, sink = newWorld(3), &memory{}
	caller, agent = w.leg("caller", callerAddr), w.leg("agent", agentAddr)
	return w, caller, agent, w.record(caller, agent, sink, Permit{core: w.core}), sink
}

func TestSilenceThatTheSenderMeantIsMarkedInAnyOrderOfPackets(t *testing.T) {
	w, caller, _, _, sink := taped(t)
	p := &peer{ssrc: 5}
	w.talk(caller, p, after, 2)
	p.ts += 800 // 100 ms of silence suppression
	w.until(w.clock.Sub(dawn) + 100*time.Millisecond)
	first, second := p.say(frameOf(after)), p.say(frameOf(after))
	w.hears(caller, second)
	w.hears(caller, first)
	if want := []mark{{0, 320, 1120, markDTX}}; !slices.Equal(sink.marks, want) {
		t.Errorf("marks %v, want %v", sink.marks, want)
	}
	p.seq++ // and now a loss
	p.ts += 160
	w.talk(caller, p, after, 1)
	if len(sink.marks) != 1 {
		t.Errorf("a loss was marked: %v", sink.marks)
	}
}

func TestTelephoneEventsAreNeverAudioAndTheirTimeIsNoLoss(t *testing.T) {
	w, caller, _, _, sink := taped(t)
	p := &peer{ssrc: 5}
	w.talk(caller, p, after, 5)
	for _, packet := range p.press(7, 5) {
		w.hears(caller, packet)
		w.until(w.clock.Sub(dawn) + 20*time.Millisecond)
	}
	w.talk(caller, p, after, 5)
	for i := 800; i < 1600; i++ {
		if sink.placed[0][i] {
			t.Fatalf("sample %d was placed while a key was down", i)
		}
	}
	covered := int64(800)
	for _, m := range sink.marks {
		if m.from <= covered {
			covered = max(covered, m.to)
		}
	}
	if covered < 1600 {
		t.Errorf("marked up to %d, want 1600: %v", covered, sink.marks)
	}
}

func TestAPauseKeepsOutWhatIsSaidInItEvenIfThatComesLate(t *testing.T) {
	w, caller, _, tap, sink := taped(t)
	p := &peer{ssrc: 5}
	w.talk(caller, p, after, 50)
	early := p.say(frameOf(after)) // overtaken by the pause
	w.until(w.clock.Sub(dawn) + 20*time.Millisecond)
	w.talk(caller, p, after, 1)
	tap.suspend("secure_pause")
	w.hears(caller, early)
	var late []byte
	for i := range 50 {
		packet := p.say(frameOf(0x90))
		if i == 40 {
			late = packet
		} else {
			w.hears(caller, packet)
		}
		w.until(w.clock.Sub(dawn) + 20*time.Millisecond)
	}
	tap.resume()
	w.hears(caller, late)
	w.talk(caller, p, after, 50)
	assertOnlyAfter(t, sink, 0)
	if !sink.placed[0][50*160] {
		t.Error("a packet from before the pause was refused")
	}
	for channel := range 2 {
		from, to := int64(-1), int64(-1)
		for _, m := range sink.marks {
			if m.channel != channel || m.kind != "secure_pause" {
				continue
			}
			if from < 0 {
				from, to = m.from, m.from
			}
			if m.from != to {
				t.Errorf("channel %d: the pause has a hole at %d: %v", channel, to, sink.marks)
			}
			to = m.to
		}
		if length := to - from; length < 7900 || length > 8400 {
			t.Errorf("channel %d: a second of pause is marked from %d to %d", channel, from, to)
		}
	}
}

func TestWhoSpokeBeforeAPauseIsRecordedAgainAfterIt(t *testing.T) {
	w, caller, _, tap, sink := taped(t)
	person, music := &peer{ssrc: 5}, &peer{ssrc: 6, ts: 1 << 30}
	w.talk(caller, person, after, 50)
	tap.suspend("hold")
	w.talk(caller, music, 0x90, 50)
	tap.resume()
	person.ts += 50 * 160
	w.talk(caller, person, after, 50)
	assertOnlyAfter(t, sink, 0)
	if n := len(sink.channel[0]); n < 149*160 {
		t.Errorf("the recording ends at %d, want %d", n, 150*160)
	}
}

func TestANewSourceOnAChannelIsPlacedByItsArrival(t *testing.T) {
	w, caller, agent, tap, sink := taped(t)
	w.talk(caller, &peer{ssrc: 5, ts: 1 << 31}, after, 10)
	w.until(time.Second)
	w.talk(caller, &peer{ssrc: 6, ts: 77}, after, 10)
	if !sink.placed[0][8000] || sink.placed[0][7999] {
		t.Error("the new source does not begin a second after the start")
	}
	w.talk(agent, &peer{ssrc: 7, ts: 99}, after, 10)
	if !sink.placed[1][9600] || sink.placed[1][9599] {
		t.Error("the agent does not begin at 1.2 s")
	}
	third := w.leg("third", callerAddr)
	tap.replace(third)
	w.talk(agent, &peer{ssrc: 7, ts: 99 + 1600, seq: 10}, 0x90, 10)
	w.talk(third, &peer{ssrc: 8}, after, 10)
	assertOnlyAfter(t, sink, 1)
	if !sink.placed[1][12800] {
		t.Error("who replaced the agent does not begin at 1.6 s")
	}
	if length := tap.close(); length != 14400 {
		t.Errorf("the recording lasts %d samples, want 14400", length)
	}
}
