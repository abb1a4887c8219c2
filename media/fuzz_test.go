package media

import (
	"testing"
	"time"

	"github.com/pion/rtcp"

	"assent/media/sdp"
)

// FuzzReceive throws datagrams at a bridged, recorded call whose streams have all their ears open. Each two bytes of
// control say where the next datagram goes; it must not panic, and what it sends on must be RTP.
func FuzzReceive(f *testing.F) {
	p := &peer{ssrc: 5}
	f.Add(byte(0), p.say(frameOf(1)), p.say(frameOf(2)))
	f.Add(byte(1), p.press(1, 1)[0], p.press(2, 1)[2])
	f.Add(byte(2), must(rtcp.Marshal([]rtcp.Packet{&rtcp.SenderReport{SSRC: 5}, &rtcp.Goodbye{Sources: []uint32{5}}})), []byte{})
	f.Add(byte(3), append([]byte{0xB2, 0, 0, 1}, make([]byte, 60)...), []byte{0x80})
	f.Fuzz(func(t *testing.T, where byte, first, second []byte) {
		w := newWorld(1)
		all := func(c *StreamConfig, a *sdp.Agreement) {
			c.DTMF, c.Timeout, c.Learn = MethodInband, time.Second, where&4 != 0
			a.Mux = where&8 != 0
		}
		caller, agent := w.leg("caller", callerAddr, all), w.leg("agent", agentAddr)
		w.bridge(caller, agent)
		caller.awaitSilence(time.Second)
		sink := &bounded{t: t}
		for i, b := range [][]byte{first, second, first, second} {
			if len(b) > maxPacket {
				return
			}
			from := callerAddr
			if where&1 != 0 {
				from = caller.remoteRTCP
			}
			w.receive(w.clock, caller, port(where&1), from, append([]byte(nil), b...))
			if i == 1 {
				w.record(caller, agent, sink, w.cut(nil).Permit())
			}
			w.until(w.clock.Sub(dawn) + time.Duration(where)*20*time.Millisecond)
		}
		for _, p := range w.wire.rtp(agent) {
			if len(p.b) <= rtpHeaderSize || p.b[0] != 0x80 || p.ssrc() != agent.out.ssrc {
				t.Fatalf("sent on %x", p.b)
			}
		}
	})
}

// bounded is a Sink that refuses what no recording can hold.
type bounded struct{ t *testing.T }

func (b *bounded) Place(channel int, pos int64, samples []int16) {
	if pos < 0 || len(samples) == 0 || channel < 0 || channel > 1 {
		b.t.Fatalf("%d samples placed at %d on channel %d", len(samples), pos, channel)
	}
}
func (b *bounded) Mark(channel int, from, to int64, kind string) {
	if from < 0 || from >= to {
		b.t.Fatalf("%s marked from %d to %d on channel %d", kind, from, to, channel)
	}
}
func (b *bounded) Advance(pos int64) {
	if pos <= 0 {
		b.t.Fatalf("advanced to %d", pos)
	}
}
func (b *bounded) Slip(int, int64, int) {}
