package media

import (
	"bytes"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"github.com/pion/srtp/v3"

	"assent/media/sdp"
)

// keys are the two sides of an encrypted stream, agreed by offer and answer as real peers do.
type keys struct{ offerer, answerer *sdp.Local }

func newKeys() *keys {
	at := func(ip string) *sdp.Local {
		return &sdp.Local{Address: netip.MustParseAddr(ip), Port: 4000, Codecs: []string{"PCMU"}, Security: sdp.Secure}
	}
	return &keys{at("192.0.2.10"), at("192.0.2.1")}
}

// agree lets both agree on one suite, and returns it as we see it: we answer.
func (k *keys) agree(t testing.TB, suite sdp.Suite) *sdp.Crypto {
	t.Helper()
	var kept [][]byte
	for line := range bytes.Lines(k.offerer.Offer(sdp.SendRecv)) {
		if !bytes.HasPrefix(line, []byte("a=crypto")) || bytes.Contains(line, []byte(suite)) {
			kept = append(kept, line)
		}
	}
	body, a, err := k.answerer.Answer(must(sdp.Parse(bytes.Join(kept, nil))))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := k.offerer.Accept(must(sdp.Parse(body))); err != nil || a.Crypto == nil || a.Crypto.Suite != suite {
		t.Fatalf("%v %v", a.Crypto, err)
	}
	return a.Crypto
}

// farEnd is the peer's side of an encrypted stream.
type farEnd struct{ out, in *srtp.Context }

// far returns the peer's side of what we agreed on.
func far(c *sdp.Crypto) *farEnd {
	return &farEnd{out: must(newContext(c.Suite, c.Receive)), in: must(newContext(c.Suite, c.Send))}
}

func (f *farEnd) seal(packet []byte) []byte { return must(f.out.EncryptRTP(nil, packet, nil)) }

// encrypted changes a leg's agreement to one with these keys.
func encrypted(c *sdp.Crypto) func(*StreamConfig, *sdp.Agreement) {
	return func(_ *StreamConfig, a *sdp.Agreement) { a.Crypto = c }
}

var allSuites = []sdp.Suite{sdp.AES128SHA1x80, sdp.AES128SHA1x32, sdp.AES128GCM, sdp.AES256GCM}

func TestAnEncryptedLegTalksToAPlainOneAndTheRecordingHearsBoth(t *testing.T) {
	for _, suite := range allSuites {
		crypto := newKeys().agree(t, suite)
		w := newWorld(1)
		caller, agent := w.leg("caller", callerAddr, encrypted(crypto)), w.leg("agent", agentAddr)
		w.bridge(caller, agent)
		sink := &memory{}
		w.record(caller, agent, sink, w.cut(nil).Permit())
		peer1, peer2, phone := &peer{ssrc: 5, seq: 65530}, &peer{ssrc: 6}, far(crypto)
		for range 50 {
			w.hears(caller, phone.seal(peer1.say(frameOf(0x31))))
			w.hears(agent, peer2.say(frameOf(0x42)))
			w.until(w.clock.Sub(dawn) + 20*time.Millisecond)
		}
		toAgent, toCaller := w.wire.rtp(agent), w.wire.rtp(caller)
		if len(toAgent) != 50 || len(toCaller) != 50 || !bytes.Equal(toAgent[49].payload(), frameOf(0x31)) {
			t.Fatalf("%s: %d and %d packets sent on", suite, len(toAgent), len(toCaller))
		}
		for i, p := range toCaller {
			if bytes.Contains(p.b, frameOf(0x42)[:16]) {
				t.Fatalf("%s: packet %d left in clear", suite, i)
			}
			if b, err := phone.in.DecryptRTP(nil, p.b, nil); err != nil || !bytes.Equal(b[rtpHeaderSize:], frameOf(0x42)) {
				t.Fatalf("%s: packet %d: %v", suite, i, err)
			}
		}
		heard := 0
		for _, placed := range sink.placed[0] {
			if placed {
				heard++
			}
		}
		if heard < 30*160 {
			t.Errorf("%s: %d samples of the encrypted leg recorded", suite, heard)
		}
		if s := caller.stats(); s.Suite != string(suite) || s.Packets != 50 || s.Rejected != 0 {
			t.Errorf("%s: %+v", suite, s)
		}
	}
}

func TestBadPacketsAreCountedAndDroppedAndEndNothing(t *testing.T) {
	for _, suite := range allSuites {
		crypto := newKeys().agree(t, suite)
		w := newWorld(1)
		caller, agent := w.leg("caller", callerAddr, encrypted(crypto)), w.leg("agent", agentAddr)
		w.bridge(caller, agent)
		p, phone := &peer{ssrc: 5}, far(crypto)
		first := phone.seal(p.say(frameOf(1)))
		w.hears(caller, slices.Clone(first))
		bad := 0
		for range 2000 {
			b := phone.seal((&peer{ssrc: 5, seq: p.seq, ts: p.ts}).say(frameOf(2)))
			for _, forged := range [][]byte{
				flip(b, w.random.IntN(len(b))), b[:len(b)-1], b[:rtpHeaderSize], slices.Clone(first), // repeated
				packetOf(0, false, p.seq, p.ts, 5, frameOf(3)), // not encrypted
				packetOf(0, false, p.seq, p.ts, w.random.Uint32(), frameOf(3)),
			} {
				bad++
				w.hears(caller, forged)
			}
		}
		w.hears(caller, phone.seal(p.say(frameOf(4))))
		s, sent := caller.stats(), w.wire.rtp(agent)
		if s.Forged != uint64(bad) || s.Packets != 2 || len(sent) != 2 || !bytes.Equal(sent[1].payload(), frameOf(4)) {
			t.Errorf("%s: %d of %d forged packets counted, %d packets taken, %d sent on", suite, s.Forged, bad, s.Packets, len(sent))
		}
	}
}

func flip(b []byte, at int) []byte {
	b = slices.Clone(b)
	b[at] ^= 1 << (at % 8)
	return b
}

func TestTheSequenceMayWrapAndWhatIsRepeatedIsDropped(t *testing.T) {
	crypto := newKeys().agree(t, sdp.AES128SHA1x80)
	w := newWorld(1)
	caller := w.leg("caller", callerAddr, encrypted(crypto))
	p, phone := &peer{ssrc: 5, seq: 65500}, far(crypto)
	var packets [][]byte
	for range 200_000 / 100 {
		b := phone.seal(p.say(frameOf(1)))
		packets = append(packets, b)
		w.hears(caller, slices.Clone(b))
	}
	for _, b := range packets[len(packets)-100:] {
		w.hears(caller, slices.Clone(b))
	}
	if s := caller.stats(); s.Packets != 2000 || s.Forged != 100 || s.Lost != 0 {
		t.Errorf("%+v", s)
	}
}

func TestANewKeyTakesOverWithoutAGap(t *testing.T) {
	for name, counts := range map[string]bool{"rollovers begin anew": false, "rollovers go on": true} {
		k := newKeys()
		before := k.agree(t, sdp.AES128GCM)
		w := newWorld(1)
		caller, agent := w.leg("caller", callerAddr, encrypted(before)), w.leg("agent", agentAddr)
		w.bridge(caller, agent)
		p, phone := &peer{ssrc: 5, seq: 65000}, far(before)
		say := func(f *farEnd) {
			w.hears(caller, f.seal(p.say(frameOf(1))))
			w.until(w.clock.Sub(dawn) + 20*time.Millisecond)
		}
		for range 1000 { // past a rollover
			say(phone)
		}
		later := newKeys().agree(t, sdp.AES128GCM)
		later.Send = before.Send // we answer with the key that we have
		a := agree(callerAddr, 0)
		a.Crypto = later
		caller.apply(a)
		late := phone.seal(p.say(frameOf(1)))
		for range 5 {
			say(phone) // it has not got our answer yet
		}
		fresh := &farEnd{out: must(newContext(later.Suite, later.Receive)), in: phone.in}
		if counts {
			fresh.out.SetROC(5, 1)
		}
		say(fresh)
		w.hears(caller, late) // overtaken
		for range 200 {
			say(fresh)
		}
		if s := caller.stats(); s.Forged != 0 || s.Lost != 0 || s.Packets != 1207 {
			t.Errorf("%s: %+v", name, s)
		}
		if sent := w.wire.rtp(agent); len(sent) != 1207 {
			t.Errorf("%s: %d packets sent on, want all 1207", name, len(sent))
		}
		w.hears(caller, phone.seal(p.say(frameOf(1))))
		if s := caller.stats(); s.Forged != 1 {
			t.Errorf("%s: the old key is good for ever", name)
		}
	}
}

func TestOurKeyGoesOnOverAReInviteThatLeavesItAsItIs(t *testing.T) {
	k := newKeys()
	crypto := k.agree(t, sdp.AES256GCM)
	w := newWorld(1)
	caller := w.leg("caller", callerAddr, encrypted(crypto))
	phone, heard := far(crypto), map[uint16]bool{}
	hear := func() {
		for _, p := range w.wire.rtp(caller) {
			if heard[p.seq()] {
				continue
			}
			heard[p.seq()] = true
			if _, err := phone.in.DecryptRTP(nil, p.b, nil); err != nil {
				t.Fatalf("packet %d: %v", p.seq(), err)
			}
		}
	}
	w.plays(caller, 10)
	hear()
	again := k.agree(t, sdp.AES256GCM)
	if again.Send != crypto.Send {
		t.Fatal("our key changed")
	}
	a := agree(callerAddr, 0)
	a.Crypto = again
	caller.apply(a)
	out := caller.secret.out
	w.plays(caller, 10)
	hear()
	if len(heard) != 20 || caller.secret.out != out {
		t.Errorf("%d packets heard; context kept: %v", len(heard), caller.secret.out == out)
	}
	a.Crypto = newKeys().agree(t, sdp.AES128SHA1x80)
	caller.apply(a)
	phone = far(a.Crypto)
	w.plays(caller, 10)
	hear()
}

func TestReportsAreEncryptedToo(t *testing.T) {
	for _, mux := range []bool{false, true} {
		crypto := newKeys().agree(t, sdp.AES128SHA1x80)
		w := newWorld(1)
		caller := w.leg("caller", callerAddr, encrypted(crypto), func(_ *StreamConfig, a *sdp.Agreement) { a.Mux = mux })
		phone, from, at := far(crypto), caller.remoteRTCP, portRTCP
		if mux {
			from, at = caller.remote, portRTP
		}
		w.plays(caller, 500)
		reports := 0
		for _, p := range w.wire.packets {
			if !isRTCP(p.b) {
				continue
			}
			reports++
			b, err := phone.in.DecryptRTCP(nil, p.b, nil)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := rtcp.Unmarshal(b); err != nil {
				t.Fatal(err)
			}
		}
		if reports == 0 {
			t.Fatal("no report in ten seconds")
		}
		rr := must(rtcp.Marshal([]rtcp.Packet{&rtcp.ReceiverReport{SSRC: 9, Reports: []rtcp.ReceptionReport{{
			SSRC: caller.out.ssrc, LastSequenceNumber: uint32(uint16(caller.out.seq)), TotalLost: 7}}}}))
		w.receive(w.clock, caller, at, from, slices.Clone(rr))
		if s := caller.stats(); s.RemoteLost != 0 || s.Forged != 1 {
			t.Errorf("mux %v: a report in clear counts: %+v", mux, s)
		}
		w.receive(w.clock, caller, at, from, must(phone.out.EncryptRTCP(nil, rr, nil)))
		if s := caller.stats(); s.RemoteLost != 7 {
			t.Errorf("mux %v: %+v", mux, s)
		}
	}
}

func TestAKeyIdentifierIsReadWithThePacket(t *testing.T) {
	body := "v=0\r\nc=IN IP4 192.0.2.10\r\nm=audio 4000 RTP/SAVP 0\r\n" +
		"a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz|2^20|1:4\r\n"
	_, a, err := newKeys().answerer.Answer(must(sdp.Parse([]byte(body))))
	if err != nil {
		t.Fatal(err)
	}
	w := newWorld(1)
	caller := w.leg("caller", callerAddr, encrypted(a.Crypto))
	b := far(a.Crypto).seal((&peer{ssrc: 5}).say(frameOf(1)))
	if len(b) != rtpHeaderSize+160+4+10 {
		t.Fatalf("the packet has %d bytes", len(b))
	}
	w.hears(caller, b)
	if s := caller.stats(); s.Packets != 1 || s.Forged != 0 {
		t.Errorf("%+v", s)
	}
}

func TestAPeerCannotMakeUsKeepStateWithoutEnd(t *testing.T) {
	crypto := newKeys().agree(t, sdp.AES128GCM)
	w := newWorld(1)
	caller := w.leg("caller", callerAddr, encrypted(crypto))
	phone := far(crypto)
	for i := range uint32(1000) {
		w.hears(caller, phone.seal((&peer{ssrc: i}).say(frameOf(1))))
		w.until(w.clock.Sub(dawn) + time.Second)
		w.receive(w.clock, caller, portRTCP, caller.remoteRTCP, must(phone.out.EncryptRTCP(nil, must((&rtcp.ReceiverReport{SSRC: i}).Marshal()), nil)))
	}
	if s := caller.secret.in; s.rtp != maxKeyed || s.rtcp != maxKeyed {
		t.Errorf("%d and %d sources kept, want %d", s.rtp, s.rtcp, maxKeyed)
	}
}

func TestEncryptedForwardingAllocatesNothing(t *testing.T) {
	if raceDetector {
		t.Skip("the race detector makes code allocate that does not without it")
	}
	for _, suite := range allSuites {
		in, out := newKeys().agree(t, suite), newKeys().agree(t, suite)
		w := newWorld(1)
		w.wire.mute = true
		caller, agent := w.leg("caller", callerAddr, encrypted(in)), w.leg("agent", agentAddr, encrypted(out))
		w.bridge(caller, agent)
		w.record(caller, agent, &clicks{}, w.cut(nil).Permit())
		p, phone, frame := &peer{ssrc: 5}, far(in), frameOf(after)
		var plain, sealed [maxPacket]byte
		var header rtp.Header
		step := func() {
			b := append(plain[:0], packetHeader(p)...)
			w.hears(caller, must(phone.out.EncryptRTP(sealed[:0], append(b, frame...), &header)))
			w.until(w.clock.Sub(dawn) + 20*time.Millisecond)
		}
		for range 50 {
			step()
		}
		caller.reports.due, agent.reports.due = 0, 0
		if n := testing.AllocsPerRun(500, step); n != 0 {
			t.Errorf("%s: %v allocations for a packet encrypted by the peer, read, recorded and encrypted again", suite, n)
		}
		if agent.out.packets < 500 {
			t.Errorf("%s: nothing was measured", suite)
		}
	}
}

// BenchmarkForwardEncrypted measures what a packet costs in user space between two encrypted legs; the peer's own
// encryption is part of it, as the plain figure shows.
func BenchmarkForwardEncrypted(b *testing.B) {
	for _, suite := range allSuites {
		for _, way := range []string{"peer alone", "forwarded"} {
			b.Run(string(suite)+"/"+way, func(b *testing.B) {
				in, out := newKeys().agree(b, suite), newKeys().agree(b, suite)
				w := newWorld(1)
				w.wire.mute = true
				caller, agent := w.leg("caller", callerAddr, encrypted(in)), w.leg("agent", agentAddr, encrypted(out))
				w.bridge(caller, agent)
				p, phone, frame := &peer{ssrc: 5}, far(in), frameOf(after)
				var plain, sealed [maxPacket]byte
				var header rtp.Header
				b.ReportAllocs()
				for b.Loop() {
					packet := must(phone.out.EncryptRTP(sealed[:0], append(append(plain[:0], packetHeader(p)...), frame...), &header))
					if way == "forwarded" {
						w.hears(caller, packet)
						w.clock = w.clock.Add(20 * time.Millisecond)
					}
				}
			})
		}
	}
}
