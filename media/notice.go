package media

import "time"

// Methods by which a key reaches us, as Digit.Method and StreamConfig.DTMF name them.
const (
	MethodRFC4733 = "rfc4733"
	MethodInfo    = "info"
	MethodInband  = "inband"
	methodAuto    = "auto"
)

// Digit is a key that was pressed, reported once, when it is over.
type Digit struct {
	Key        byte   // 0-9, *, #, A-D
	Method     string // MethodRFC4733, MethodInfo or MethodInband
	SSRC       uint32 // of the stream that carried it; 0 for MethodInfo
	Start, End uint64 // extended RTP time of that stream; 0 for MethodInfo
	ClockHz    int    // of Start and End; 0 for MethodInfo
	At         time.Time
}

// Notice is what a session tells its call; one of the types below.
type Notice interface{ notice() }

// DigitNotice tells of a key.
type DigitNotice struct {
	Stream *Stream
	Digit  Digit
}

// KeyNotice asks the call to tell a stream's peer of a key by SIP INFO: the other party has pressed it, and the stream's
// DTMF setting is info.
type KeyNotice struct {
	Stream *Stream
	Key    byte
	Length time.Duration
}

// FirstMediaNotice tells that the first packet of audio was accepted.
type FirstMediaNotice struct{ Stream *Stream }

// TimeoutNotice tells that no RTP came for StreamConfig.Timeout although the peer was to send. It comes once, and again
// only after RTP has come.
type TimeoutNotice struct{ Stream *Stream }

// AudioNotice tells that audio ceased to arrive, or arrives again: that of the peer here, or, where Sent, ours there. A
// loss is told once in five seconds at most.
type AudioNotice struct {
	Stream *Stream
	Lost   bool
	Sent   bool // what we send, by the peer's reports; else what it sends
}

// QuietNotice tells that a stream was silent for as long as Stream.Listen asked; once for each Listen.
type QuietNotice struct{ Stream *Stream }

// FirstSampleNotice tells which sample is the first in a channel of a recording.
type FirstSampleNotice struct {
	Tap     *Tap
	Channel int // 0 left, 1 right
	SSRC    uint32
	RTPTime uint64 // extended, on the scale of Floor.RTPTime
}

func (DigitNotice) notice()       {}
func (KeyNotice) notice()         {}
func (FirstMediaNotice) notice()  {}
func (TimeoutNotice) notice()     {}
func (AudioNotice) notice()       {}
func (QuietNotice) notice()       {}
func (FirstSampleNotice) notice() {}
