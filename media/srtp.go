package media

import (
	"encoding/binary"
	"errors"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"github.com/pion/srtp/v3"

	"assent/media/sdp"
)

const (
	// replayWindow is how many packets behind the newest may still come, and are told from repeated ones: five seconds.
	replayWindow = 256
	// rekeyGrace is how long packets under the old key are read after the first one under the new key: those that were
	// overtaken.
	rekeyGrace = 2 * time.Second
	// maxKeyed bounds the SSRCs that one key may be used with: the library keeps state for each. An honest peer has one
	// or two, and a new one each time that it re-routes the call.
	maxKeyed = 64
	// srtpOverhead is the most that encryption adds to a packet: a tag of 16 bytes, the index of SRTCP, an identifier.
	srtpOverhead = 36
)

// secrecy encrypts what a stream sends and decrypts what it receives (SRTP and SRTCP, RFC 3711, RFC 7714). It belongs to
// the stream's driver. A packet that it can't read touches nothing.
type secrecy struct {
	crypto sdp.Crypto
	out    *srtp.Context
	in     inflow
	on     inflow        // under the same key, for a peer that goes on counting rollovers; without context there is none
	old    inflow        // under the peer's key before it; without context there is none
	until  time.Duration // when the old key ends; 0 until the new one was used
}

// inflow reads packets under one key of the peer.
type inflow struct {
	context *srtp.Context
	rtp     int // SSRCs that were heard
	rtcp    int
}

// newSecrecy makes the state for an agreement's keys.
func newSecrecy(c sdp.Crypto) (*secrecy, error) {
	s := &secrecy{crypto: c}
	var err error
	if s.out, err = newContext(c.Suite, c.Send); err != nil {
		return nil, err
	}
	s.in.context, err = newContext(c.Suite, c.Receive)
	return s, err
}

// profiles are the library's names of our suites.
var profiles = map[sdp.Suite]srtp.ProtectionProfile{
	sdp.AES128SHA1x80: srtp.ProtectionProfileAes128CmHmacSha1_80,
	sdp.AES128SHA1x32: srtp.ProtectionProfileAes128CmHmacSha1_32,
	sdp.AES128GCM:     srtp.ProtectionProfileAeadAes128Gcm,
	sdp.AES256GCM:     srtp.ProtectionProfileAeadAes256Gcm,
}

var errSuite = errors.New("unknown SRTP suite")

func newContext(suite sdp.Suite, k sdp.Key) (*srtp.Context, error) {
	profile, known := profiles[suite]
	if !known {
		return nil, errSuite
	}
	key, salt, mki := k.Bytes(suite)
	options := []srtp.ContextOption{srtp.SRTPReplayProtection(replayWindow), srtp.SRTCPReplayProtection(replayWindow)}
	if len(mki) > 0 {
		options = append(options, srtp.MasterKeyIndicator(mki))
	}
	return srtp.CreateContext(key, salt, profile, options...)
}

// rekey follows a later agreement. What both keep goes on as it is: a context that began anew under an old key would
// encrypt two packets alike. The peer's old key is good until its new one was heard, and a little longer. ssrc is the
// peer's present one: under a new key some senders go on counting its rollovers, and others begin at 0 (RFC 3711
// section 3.3.1 is read either way).
func (s *secrecy) rekey(c sdp.Crypto, ssrc uint32) error {
	fresh, err := newSecrecy(c)
	if err != nil {
		return err
	}
	same := c.Suite == s.crypto.Suite
	if !same || c.Send != s.crypto.Send {
		s.out = fresh.out
	}
	if !same || c.Receive != s.crypto.Receive {
		if err := s.turn(fresh.in, c, ssrc); err != nil {
			return err
		}
	}
	s.crypto = c
	return nil
}

// turn lets the peer's new key follow its present one.
func (s *secrecy) turn(in inflow, c sdp.Crypto, ssrc uint32) (err error) {
	s.old, s.in, s.on, s.until = s.in, in, inflow{}, 0
	roc, counted := s.old.context.ROC(ssrc)
	if !counted || roc == 0 {
		return nil
	}
	if s.on.context, err = newContext(c.Suite, c.Receive); err == nil {
		s.on.context.SetROC(ssrc, roc)
		s.on.rtp = 1
	}
	return err
}

// seal encrypts an RTP packet into dst, which has room for it.
func (s *secrecy) seal(dst, packet []byte, header *rtp.Header) ([]byte, bool) {
	sealed, err := s.out.EncryptRTP(dst[:0], packet, header)
	return sealed, err == nil
}

// sealRTCP encrypts a compound RTCP packet into dst, which has room for it.
func (s *secrecy) sealRTCP(dst, packet []byte) ([]byte, bool) {
	sealed, err := s.out.EncryptRTCP(dst[:0], packet, nil)
	return sealed, err == nil
}

// open decrypts an RTP packet into dst, which has room for it. It is false for a packet that is not the peer's: of
// another key, changed on its way, or repeated.
func (s *secrecy) open(dst, packet []byte, header *rtp.Header, now time.Duration) ([]byte, bool) {
	if opened, ok := s.in.open(dst, packet, header); ok {
		s.heard(now)
		return opened, true
	}
	if s.on.context != nil {
		if opened, ok := s.on.open(dst, packet, header); ok {
			s.in, s.on = s.on, inflow{}
			s.heard(now)
			return opened, true
		}
	}
	if !s.oldAt(now) {
		return nil, false
	}
	return s.old.open(dst, packet, header)
}

// openRTCP decrypts an RTCP packet into dst, as open does RTP.
func (s *secrecy) openRTCP(dst, packet []byte, now time.Duration) ([]byte, bool) {
	if opened, ok := s.in.openRTCP(dst, packet); ok {
		return opened, true
	}
	if !s.oldAt(now) {
		return nil, false
	}
	return s.old.openRTCP(dst, packet)
}

// heard notes that the peer uses its present key.
func (s *secrecy) heard(now time.Duration) {
	if s.old.context != nil && s.until == 0 {
		s.until = now + rekeyGrace
	}
}

// oldAt tells whether the peer's old key is still good, and forgets it if not.
func (s *secrecy) oldAt(now time.Duration) bool {
	if s.old.context != nil && s.until != 0 && now >= s.until {
		s.old, s.on = inflow{}, inflow{}
	}
	return s.old.context != nil
}

func (f *inflow) open(dst, packet []byte, header *rtp.Header) ([]byte, bool) {
	if len(packet) < rtpHeaderSize {
		return nil, false
	}
	_, known := f.context.ROC(ssrcOf(packet))
	if !known && f.rtp == maxKeyed {
		return nil, false
	}
	opened, err := f.context.DecryptRTP(dst[:0], packet, header)
	if err != nil {
		return nil, false
	}
	if !known {
		f.rtp++
	}
	return opened, true
}

func (f *inflow) openRTCP(dst, packet []byte) ([]byte, bool) {
	if len(packet) < rtcpHeaderSize {
		return nil, false
	}
	_, known := f.context.Index(binary.BigEndian.Uint32(packet[4:]))
	if !known && f.rtcp == maxKeyed {
		return nil, false
	}
	var header rtcp.Header
	opened, err := f.context.DecryptRTCP(dst[:0], packet, &header)
	if err != nil {
		return nil, false
	}
	if !known {
		f.rtcp++
	}
	return opened, true
}

// rtcpHeaderSize is the part of an RTCP packet that is never encrypted: its header and its sender (RFC 3711 section
// 3.4).
const rtcpHeaderSize = 8

func ssrcOf(packet []byte) uint32 { return binary.BigEndian.Uint32(packet[8:]) }
