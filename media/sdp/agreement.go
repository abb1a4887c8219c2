package sdp

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"time"
)

// Agreement is what an offer and its answer come to, as our media engine needs it.
type Agreement struct {
	Remote          netip.AddrPort // where we send RTP; the zero value if the peer takes none (0.0.0.0, port 0)
	RemoteRTCP      netip.AddrPort // where we send RTCP; the zero value for nowhere
	Codec           Codec          // what we send, with the peer's payload type
	Receive         []Codec        // what we accept, with our payload types, telephone-event included
	Event           *Codec         // telephone-event as we send it; nil if the peer takes none
	ReceiveEvent    *Codec         // telephone-event as we receive it; nil if there is none
	Noise           *Codec         // comfort noise as we send it; nil if the peer or we have none
	Ptime           time.Duration  // of the packets that we send
	Direction       Direction      // from our point of view
	Mux             bool           // RTCP comes and goes on the RTP port
	ExtendedReports bool           // the peer reads VoIP metrics in RTCP (RFC 3611)
	RecordPref      string         // the peer's a=recordpref: on, off, pause, nopreference, or ""
	Hold            bool           // the peer holds us: it takes no audio
	Crypto          *Crypto        // how the stream is encrypted; nil if it is not
}

// agree finds the common ground with an audio line of the peer, whose codecs are given in its own numbers, and of which
// one was chosen for us to send.
func (l *Local) agree(d *Description, m *Media, theirs []Codec, chosen *Codec) (Agreement, error) {
	a := Agreement{RecordPref: d.recordPref(m)}
	if chosen == nil {
		return Agreement{}, fmt.Errorf("%w: the peer has %s; we have %s",
			ErrNoCodec, names(theirs), strings.Join(l.Codecs, ", "))
	}
	a.Codec = chosen.canonical()
	a.Receive = []Codec{a.Codec}
	if event := l.preferEvent(theirs, a.Codec.ClockHz); event != nil {
		sent := event.canonical()
		received := sent
		received.Fmtp = eventRange
		a.Event, a.ReceiveEvent = &sent, &received
		a.Receive = append(a.Receive, received)
	}
	if ours := l.comfort(); ours != nil && ours.ClockHz == a.Codec.ClockHz {
		if noise := find(theirs, *ours); noise != nil {
			c := noise.canonical()
			a.Noise, a.Receive = &c, append(a.Receive, c)
		}
	}
	a.Ptime = l.packetTime(d, m)
	a.ExtendedReports = d.extendedReports(m)
	if m.Port == 0 {
		return a, nil
	}
	addr, err := d.connection(m)
	if err == nil {
		err = checkPeer(addr, l.Address)
	}
	if err != nil {
		return Agreement{}, err
	}
	_, mux := m.Attribute("rtcp-mux")
	a.Mux = mux && a.muxable()
	a.Remote = netip.AddrPortFrom(addr, m.Port)
	a.RemoteRTCP = d.rtcp(m, a.Remote, l.Address, a.Mux)
	return a, nil
}

// prefer returns the first of our codecs that the peer has too.
func (l *Local) prefer(theirs []Codec) *Codec {
	for _, name := range l.Codecs {
		for _, ours := range known(name) {
			if c := find(theirs, ours); c != nil && !c.IsNoise() {
				return c
			}
		}
	}
	return nil
}

// first returns the first of an answer's codecs that is one of ours: what the peer likes best to receive (RFC 3264
// section 7).
func (l *Local) first(theirs []Codec) *Codec {
	for _, c := range theirs {
		if l.prefer([]Codec{c}) != nil {
			return &c
		}
	}
	return nil
}

// preferEvent returns the peer's telephone-event at the clock of the audio, which it must share (RFC 4733 section 2.1).
// Where there is none, that of 8 kHz is taken: so says equipment that added Opus to what it had.
func (l *Local) preferEvent(theirs []Codec, clockHz int) *Codec {
	if l.Events == WithoutEvents {
		return nil
	}
	if event := find(theirs, Codec{Name: eventName, ClockHz: clockHz, Channels: 1}); event != nil {
		return event
	}
	return find(theirs, Codec{Name: eventName, ClockHz: 8000, Channels: 1})
}

// answered returns the codecs of an answer that we had offered, in the answer's numbers. A number without an rtpmap
// means what it meant in our offer.
func (l *Local) answered(m *Media) []Codec {
	var codecs []Codec
	theirs := m.Codecs()
	for _, c := range theirs {
		if find(l.offered, c) != nil {
			codecs = append(codecs, c)
		}
	}
	for _, ours := range l.offered {
		if _, mapped := m.codec(ours.PayloadType); !mapped && m.has(ours.PayloadType) {
			codecs = append(codecs, ours)
		}
	}
	return codecs
}

// packetTime returns the packet time that the peer asks for (a=ptime), within its limit (a=maxptime) and our bounds, or
// else ours.
func (l *Local) packetTime(d *Description, m *Media) time.Duration {
	ptime := l.ptime()
	if asked, ok := milliseconds(d, m, "ptime"); ok {
		ptime = asked
	}
	if limit, ok := milliseconds(d, m, "maxptime"); ok {
		ptime = min(ptime, limit)
	}
	ptime = ptime.Truncate(minPtime)
	return min(max(ptime, minPtime), maxPtime)
}

func milliseconds(d *Description, m *Media, name string) (time.Duration, bool) {
	text, ok := d.lookup(m, name)
	if !ok {
		return 0, false
	}
	ms, err := strconv.ParseUint(strings.TrimSpace(text), 10, 16)
	return time.Duration(ms) * time.Millisecond, err == nil && ms > 0
}

// muxable tells whether no payload type can be mistaken for an RTCP packet type (RFC 5761 section 4).
func (a *Agreement) muxable() bool {
	for _, c := range a.Receive {
		if c.PayloadType >= 64 && c.PayloadType <= 95 {
			return false
		}
	}
	return true
}

// settled clears the addresses of a peer that takes no audio.
func (a Agreement) settled() Agreement {
	if !a.Remote.IsValid() || a.Remote.Addr().IsUnspecified() {
		a.Remote, a.RemoteRTCP = netip.AddrPort{}, netip.AddrPort{}
	}
	return a
}

func find(codecs []Codec, wanted Codec) *Codec {
	for _, c := range codecs {
		if c.Is(wanted) {
			return &c
		}
	}
	return nil
}

func names(codecs []Codec) string {
	if len(codecs) == 0 {
		return "none"
	}
	const most = 8
	list := make([]string, 0, most)
	for _, c := range codecs[:min(len(codecs), most)] {
		list = append(list, clip(c.Name))
	}
	return strings.Join(list, ", ")
}
