package sdp

import "fmt"

// choose finds the audio line that we answer: in a re-offer the one that was agreed, if it is still good, or else the
// first good one. Of several reasons against an offer the first that concerns an audio line is returned.
func (l *Local) choose(offer *Description) (int, error) {
	if l.agreed && l.audio < len(offer.Media) {
		if m := &offer.Media[l.audio]; l.usable(m) == nil || suspended(offer, m) {
			return l.audio, nil
		}
	}
	var reason error
	for _, i := range l.secureFirst(offer) {
		m := &offer.Media[i]
		err := l.usable(m)
		if err == nil {
			_, _, err = l.answerCrypto(m)
		}
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

// usable tells why a medium can't be the audio of a call.
func (l *Local) usable(m *Media) error {
	switch {
	case m.Kind != "audio":
		return fmt.Errorf("%w: media line is %s", ErrNoAudio, clip(m.Kind))
	case m.Port == 0:
		return fmt.Errorf("%w: refused by port 0", ErrNoAudio)
	case !m.plain() && (!m.encrypted() || l.Security == Plain):
		return fmt.Errorf("%w: profile %s; want %s", ErrNoAudio, clip(m.Protocol), l.profile())
	}
	return nil
}
