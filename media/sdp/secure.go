package sdp

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Security says whether our media is encrypted (SRTP, RFC 3711, with keys in the SDP, RFC 4568). The zero value is
// Plain.
type Security uint8

const (
	Plain         Security = iota // never: SRTP is refused
	Opportunistic                 // where the peer does it too (RFC 8643)
	Secure                        // always: plain RTP is refused
)

// Words of a configuration for Security.
const (
	WordOff      = "off"
	WordOptional = "optional"
	WordRequired = "required"
)

// SecurityOf returns what a word of the configuration means; one that means nothing is Plain, for who checks it is
// somebody else.
func SecurityOf(word string) Security {
	switch word {
	case WordOptional:
		return Opportunistic
	case WordRequired:
		return Secure
	}
	return Plain
}

// Errors that refuse a description for how it is encrypted (488 Not Acceptable Here).
var (
	// ErrUnencrypted means that the peer's audio is not encrypted, and has to be.
	ErrUnencrypted = errors.New("media is not encrypted")
	// ErrCrypto means that the peer encrypts in no way that we speak.
	ErrCrypto = errors.New("no common way of encrypting media")
)

// The profiles of audio lines. Their variants with feedback (RFC 4585, RFC 5124) are answered too, sending none.
const (
	plainRTP  = "RTP/AVP"
	secureRTP = "RTP/SAVP"
)

// encrypted tells whether a medium's profile demands SRTP.
func (m *Media) encrypted() bool {
	return strings.EqualFold(m.Protocol, secureRTP) || strings.EqualFold(m.Protocol, secureRTP+"F")
}

// plain tells whether a medium's profile is RTP, which may be encrypted all the same (RFC 8643).
func (m *Media) plain() bool {
	return strings.EqualFold(m.Protocol, plainRTP) || strings.EqualFold(m.Protocol, plainRTP+"F")
}

// security is what offers and answers on encryption remember. Our key of a suite lives as long as the suite is in use
// without a break, so that one key never encrypts two packets of one number.
type security struct {
	offered []cryptoLine // of our last offer
	ours    cryptoLine   // ours, in use; suite "" is none
	agreed  *Crypto      // in use
}

// profile returns the profile of our first offer.
func (l *Local) profile() string {
	if l.Security == Secure {
		return secureRTP
	}
	return plainRTP
}

// offerCrypto returns the lines of an offer: what is in use as it is, and the other suites with new keys.
func (l *Local) offerCrypto() (lines []cryptoLine) {
	if l.Security == Plain {
		return nil
	}
	s := &l.security
	if s.ours.suite != "" {
		lines = append(lines, s.ours)
	}
	tag := 0
	for _, suite := range suites {
		if suite == s.ours.suite {
			continue
		}
		if tag++; tag == s.ours.tag && s.ours.suite != "" {
			tag++
		}
		lines = append(lines, cryptoLine{tag: tag, suite: suite, key: newKey(suite)})
	}
	return lines
}

// answerCrypto chooses how an offered audio line is encrypted, if it is: the first way of the peer's that we speak (RFC
// 4568 section 5.1.2), with our own key, which stays where the suite does. It changes nothing.
func (l *Local) answerCrypto(m *Media) (ours cryptoLine, c *Crypto, err error) {
	if m.Port == 0 { // held by port 0: nothing flows, and nothing changes
		return l.security.ours, l.security.agreed, nil
	}
	theirs := m.crypto()
	switch {
	case l.Security == Plain || len(theirs) == 0 && l.Security == Opportunistic && !m.encrypted():
		return cryptoLine{}, nil, nil
	case len(theirs) == 0:
		return cryptoLine{}, nil, l.unencrypted(m)
	}
	chosen := theirs[0]
	ours = l.security.ours
	if ours.suite != chosen.suite {
		ours.key = newKey(chosen.suite)
	}
	ours.tag, ours.suite = chosen.tag, chosen.suite
	return ours, &Crypto{Suite: chosen.suite, Send: ours.key, Receive: chosen.key}, nil
}

// acceptCrypto finds which of our lines an answer has taken, if it has. It changes nothing.
func (l *Local) acceptCrypto(m *Media) (ours cryptoLine, c *Crypto, err error) {
	for _, theirs := range m.crypto() {
		i := slices.IndexFunc(l.security.offered, func(o cryptoLine) bool { return o.tag == theirs.tag && o.suite == theirs.suite })
		if i < 0 {
			continue
		}
		ours = l.security.offered[i]
		return ours, &Crypto{Suite: ours.suite, Send: ours.key, Receive: theirs.key}, nil
	}
	if l.Security == Secure || m.encrypted() {
		return cryptoLine{}, nil, l.unencrypted(m)
	}
	return cryptoLine{}, nil, nil
}

// unencrypted says what is wrong with a line that has no way of encrypting that we could use.
func (l *Local) unencrypted(m *Media) error {
	if _, tried := m.Attribute("crypto"); tried || m.encrypted() {
		return fmt.Errorf("%w: want a=crypto with one of %v", ErrCrypto, suites)
	}
	return fmt.Errorf("%w: profile %s without a=crypto; want %s", ErrUnencrypted, clip(m.Protocol), secureRTP)
}

// use puts a way of encrypting into force.
func (s *security) use(ours cryptoLine, c *Crypto) {
	s.ours, s.agreed = ours, c
}

// secureFirst returns the indices of an offer's media lines, with those that are encrypted before the others if we may
// encrypt.
func (l *Local) secureFirst(offer *Description) (order []int) {
	for i := range offer.Media {
		order = append(order, i)
	}
	if l.Security != Plain {
		slices.SortStableFunc(order, func(a, b int) int {
			switch a, b := offer.Media[a].encrypted(), offer.Media[b].encrypted(); {
			case a == b:
				return 0
			case a:
				return -1
			}
			return 1
		})
	}
	return order
}
