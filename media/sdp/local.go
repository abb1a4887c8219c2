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

// Errors that refuse a description as a whole (488 Not Acceptable Here), beside ErrAddress.
var (
	// ErrNoAudio means that no media line is audio of a profile that we speak: all is fax, video, or refused by port 0.
	ErrNoAudio = errors.New("no usable audio line")
	// ErrNoCodec means that the audio line has none of our codecs.
	ErrNoCodec = errors.New("no common codec")
	// ErrMismatch means that an answer doesn't fit our last offer.
	ErrMismatch = errors.New("answer does not match the offer")
)

// Local is our side of the offers and answers of one dialog. Its exported fields may be changed between two of them;
// what the rules of re-offers need is remembered beside. It belongs to one goroutine.
type Local struct {
	Address  netip.Addr    // advertised in c= and o=
	Port     uint16        // of RTP; RTCP is one higher, or the same when multiplexed
	Codecs   []string      // names, the most wanted first; unknown ones are skipped
	Ptime    time.Duration // wanted packet time; 0 means DefaultPtime
	Events   Events        // whether DTMF goes by telephone-event
	Security Security      // whether media is encrypted
	Record   string        // on, off or paused: our a=record (RFC 7866 section 7.1); "" says nothing
	Held     Direction     // the most that our answers allow: SendOnly while we hold the peer; "" allows all

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
	security  security
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
		l.slots = []slot{{kind: "audio", protocol: l.profile()}}
	}
	l.offered = l.abilities()
	l.direction = dir.And(SendRecv)
	l.security.offered = l.offerCrypto()
	return l.describe(audioLine{
		port: l.Port, codecs: l.offered, ptime: l.ptime(), direction: l.direction, mux: true, extended: true, crypto: l.security.offered,
	})
}

// Answer returns our answer to an offer and what it comes to. Every media line is answered, in order; all but the audio
// line are refused by port 0. Without an error wrapping ErrNoAudio, ErrNoCodec, ErrAddress, ErrUnencrypted or ErrCrypto
// the answer stands; with one, what was agreed before does.
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
	ours, crypto, err := l.answerCrypto(m)
	if err != nil {
		return nil, Agreement{}, err
	}
	a.Crypto = crypto
	wanted := offer.direction(m)
	a.Hold = !wanted.Receives() || a.Remote.Addr().IsUnspecified() || m.Port == 0
	a.Direction = wanted.Reverse().And(l.Held)
	if a.Hold {
		a.Direction = a.Direction.And(RecvOnly)
	}
	line := audioLine{port: l.Port, codecs: a.Receive, ptime: a.Ptime, direction: a.Direction, mux: a.Mux, extended: a.ExtendedReports}
	if crypto != nil {
		line.crypto = []cryptoLine{ours}
	}
	if m.Port == 0 {
		line.port, a.Direction = 0, Inactive
	}
	l.adopt(offer, audio, a)
	l.security.use(ours, crypto)
	return l.describe(line), a.settled(), nil
}

// Accept takes the peer's answer to our last Offer, and may be called again for a later answer to the same one (a 183
// and then a 200). Its errors wrap ErrMismatch, ErrNoAudio, ErrNoCodec, ErrAddress, ErrUnencrypted or ErrCrypto.
func (l *Local) Accept(answer *Description) (Agreement, error) {
	if l.offered == nil {
		return Agreement{}, fmt.Errorf("%w: nothing was offered", ErrMismatch)
	}
	if l.audio >= len(answer.Media) || answer.Media[l.audio].Kind != "audio" {
		return Agreement{}, fmt.Errorf("%w: want audio as media line %d", ErrMismatch, l.audio+1)
	}
	m := &answer.Media[l.audio]
	if err := l.usable(m); err != nil {
		return Agreement{}, err
	}
	ours, crypto, err := l.acceptCrypto(m)
	if err != nil {
		return Agreement{}, err
	}
	codecs := l.answered(m)
	a, err := l.agree(answer, m, codecs, l.first(codecs))
	if err != nil {
		return Agreement{}, err
	}
	a.Receive, a.ReceiveEvent, a.Crypto = l.offered, nil, crypto
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
	l.security.use(ours, crypto)
	return a.settled(), nil
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
		l.types[c.key()] = c.PayloadType
	}
}

func (l *Local) ptime() time.Duration {
	if l.Ptime <= 0 {
		return DefaultPtime
	}
	return l.Ptime
}

// newSession draws a session id of 31 bits: some equipment reads it into a signed word.
func newSession() uint32 { return rand.Uint32N(1<<31-1) + 1 }
