package media

import "assent/media/dtmf"

// allows tells whether a stream's DTMF setting takes keys by method. In auto mode in-band tones are listened for only
// where the peer has no telephone events.
func allows(setting, method string, events bool) bool {
	if setting == "" || setting == methodAuto {
		return method != MethodInband || !events
	}
	return setting == method
}

// onEvent takes a telephone-event payload.
func (l *leg) onEvent(in *inbound) {
	if !allows(l.config.DTMF, MethodRFC4733, true) {
		return
	}
	p, ok := dtmf.ParsePayload(in.payload)
	if !ok {
		l.counts.Malformed++
		return
	}
	l.keyRate = in.rate
	p.SSRC, p.Timestamp, p.Marker = in.source.ssrc, in.ts, in.header.Marker
	l.events.Push(l.core.now, p)
	l.watchKey()
}

// watchKey makes sure that a key whose end is lost is over in time.
func (l *leg) watchKey() {
	l.keyDue = 0
	if _, down := l.events.Pressed(); down {
		l.keyDue = l.core.at + dtmf.DefaultSilence
		l.core.wake(l.keyDue)
	}
}

// onKey takes a key that the telephone-event collector found.
func (l *leg) onKey(k dtmf.Key) {
	l.press(Digit{Key: k.Digit, Method: MethodRFC4733, SSRC: k.SSRC, Start: k.Start, End: k.End, ClockHz: int(l.keyRate)})
}

// press makes a key known, unless another method has told of it already, and lets it barge in.
func (l *leg) press(d Digit) {
	if !l.merger.Accept(d.Key, d.Method, l.core.now) {
		return
	}
	d.At = l.core.now
	l.playout.bargeIn(l)
	l.core.notify(DigitNotice{Stream: l.owner, Digit: d})
	l.tellKey(d)
}

// forgetKeys forgets presses that are under way, by telephone-event and by tone.
func (l *leg) forgetKeys() {
	l.events.Reset()
	l.watchKey()
	if s := l.speaking(); s != nil && l.ears != nil {
		l.ears.deafUntil = s.end
	}
}

// inject takes a key that came by signalling.
func (l *leg) inject(key byte, method string) {
	if _, known := dtmf.EventOf(key); !known || !allows(l.config.DTMF, method, true) {
		return
	}
	l.press(Digit{Key: key, Method: method})
}
