package sdp

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"strings"
	"time"
)

// DefaultPtime is the packet time where nobody says one (RFC 3551 section 4.2).
const DefaultPtime = 20 * time.Millisecond

// Bounds of the packet time that we send with.
const (
	minPtime = 10 * time.Millisecond
	maxPtime = 60 * time.Millisecond
)

// defaultEventType is the payload type of telephone-event in our offers.
const defaultEventType = 101

// Errors that refuse a description as a whole (488 Not Acceptable Here), beside ErrAddress.
var (
	// ErrNoAudio means that no media line is plain RTP audio: all is fax, video, SRTP, or refused by port 0.
	ErrNoAudio = errors.New("no usable audio line")
	// ErrNoCodec means that the audio line has none of our codecs.
	ErrNoCodec = errors.New("no common codec")
	// ErrMismatch means that an answer doesn't fit our last offer.
	ErrMismatch = errors.New("answer does not match the offer")
)

// Local is our side of the offers and answers of one dialog. Its exported fields may be changed between two of them;
// what the rules of re-offers need is remembered beside. It belongs to one goroutine.
type Local struct {
	Address netip.Addr    // advertised in c= and o=
	Port    uint16        // of RTP; RTCP is one higher, or the same when multiplexed
	Codecs  []string      // names, the most wanted first; unknown ones are skipped
	Ptime   time.Duration // wanted packet time; 0 means DefaultPtime
	Events  Events        // whether DTMF goes by telephone-event
	Record  string        // on, off or paused: our a=record (RFC 7866 section 7.1); "" says nothing
	Held    Direction     // the most that our answers allow: SendOnly while we hold the peer; "" allows all

	// remembered from one offer or answer to the next
	session   uint32
	version   uint64
	body      string           // of our last description, without its o= line
	timing    string           // of the peer's offer, which answers repeat
	slots     []slot           // the media lines, whose order and number must stay
	audio     int              // which slot is ours
	types     map[string]uint8 // payload types by codec, as they were first agreed
	agreed    bool
	offered   []Codec   // our last offer
	direction Direction // of our last offer
}

// Events says whether telephone-event is offered and answered.
type Events uint8

// The zero value wants telephone events.
const (
	WithEvents Events = iota
	WithoutEvents
)

// slot is a media line of the session: ours, or one that is refused for good.
type slot struct {
	kind, protocol, formats string
}

// Offer returns an offer, the first or a later one, for audio that flows as dir says. It keeps what earlier offers and
// answers fixed: the media lines, and the payload types (RFC 3264 section 8).
func (l *Local) Offer(dir Direction) []byte {
	if len(l.slots) == 0 {
		l.slots = []slot{{kind: "audio", protocol: plainRTP}}
	}
	l.offered = l.abilities()
	l.direction = dir.And(SendRecv)
	return l.describe(audioLine{
		port: l.Port, codecs: l.offered, ptime: l.ptime(), direction: l.direction,
	})
}

// Answer returns our answer to an offer and what it comes to. Every media line is answered, in order; all but the audio
// line are refused by port 0. Without an error wrapping ErrNoAudio, ErrNoCodec or ErrAddress the answer stands; with
// one, what was agreed before does.
func (l *Local) Answer(offer *Description) ([]byte, Agreement, error) {
	audio, err := l.choose(offer)
	if err != nil {
		return nil, Agreement{}, err
	}
	m := &offer.Media[audio]
	codecs := m.Codecs()
	a, err := l.agree(offer, m, codecs, l.prefer(codecs))
	if err != nil {
		return nil, Agreement{}, err
	}
	wanted := offer.direction(m)
	a.Hold = !wanted.Receives() || a.Remote.Addr().IsUnspecified() || m.Port == 0
	a.Direction = wanted.Reverse().And(l.Held)
	if a.Hold {
		a.Direction = a.Direction.And(RecvOnly)
	}
	line := audioLine{port: l.Port, codecs: a.Receive, ptime: a.Ptime, direction: a.Direction, mux: a.Mux}
	if m.Port == 0 {
		line.port, a.Direction = 0, Inactive
	}
	l.adopt(offer, audio, a)
	return l.describe(line), a.settled(), nil
}

// Accept takes the peer's answer to our last Offer, and may be called again for a later answer to the same one (a 183
// and then a 200). Its errors wrap ErrMismatch, ErrNoAudio, ErrNoCodec or ErrAddress.
func (l *Local) Accept(answer *Description) (Agreement, error) {
	if l.offered == nil {
		return Agreement{}, fmt.Errorf("%w: nothing was offered", ErrMismatch)
	}
	if l.audio >= len(answer.Media) || answer.Media[l.audio].Kind != "audio" {
		return Agreement{}, fmt.Errorf("%w: want audio as media line %d", ErrMismatch, l.audio+1)
	}
	m := &answer.Media[l.audio]
	if err := usable(m); err != nil {
		return Agreement{}, err
	}
	codecs := l.answered(m)
	a, err := l.agree(answer, m, codecs, l.first(codecs))
	if err != nil {
		return Agreement{}, err
	}
	a.Receive, a.ReceiveEvent = l.offered, nil
	if a.Event != nil {
		a.ReceiveEvent = find(l.offered, *a.Event)
	}
	theirs := answer.direction(m)
	unspecified := a.Remote.Addr().IsUnspecified()
	a.Hold = l.direction.Sends() && (!theirs.Receives() || unspecified)
	a.Direction = l.direction.And(theirs.Reverse())
	if unspecified {
		a.Direction = a.Direction.And(RecvOnly)
	}
	l.agreed = true
	return a.settled(), nil
}

// choose finds the audio line that we answer: in a re-offer the one that was agreed, if it is still good, or else the
// first good one. Of several reasons against an offer the first that concerns an audio line is returned.
func (l *Local) choose(offer *Description) (int, error) {
	if l.agreed && l.audio < len(offer.Media) {
		if m := &offer.Media[l.audio]; usable(m) == nil || suspended(offer, m) {
			return l.audio, nil
		}
	}
	var reason error
	for i := range offer.Media {
		m := &offer.Media[i]
		err := usable(m)
		if err == nil {
			codecs := m.Codecs()
			_, err = l.agree(offer, m, codecs, l.prefer(codecs))
		}
		if err == nil {
			return i, nil
		}
		if reason == nil && m.Kind == "audio" {
			reason = err
		}
	}
	if reason == nil {
		reason = fmt.Errorf("%w: none among %d media lines", ErrNoAudio, len(offer.Media))
	}
	return 0, reason
}

// suspended tells whether a re-offer switches the agreed audio line m off by port 0 and nothing else on: so some hold.
// With something else on, say fax, the call would be without audio, and the offer is refused.
func suspended(offer *Description, m *Media) bool {
	for i := range offer.Media {
		if offer.Media[i].Port != 0 {
			return false
		}
	}
	return m.Kind == "audio"
}

// plainRTP is the profile that we offer; its variant with feedback (RFC 4585) is answered too, sending none.
const plainRTP = "RTP/AVP"

func usable(m *Media) error {
	switch {
	case m.Kind != "audio":
		return fmt.Errorf("%w: media line is %s", ErrNoAudio, clip(m.Kind))
	case m.Port == 0:
		return fmt.Errorf("%w: refused by port 0", ErrNoAudio)
	case !strings.EqualFold(m.Protocol, plainRTP) && !strings.EqualFold(m.Protocol, "RTP/AVPF"):
		return fmt.Errorf("%w: profile %s; want %s", ErrNoAudio, clip(m.Protocol), plainRTP)
	}
	return nil
}

// adopt remembers what later offers and answers must keep.
func (l *Local) adopt(offer *Description, audio int, a Agreement) {
	l.agreed, l.audio, l.offered = true, audio, nil
	l.timing, _ = value(offer.Lines, 't')
	l.slots = l.slots[:0]
	for i := range offer.Media {
		m := &offer.Media[i]
		l.slots = append(l.slots, slot{m.Kind, m.Protocol, strings.Join(m.Formats, " ")})
	}
	if l.types == nil {
		l.types = make(map[string]uint8)
	}
	for _, c := range a.Receive {
		l.types[strings.ToLower(c.Name)] = c.PayloadType
	}
}

// abilities lists what we can receive, with the payload types of this session. A type that the peer has mapped to
// something else is not used for a second one.
func (l *Local) abilities() []Codec {
	var codecs []Codec
	var taken [128]bool
	add := func(c Codec, agreed bool) {
		if !taken[c.PayloadType] && (agreed || !l.maps(c.PayloadType)) {
			taken[c.PayloadType] = true
			codecs = append(codecs, c)
		}
	}
	for _, name := range l.Codecs {
		if c, ok := known(name); ok {
			add(l.typed(c))
		}
	}
	if l.Events == WithEvents {
		add(l.typed(l.freeEvent()))
	}
	return codecs
}

// typed gives a codec the payload type that was agreed for it, if there was one.
func (l *Local) typed(c Codec) (typed Codec, agreed bool) {
	pt, agreed := l.types[strings.ToLower(c.Name)]
	if agreed {
		c.PayloadType = pt
	}
	return c, agreed
}

// maps tells whether a payload type was agreed for some codec.
func (l *Local) maps(payloadType uint8) bool {
	for _, pt := range l.types {
		if pt == payloadType {
			return true
		}
	}
	return false
}

// freeEvent returns telephone-event with our usual payload type, or the next dynamic one that is free.
func (l *Local) freeEvent() Codec {
	c := Codec{Name: eventName, PayloadType: defaultEventType, ClockHz: 8000, Channels: 1, Fmtp: eventRange}
	for l.maps(c.PayloadType) && c.PayloadType < 127 {
		c.PayloadType++
	}
	return c
}

func (l *Local) ptime() time.Duration {
	if l.Ptime <= 0 {
		return DefaultPtime
	}
	return l.Ptime
}

// newSession draws a session id of 31 bits: some equipment reads it into a signed word.
func newSession() uint32 { return rand.Uint32N(1<<31-1) + 1 }
