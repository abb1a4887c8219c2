package media

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"testing"
	"time"

	"assent/media/pcm"
	"assent/media/sdp"
)

// guest is a party of a mix that says a tone, and hears others.
type guest struct {
	leg  *leg
	hz   float64
	talk *talker
}

// guestsOf opens legs that talk by codecs, each in a tone of its own, for a time.
func guestsOf(w *world, length time.Duration, codecs ...sdp.Codec) (guests []*guest) {
	for i, c := range codecs {
		g := &guest{hz: 500 + 270*float64(i)}
		g.leg = w.using(fmt.Sprint(i), netip.AddrPortFrom(callerAddr.Addr(), uint16(5000+2*i)), c, 20*time.Millisecond)
		f := formatOf(c)
		tone := must(pcm.Resample(pcm.Tone(g.hz, length, -20), pcm.RateHz, f.RateFor(f.RateHz)))
		g.talk = newTalker(c, tone, 20*time.Millisecond)
		guests = append(guests, g)
	}
	return guests
}

// converse lets all guests say their packets, one each 20 ms, until a time after dawn.
func converse(w *world, guests []*guest, until time.Duration) {
	for now := w.clock.Sub(dawn); now < until; now += 20 * time.Millisecond {
		w.until(now)
		for _, g := range guests {
			if packet := g.talk.next(); packet != nil {
				w.hears(g.leg, packet)
			}
		}
	}
	w.until(until)
}

func membersOf(guests []*guest) (members []Member) {
	for _, g := range guests {
		members = append(members, Member{Stream: g.leg.owner})
	}
	return members
}

// hears returns the level of each guest's tone in what one of them heard last, in dB.
func (g *guest) hears(t *testing.T, w *world, guests []*guest) (levels []float64) {
	t.Helper()
	heard := heardBy(t, w, g.leg)
	last := heard[len(heard)-g.leg.format.RateHz/2:]
	for _, other := range guests {
		ear := pcm.NewGoertzel(other.hz, float64(g.leg.format.RateHz))
		levels = append(levels, ear.Level(last))
	}
	return levels
}

func TestEachOfFivePartiesHearsTheOthersAndNotItself(t *testing.T) {
	codecs := goldenFormats()
	if len(codecs) > 5 {
		codecs = append(codecs[:4], codecs[5]) // Opus in place of a second L16
	}
	w := newWorld(1)
	guests := guestsOf(w, 3*time.Second, codecs...)
	w.mixAll(membersOf(guests))
	converse(w, guests, 2*time.Second)
	for i, g := range guests {
		if g.leg.format.ClockHz == pcm.RateHz {
			continuous(t, w.wire.rtp(g.leg))
		}
		for k, level := range g.hears(t, w, guests) {
			if k == i && level > -50 {
				t.Errorf("party %d hears itself at %.0f dB", i, level)
			}
			if k != i && (level < -26 || level > -18) {
				t.Errorf("party %d hears party %d at %.0f dB", i, k, level)
			}
		}
	}
}

func TestACoachIsHeardByTheAgentAloneAndHearsBoth(t *testing.T) {
	w := newWorld(1)
	guests := guestsOf(w, 3*time.Second, pcmu, pcmu, g722)
	members := membersOf(guests)
	members[2].For = []*Stream{members[1].Stream}
	members[0].GainDB = -6
	w.mixAll(members)
	converse(w, guests, 2*time.Second)
	want := [3][3]bool{{false, true, false}, {true, false, true}, {true, true, false}}
	for i, g := range guests {
		for k, level := range g.hears(t, w, guests) {
			if heard := level > -40; heard != want[i][k] {
				t.Errorf("party %d hears party %d at %.0f dB", i, k, level)
			}
		}
	}
	if caller := guests[1].hears(t, w, guests)[0]; caller > -24 || caller < -28 {
		t.Errorf("the caller is heard at %.0f dB, 6 dB below -20", caller)
	}
}

func TestPartiesComeAndGoWithoutABreakForTheOthers(t *testing.T) {
	w := newWorld(1)
	guests := guestsOf(w, 6*time.Second, pcmu, pcmu, pcmu)
	w.mixAll(membersOf(guests[:2]))
	converse(w, guests[:2], time.Second)
	w.mixAll(membersOf(guests))
	converse(w, guests, 2*time.Second)
	if levels := guests[0].hears(t, w, guests); levels[1] < -26 || levels[2] < -26 {
		t.Errorf("the first hears %.0f", levels)
	}
	w.shut(guests[1].leg)
	converse(w, []*guest{guests[0], guests[2]}, 3*time.Second)
	if levels := guests[0].hears(t, w, guests); levels[1] > -50 || levels[2] < -26 {
		t.Errorf("the first hears %.0f of who is gone and who is there", levels)
	}
	sent := w.wire.rtp(guests[0].leg)
	continuous(t, sent)
	if got := len(sent); got < 148 || got > 151 {
		t.Errorf("%d packets in 3 s", got)
	}
	w.bridge(guests[0].leg, guests[2].leg)
	if w.mix != nil || guests[0].leg.member != nil {
		t.Error("a bridge leaves the mix")
	}
}

func TestATapHearsEachPartyOfAMixApart(t *testing.T) {
	w := newWorld(1)
	guests := guestsOf(w, 3*time.Second, pcmu, pcmu, pcmu)
	w.mixAll(membersOf(guests))
	sink := &memory{}
	w.tap(&Tap{sink: sink, rateHz: 8000}, guests[0].leg, guests[1].leg)
	converse(w, guests, 2*time.Second)
	for channel := range 2 {
		for k, g := range guests {
			ear := pcm.NewGoertzel(g.hz, 8000)
			if level := ear.Level(sink.channel[channel][8000:12000]); (level > -40) != (k == channel) {
				t.Errorf("channel %d holds party %d at %.0f dB", channel, k, level)
			}
		}
	}
}

func TestAMemberHearsItsClipInPlaceOfTheMix(t *testing.T) {
	w := newWorld(1)
	guests := guestsOf(w, 5*time.Second, pcmu, pcmu, pcmu)
	w.mixAll(membersOf(guests))
	converse(w, guests, time.Second)
	const hz = 2000
	clip := NewClip(pcm.Tone(hz, time.Second, -20))
	guests[1].leg.playout.play(guests[1].leg, clip, PlayOptions{})
	converse(w, guests, 1900*time.Millisecond)
	whisper := &guest{hz: hz}
	for i, g := range guests {
		levels := g.hears(t, w, append(guests, whisper))
		if (levels[3] > -30) != (i == 1) || (levels[(i+1)%3] > -30) != (i != 1) {
			t.Errorf("party %d hears %.0f", i, levels)
		}
	}
	converse(w, guests, 3*time.Second)
	if levels := guests[1].hears(t, w, guests); levels[0] < -26 {
		t.Errorf("behind its clip the second hears %.0f", levels)
	}
	continuous(t, w.wire.rtp(guests[1].leg))
}

func TestAMixCostsNoAllocationAPacket(t *testing.T) {
	w := newWorld(1)
	guests := guestsOf(w, time.Second, pcmu, pcmu, g722, l16)
	w.mixAll(membersOf(guests))
	w.wire.mute = true
	said := [4][]byte{}
	for i, g := range guests {
		said[i] = g.talk.next()
		g.leg.reports.due = 0
	}
	step := func() {
		for i, g := range guests {
			w.hears(g.leg, renumbered(said[i], g))
		}
		w.until(w.clock.Sub(dawn) + 20*time.Millisecond)
	}
	for range 100 {
		step()
	}
	for _, g := range guests {
		g.leg.reports.due = 0 // RTCP, once in five seconds, may
	}
	if n := testing.AllocsPerRun(200, step); n != 0 {
		t.Errorf("%v allocations for four parties' packets", n)
	}
}

// renumbered makes a guest's next packet of one that it said, in place.
func renumbered(b []byte, g *guest) []byte {
	g.talk.peer.seq++
	g.talk.peer.ts += uint32(g.talk.format.Ticks(b[rtpHeaderSize:]))
	binary.BigEndian.PutUint16(b[2:], g.talk.peer.seq)
	binary.BigEndian.PutUint32(b[4:], g.talk.peer.ts)
	return b
}

func TestAMixOfStrangersOrTooManyIsRefused(t *testing.T) {
	e := startEngine(t, "31320-31399")
	here, there := e.NewSession(SessionConfig{}), e.NewSession(SessionConfig{})
	own, other := openStream(t, here, "caller", callerAddr), openStream(t, there, "caller", callerAddr)
	for _, members := range [][]Member{{{Stream: other}}, {{Stream: own, For: []*Stream{other}}}, {{Stream: own, GainDB: 60}}, make([]Member, MaxMembers+1), {{}}} {
		if here.Mix(members...) == nil {
			t.Errorf("%v is mixed", members)
		}
	}
	if err := here.Mix(Member{Stream: own}); err != nil {
		t.Error(err)
	}
	own.Close()
	if err := here.Mix(Member{Stream: own}); err != nil { // it is gone, and so is the mix
		t.Error(err)
	}
	if e.Stats().Panics != 0 {
		t.Error("a session fell")
	}
}

func BenchmarkFivePartyMix(b *testing.B) {
	w := newWorld(1)
	guests := guestsOf(w, time.Second, pcmu, pcmu, pcmu, pcmu, pcmu)
	w.mixAll(membersOf(guests))
	w.wire.mute = true
	said := [5][]byte{}
	for i, g := range guests {
		said[i] = g.talk.next()
	}
	b.ReportAllocs()
	for b.Loop() { // 20 ms of all five
		for i, g := range guests {
			w.hears(g.leg, renumbered(said[i], g))
		}
		w.until(w.clock.Sub(dawn) + 20*time.Millisecond)
	}
}
