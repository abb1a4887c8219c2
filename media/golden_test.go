package media

import (
	"fmt"
	"math"
	"net/netip"
	"os"
	"slices"
	"testing"
	"time"

	"assent/media/codec"
	"assent/media/pcm"
	"assent/media/sdp"
)

// Speech through every pair of formats, and through what a network does to it, on simulated time.

// goldenFormats are all that this build has, by the names of SDP.
func goldenFormats() []sdp.Codec {
	all := []sdp.Codec{
		{Name: "PCMU", PayloadType: 0, ClockHz: 8000, Channels: 1},
		{Name: "PCMA", PayloadType: 8, ClockHz: 8000, Channels: 1},
		{Name: "G722", PayloadType: 9, ClockHz: 8000, Channels: 1},
		{Name: "L16", PayloadType: 118, ClockHz: 16000, Channels: 1},
		{Name: "L16", PayloadType: 11, ClockHz: 44100, Channels: 1},
	}
	if codec.HasOpus {
		all = append(all, sdp.Codec{Name: "opus", PayloadType: 111, ClockHz: 48000, Channels: 2})
	}
	return all
}

// agreeTo is an agreement on one audio codec, telephone events and comfort noise at its clock.
func agreeTo(remote netip.AddrPort, c sdp.Codec, ptime time.Duration) sdp.Agreement {
	event := sdp.Codec{Name: "telephone-event", PayloadType: eventType, ClockHz: c.ClockHz, Channels: 1}
	return sdp.Agreement{
		Remote: remote, Codec: c, Receive: []sdp.Codec{c, event}, Event: &event, ReceiveEvent: &event, Ptime: ptime, Direction: sdp.SendRecv,
	}
}

// using opens a leg with a codec.
func (w *world) using(name string, remote netip.AddrPort, c sdp.Codec, ptime time.Duration) *leg {
	return w.leg(name, remote, func(_ *StreamConfig, a *sdp.Agreement) { *a = agreeTo(remote, c, ptime) })
}

func formatOf(c sdp.Codec) codec.Format { return must(codec.FormatOf(c.Name, c.ClockHz, c.Channels)) }

// speech returns a voice at a rate.
func speech(t *testing.T, rateHz int) []int16 {
	t.Helper()
	audio := must(pcm.DecodeWAV(must(os.ReadFile("../prompts/demo/agent.wav"))))
	return must(pcm.Resample(audio.Samples, audio.RateHz, rateHz))
}

// talker encodes samples as the packets of a sender.
type talker struct {
	peer    peer
	format  codec.Format
	encoder codec.Encoder
	rest    []int16
	size    int
}

func newTalker(c sdp.Codec, samples []int16, ptime time.Duration) *talker {
	f := formatOf(c)
	rate := f.RateFor(f.RateHz)
	return &talker{
		peer: peer{ssrc: 5, seq: 65500, ts: 1<<32 - 4000, pt: c.PayloadType}, format: f, encoder: must(codec.NewEncoder(f, rate)), rest: samples,
		size: int(clockRate(rate).ticks(ptime)),
	}
}

// next returns the next packet, nil at the end.
func (k *talker) next() []byte {
	if len(k.rest) < k.size {
		return nil
	}
	payload := make([]byte, 4*codec.MaxPayload)
	n := must(k.encoder.Encode(payload, k.rest[:k.size]))
	k.rest = k.rest[k.size:]
	b := packetOf(k.peer.pt, false, k.peer.seq, k.peer.ts, k.peer.ssrc, payload[:n])
	k.peer.seq++
	k.peer.ts += uint32(k.format.Ticks(payload[:n]))
	return b
}

// heardBy decodes what was sent to a leg, placed by RTP time; what is missing is silence.
func heardBy(t *testing.T, w *world, l *leg) []int16 {
	t.Helper()
	d := must(codec.NewDecoder(l.format, l.format.RateHz))
	var out []int16
	var first uint32
	buffer := make([]int16, maxSamples)
	for i, p := range w.wire.rtp(l) {
		if p.pt() != l.payload {
			continue
		}
		if i == 0 {
			first = p.ts()
		}
		n, err := d.Decode(buffer, p.payload())
		if err != nil {
			t.Fatalf("packet %d does not decode: %v", i, err)
		}
		at := int(l.out.rate.convert(int64(p.ts()-first), clockRate(l.format.RateHz)))
		if at+n > len(out) {
			out = append(out, make([]int16, at+n-len(out))...)
		}
		copy(out[at:], buffer[:n])
	}
	return out
}

// segmental returns the mean signal-to-noise ratio in dB over pieces of 20 ms that are not silence, each counted
// between -10 and 35 dB, at the delay where it is best; and that delay in samples.
func segmental(sent, heard []int16, mostDelay int) (snrDB float64, delay int) {
	best := math.Inf(-1)
	for d := range mostDelay {
		var product float64
		for i := 0; i < len(sent) && i+d < len(heard); i += 3 {
			product += float64(sent[i]) * float64(heard[i+d])
		}
		if product > best {
			best, delay = product, d
		}
	}
	const piece = rateHz / 50
	sum, pieces := 0.0, 0
	for at := 0; at+piece <= len(sent) && at+piece+delay <= len(heard); at += piece {
		if pcm.Level(sent[at:at+piece]) < -45 {
			continue
		}
		var signal, noise float64
		for i := at; i < at+piece; i++ {
			s, off := float64(sent[i]), float64(heard[i+delay])-float64(sent[i])
			signal += s * s
			noise += off * off
		}
		sum += min(max(10*math.Log10(signal/(noise+1)), -10), 35)
		pieces++
	}
	return sum / float64(max(pieces, 1)), delay
}

// colouring returns by how many dB the spectrum of heard is off that of sent, as an ear would have it: the mean over
// bands of speech, in pieces of 32 ms, of which those count that lie within 30 dB of the loudest.
func colouring(sent, heard []int16, delay int) float64 {
	const piece = 256
	sum, bands := 0.0, 0
	for at := 0; at+piece <= len(sent) && at+piece+delay <= len(heard); at += piece {
		a, b := bandsOf(sent[at:at+piece]), bandsOf(heard[at+delay:at+delay+piece])
		for i := range a {
			if a[i] > -50 && a[i] > slices.Max(a[:])-30 {
				sum += math.Abs(a[i] - b[i])
				bands++
			}
		}
	}
	return sum / float64(max(bands, 1))
}

// circle is one period of a cosine, as long as a piece of bandsOf.
var circle = func() (c [256]float64) {
	for i := range c {
		c[i] = math.Cos(2 * math.Pi * float64(i) / float64(len(c)))
	}
	return c
}()

// bandsOf returns the levels in dBFS of bands of speech, in 256 samples.
func bandsOf(samples []int16) (levels [12]float64) {
	edges := [...]float64{150, 300, 450, 600, 800, 1000, 1250, 1550, 1900, 2300, 2700, 3100, 3400}
	n := float64(len(samples))
	for band := range levels {
		power := 1.0
		for k := math.Ceil(edges[band] * n / rateHz); k < edges[band+1]*n/rateHz; k++ {
			var re, im float64
			for i, s := range samples {
				at := i * int(k)
				windowed := float64(s) * (1 - circle[i])
				re += windowed * circle[at%len(circle)]
				im += windowed * circle[(at+len(circle)*3/4)%len(circle)]
			}
			power += re*re + im*im
		}
		levels[band] = 10 * math.Log10(power/(n*n*32767*32767/4))
	}
	return levels
}

// bounds is what a pair must keep. Opus follows the sound rather than the wave: alone, it leaves 5 dB.
func bounds(a, b sdp.Codec) (leastSNR, mostColour float64) {
	if a.Name == "opus" || b.Name == "opus" {
		return 4, 2.5
	}
	return 20, 0.5
}

func TestEveryPairOfCodecsKeepsSpeechAndItsLength(t *testing.T) {
	for _, from := range goldenFormats() {
		for _, to := range goldenFormats() {
			t.Run(fmt.Sprintf("%s-%d to %s-%d", from.Name, from.ClockHz, to.Name, to.ClockHz), func(t *testing.T) {
				w := newWorld(1)
				const ptime = 20 * time.Millisecond
				caller, agent := w.using("caller", callerAddr, from, ptime), w.using("agent", agentAddr, to, ptime)
				w.bridge(caller, agent)
				f := formatOf(from)
				k := newTalker(from, append(speech(t, f.RateHz), make([]int16, f.RateHz/5)...), packetTime(f, ptime))
				length := time.Duration(len(k.rest)) * time.Second / time.Duration(f.RateHz)
				for at := time.Duration(0); ; at += packetTime(f, ptime) {
					packet := k.next()
					if packet == nil {
						break
					}
					w.hears(caller, packet)
					w.until(at + packetTime(f, ptime))
				}
				heard := must(pcm.Resample(heardBy(t, w, agent), formatOf(to).RateHz, rateHz))
				snrDB, delay := segmental(speech(t, rateHz), heard, rateHz/4)
				colour := colouring(speech(t, rateHz), heard, delay)
				t.Logf("%.1f dB, coloured by %.1f dB, %d samples late", snrDB, colour, delay)
				if leastSNR, mostColour := bounds(from, to); snrDB < leastSNR || colour > mostColour {
					t.Errorf("speech is %.1f dB over its noise and coloured by %.1f dB, want %.0f and %.1f", snrDB, colour, leastSNR, mostColour)
				}
				if got := time.Duration(len(heard)) * tick; got < length-2*ptime || got > length+ptime {
					t.Errorf("%v were heard of %v", got, length)
				}
			})
		}
	}
}
