package media

import (
	"encoding/binary"
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
	for i, c := range goldenFormats() {
		k := newTalker(c, make([]int16, formatOf(c).RateHz/10), 10*time.Millisecond)
		f.Add(byte(16*i), k.next(), k.next())
	}
	f.Add(byte(3), append([]byte{0xB2, 0, 0, 1}, make([]byte, 60)...), []byte{0x80})
	f.Fuzz(func(t *testing.T, where byte, first, second []byte) {
		w := newWorld(1)
		all := func(c *StreamConfig, a *sdp.Agreement) {
			c.DTMF, c.Timeout, c.Learn = MethodInband, time.Second, where&4 != 0
			a.Mux = where&8 != 0
			a.Receive = append(a.Receive, goldenFormats()[1:]...)
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

// FuzzReports throws RTCP at a stream that has sent a prompt, plain and encrypted: no figure leaves its bounds.
func FuzzReports(f *testing.F) {
	block := []rtcp.ReceptionReport{{SSRC: 1, LastSequenceNumber: 70000, TotalLost: 1<<24 - 1, Jitter: 1 << 31, Delay: 1}}
	f.Add(must(rtcp.Marshal([]rtcp.Packet{&rtcp.SenderReport{SSRC: 5, NTPTime: 1 << 63, Reports: block}, rtcp.NewCNAMESourceDescription(5, "x")})), uint16(0))
	f.Add(must(rtcp.Marshal([]rtcp.Packet{&rtcp.ReceiverReport{SSRC: 5, Reports: block}, &rtcp.Goodbye{Sources: []uint32{5}}})), uint16(12))
	f.Add(must(rtcp.Marshal([]rtcp.Packet{&rtcp.ReceiverReport{SSRC: 5}, &rtcp.ExtendedReport{SenderSSRC: 5, Reports: []rtcp.ReportBlock{
		&rtcp.VoIPMetricsReportBlock{SSRC: 1, MOSCQ: 255, LossRate: 255}, &rtcp.DLRRReportBlock{}}}})), uint16(12))
	f.Add([]byte{0x80, 200, 0xFF, 0xFF, 0, 0, 0, 1}, uint16(0))
	f.Fuzz(func(t *testing.T, b []byte, ours uint16) {
		if len(b) > maxPacket {
			return
		}
		w := newWorld(1)
		caller := w.leg("caller", callerAddr)
		from := caller.mark()
		w.plays(caller, 60)
		if at := int(ours); at+4 <= len(b) { // let a report speak of our stream
			binary.BigEndian.PutUint32(b[at:], caller.out.ssrc)
		}
		for range 3 {
			w.receive(w.clock, caller, portRTCP, caller.remoteRTCP, append([]byte(nil), b...))
			w.until(w.clock.Sub(dawn) + time.Second)
		}
		d, s := caller.delivery(from, caller.mark()), caller.stats()
		if d.Lost > d.Reported || d.Sent != 60 || s.RTT < 0 || s.RemoteLoss < 0 || s.RemoteLoss > 100 || s.RemoteMOS < 0 || s.RemoteMOS > 5 {
			t.Fatalf("%+v %+v", d, s)
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
