package media

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"assent/media/codec"
	"assent/media/pcm"
	"assent/media/sdp"
)

// What a network, a clock and a sender's silence do to audio that is transcoded, on simulated time.

var (
	pcmu = sdp.Codec{Name: "PCMU", PayloadType: 0, ClockHz: 8000, Channels: 1}
	g722 = sdp.Codec{Name: "G722", PayloadType: 9, ClockHz: 8000, Channels: 1}
	l16  = sdp.Codec{Name: "L16", PayloadType: 118, ClockHz: 16000, Channels: 1}
)

// sineOf is a length of a sine of 400 Hz at a rate: whatever is missing or doubled in it shows.
func sineOf(rateHz int, length time.Duration) []int16 {
	samples := make([]int16, clockRate(rateHz).ticks(length))
	for i := range samples {
		samples[i] = int16(8000 * math.Sin(2*math.Pi*400*float64(i)/float64(rateHz)))
	}
	return samples
}

// clicksIn counts the steps between neighbours that a sine of 400 Hz and so much amplitude doesn't have.
func clicksIn(samples []int16, rateHz int) (n int) {
	most := int(8000*2*math.Pi*400/float64(rateHz)*2) + 200
	for i := 1; i < len(samples); i++ {
		if step := int(samples[i]) - int(samples[i-1]); step > most || step < -most {
			n++
		}
	}
	return n
}

// through sends packets from one codec to the other; change says for the k-th when it arrives, and false if it never does.
func through(t *testing.T, from, to sdp.Codec, samples []int16, ptime time.Duration, arrives func(k int, due time.Duration) (time.Duration, bool)) (*world, *leg) {
	t.Helper()
	w := newWorld(1)
	caller, agent := w.using("caller", callerAddr, from, ptime), w.using("agent", agentAddr, to, 20*time.Millisecond)
	w.bridge(caller, agent)
	k, n := newTalker(from, samples, ptime), &network{}
	end := time.Duration(0)
	for i := 0; ; i++ {
		packet := k.next()
		if packet == nil {
			break
		}
		due := time.Duration(i) * ptime
		at, ok := arrives(i, due)
		if ok {
			n.flights = append(n.flights, flight{at: at, leg: caller, packet: packet})
		}
		end = max(end, at)
	}
	n.deliver(w)
	w.until(end + 300*time.Millisecond)
	return w, agent
}

func inTime(_ int, due time.Duration) (time.Duration, bool) { return due, true }

func TestALostPacketIsConcealedWithoutAClickAndALongLossFades(t *testing.T) {
	for _, lost := range []int{1, 2, 10} {
		w, agent := through(t, pcmu, l16, sineOf(8000, 2*time.Second), 20*time.Millisecond, func(k int, due time.Duration) (time.Duration, bool) {
			return due, k < 50 || k >= 50+lost
		})
		heard := heardBy(t, w, agent)
		if n := clicksIn(heard, 16000); n > 0 {
			t.Errorf("%d lost: %d clicks", lost, n)
		}
		quiet := 0
		for at := 3200; at+320 <= len(heard)-8000; at += 320 {
			if pcm.Level(heard[at:at+320]) < -40 {
				quiet++
			}
		}
		if want := max(lost-4, 0); quiet < want-1 || quiet > want+1 {
			t.Errorf("%d lost: %d frames are silent, want %d", lost, quiet, want)
		}
		if got := len(heard); got < 31000 || got > 36800 {
			t.Errorf("%d lost: %d samples were heard of 32000", lost, got)
		}
	}
}

func TestJitterIsFollowedAndNothingIsLostToIt(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	var made uint64
	w, agent := through(t, pcmu, g722, sineOf(8000, 30*time.Second), 20*time.Millisecond, func(_ int, due time.Duration) (time.Duration, bool) {
		return due + time.Duration(random.Int64N(int64(80*time.Millisecond))), true
	})
	r := agent.playout.feed.receiver
	made = r.concealed
	if target := r.delays.target(); target < 60*time.Millisecond || target > 90*time.Millisecond {
		t.Errorf("80 ms of jitter are met by a target of %v", target)
	}
	if share := float64(made) / float64(30*r.decoderRate()); share > 0.06 {
		t.Errorf("%.1f %% of the audio was made up", 100*share)
	}
	heard := heardBy(t, w, agent)
	if n := clicksIn(heard[16000:], 16000); n > 3 {
		t.Errorf("%d clicks", n)
	}
}

func TestTwoClocksThatPartAreLedTogetherWithoutClicks(t *testing.T) {
	for _, ppm := range []int{-300, 300} {
		const length = 5 * time.Minute
		w, agent := through(t, pcmu, l16, sineOf(8000, length), 20*time.Millisecond, func(_ int, due time.Duration) (time.Duration, bool) {
			return due + due/1_000_000*time.Duration(ppm), true
		})
		heard := heardBy(t, w, agent)
		if n := clicksIn(heard, 16000); n > 0 {
			t.Errorf("%d ppm: %d clicks", ppm, n)
		}
		r := agent.playout.feed.receiver
		if made := r.concealed; made > 8000*60/1000 { // the end's 60 ms
			t.Errorf("%d ppm: %d samples were made up", ppm, made)
		}
		first := w.wire.rtp(agent)
		spoken := first[len(first)-1].at.Sub(dawn)
		if spoken < length-time.Second || spoken > length+2*time.Second {
			t.Errorf("%d ppm: the last packet left after %v", ppm, spoken)
		}
		if late := -r.early(w.at); late > 500*time.Millisecond {
			t.Errorf("%d ppm: %v late", ppm, late)
		}
	}
}

func TestPacketTimesFromTenToSixtyMillisecondsAreTheSameAudio(t *testing.T) {
	for _, ptime := range []time.Duration{10 * time.Millisecond, 30 * time.Millisecond, 60 * time.Millisecond} {
		w, agent := through(t, pcmu, l16, sineOf(8000, 3*time.Second), ptime, inTime)
		heard := heardBy(t, w, agent)
		if n := clicksIn(heard, 16000); n > 0 {
			t.Errorf("%v: %d clicks", ptime, n)
		}
		for at := 3200; at+320 <= 44800; at += 320 {
			if levelDB := pcm.Level(heard[at : at+320]); levelDB < -14 || levelDB > -10 {
				t.Fatalf("%v: %.1f dB at %d, want -12.2", ptime, levelDB, at)
			}
		}
	}
}

func TestComfortNoiseIsMadeWhereItIsDescribedAndDescribedWhereItIsTaken(t *testing.T) {
	for _, takes := range []bool{false, true} {
		w := newWorld(1)
		const ptime = 20 * time.Millisecond
		caller, agent := w.using("caller", callerAddr, g722, ptime), w.using("agent", agentAddr, pcmu, ptime)
		if takes {
			agent.noise = 13
		}
		w.bridge(caller, agent)
		k := newTalker(g722, sineOf(16000, time.Second), ptime)
		at := time.Duration(0)
		for packet := k.next(); packet != nil; packet = k.next() {
			w.hears(caller, packet)
			at += ptime
			w.until(at)
		}
		w.hears(caller, packetOf(noiseType, false, k.peer.seq, k.peer.ts, k.peer.ssrc, []byte{50}))
		w.until(at + 3*time.Second)
		var noise, audio []sentPacket
		for _, p := range w.wire.rtp(agent) {
			switch {
			case p.pt() == 13:
				noise = append(noise, p)
			case p.at.Sub(dawn) > at+500*time.Millisecond:
				audio = append(audio, p)
			}
		}
		if !takes {
			samples := make([]int16, 160)
			if len(noise) != 0 || len(audio) < 100 {
				t.Fatalf("%d descriptions and %d packets of noise", len(noise), len(audio))
			}
			codec.Decode(codec.PCMU, samples, audio[50].payload())
			if levelDB := pcm.Level(samples); levelDB < -56 || levelDB > -46 {
				t.Errorf("the noise is at %.1f dB, want -50", levelDB)
			}
			continue
		}
		if len(noise) < 5 || len(audio) != 0 || len(noise[0].payload()) != 1 || noise[0].payload()[0] != 50 {
			t.Errorf("%d descriptions, first %x, and %d packets of audio in silence", len(noise), noise[0].payload(), len(audio))
		}
	}
}

func TestASenderThatIsSilentOnPurposeIsHeardWholeWhenItSpeaksAgain(t *testing.T) {
	w := newWorld(1)
	const ptime = 20 * time.Millisecond
	caller, agent := w.using("caller", callerAddr, pcmu, ptime), w.using("agent", agentAddr, l16, ptime)
	w.bridge(caller, agent)
	at, k := time.Duration(0), newTalker(pcmu, sineOf(8000, 10*time.Second), ptime)
	for spurt := range 4 {
		for range 25 {
			w.until(at)
			w.hears(caller, k.next())
			at += ptime
		}
		pause := time.Duration(spurt+1) * 300 * time.Millisecond
		at += pause
		k.peer.ts += uint32(narrowband.ticks(pause))
	}
	w.until(at)
	heard := heardBy(t, w, agent)
	loud := 0
	for at := 0; at+160 <= len(heard); at += 160 {
		if pcm.Level(heard[at:at+160]) > -20 {
			loud++
		}
	}
	if loud < 4*50-4 || loud > 4*50+4*5 { // each spurt of 500 ms, and what fades behind it
		t.Errorf("%d ms of 2000 are loud", loud*10)
	}
}

func TestAKeyPassesATranscodedBridgeWithOneTimeAndItsOwnClock(t *testing.T) {
	w := newWorld(1)
	const ptime = 20 * time.Millisecond
	caller, agent := w.using("caller", callerAddr, pcmu, ptime), w.using("agent", agentAddr, l16, ptime)
	w.bridge(caller, agent)
	k := newTalker(pcmu, sineOf(8000, time.Second), ptime)
	at := time.Duration(0)
	hear := func(packet []byte) {
		w.until(at)
		w.hears(caller, packet)
		at += ptime
	}
	for range 25 {
		hear(k.next())
	}
	for _, packet := range k.peer.press(7, 5) {
		hear(packet)
	}
	for range 20 {
		hear(k.next())
	}
	w.until(at)
	var events []sentPacket
	sent := w.wire.rtp(agent)
	for i, p := range sent {
		if i > 0 && p.seq() != sent[i-1].seq()+1 {
			t.Errorf("packet %d has number %d after %d", i, p.seq(), sent[i-1].seq())
		}
		if p.pt() == eventType {
			events = append(events, p)
		} else if len(events) > 0 && len(events) < 7 {
			t.Error("audio between the packets of an event")
		}
	}
	if len(events) != 7 || !events[0].marker() {
		t.Fatalf("%d packets of the key", len(events))
	}
	for i, p := range events {
		lasted := int(p.payload()[2])<<8 | int(p.payload()[3])
		if p.ts() != events[0].ts() || lasted != min(i+1, 5)*320 || p.payload()[0] != 7 {
			t.Errorf("packet %d: time %d, lasted %d, key %d", i, p.ts()-events[0].ts(), lasted, p.payload()[0])
		}
	}
}

func TestTranscodingAllocatesNothingOnceItRuns(t *testing.T) {
	for _, to := range goldenFormats()[2:] {
		w := newWorld(1)
		w.wire.mute = true
		caller, agent := w.using("caller", callerAddr, pcmu, 20*time.Millisecond), w.using("agent", agentAddr, to, 20*time.Millisecond)
		w.bridge(caller, agent)
		p, frame, at := &peer{ssrc: 5}, frameOf(0x31), time.Duration(0)
		packet := make([]byte, rtpHeaderSize+160)
		step := func() {
			copy(packet, p.say(frame))
			w.hears(caller, packet)
			at += 20 * time.Millisecond
			w.until(at)
		}
		for range 200 {
			step()
		}
		said := testing.AllocsPerRun(50, func() { p.say(frame) })
		if n := testing.AllocsPerRun(200, step) - said; n > 0 {
			t.Errorf("to %s/%d: %v allocations a packet", to.Name, to.ClockHz, n)
		}
	}
}
