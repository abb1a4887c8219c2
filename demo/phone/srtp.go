package phone

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha1" //nolint:gosec // the suite's own (RFC 3711 section 4.2.1)
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"strings"
)

// The suites that a phone may encrypt with, as the SDP names them.
const (
	SRTPSHA1 = "AES_CM_128_HMAC_SHA1_80"
	SRTPGCM  = "AEAD_AES_256_GCM"
)

// suiteSizes are the bytes of a suite's master key and salt.
var suiteSizes = map[string][2]int{SRTPSHA1: {16, 14}, SRTPGCM: {32, 12}}

// srtpTag is the length of the SHA-1 suite's tag.
const srtpTag = 10

// srtpFlow encrypts or decrypts the packets of one direction (RFC 3711, RFC 7714), one SSRC after the other.
type srtpFlow struct {
	suite  string
	master []byte // key and salt
	block  cipher.Block
	salt   []byte
	auth   []byte
	newest uint64 // extended sequence number
	begun  bool
}

func newSRTPFlow(suite string, master []byte) *srtpFlow {
	f := &srtpFlow{suite: suite, master: master}
	key := f.derive(0, suiteSizes[suite][0])
	f.salt = f.derive(2, suiteSizes[suite][1])
	if suite == SRTPSHA1 {
		f.auth = f.derive(1, 20)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		panic(err) // the sizes are ours
	}
	f.block = block
	return f
}

// derive makes a session key (RFC 3711 section 4.3.1).
func (f *srtpFlow) derive(label byte, size int) []byte {
	keySize := suiteSizes[f.suite][0]
	block, err := aes.NewCipher(f.master[:keySize])
	if err != nil {
		panic(err) // the sizes are ours
	}
	iv := make([]byte, aes.BlockSize)
	copy(iv, f.master[keySize:])
	iv[7] ^= label
	out := make([]byte, size)
	cipher.NewCTR(block, iv).XORKeyStream(out, out)
	return out
}

// index extends a packet's sequence number (RFC 3711 section 3.3.1).
func (f *srtpFlow) index(packet []byte) uint64 {
	seq := binary.BigEndian.Uint16(packet[2:])
	if !f.begun {
		f.begun, f.newest = true, uint64(seq)
	}
	return f.newest + uint64(int64(int16(seq-uint16(f.newest))))
}

// seal returns the packet encrypted.
func (f *srtpFlow) seal(packet []byte) []byte {
	index := f.index(packet)
	f.newest = max(f.newest, index)
	if f.suite == SRTPGCM {
		return f.gcm().Seal(append([]byte(nil), packet[:headerBytes]...), f.nonce(packet, index), packet[headerBytes:], packet[:headerBytes])
	}
	b := append([]byte(nil), packet...)
	cipher.NewCTR(f.block, f.counter(packet, index)).XORKeyStream(b[headerBytes:], b[headerBytes:])
	return append(b, f.tag(b, index)...)
}

// open returns the packet decrypted, and false if it is not the other side's.
func (f *srtpFlow) open(packet []byte) ([]byte, bool) {
	index := f.index(packet)
	var b []byte
	if f.suite == SRTPGCM {
		var err error
		b, err = f.gcm().Open(append([]byte(nil), packet[:headerBytes]...), f.nonce(packet, index), packet[headerBytes:], packet[:headerBytes])
		if err != nil {
			return nil, false
		}
	} else {
		if len(packet) < headerBytes+srtpTag {
			return nil, false
		}
		end := len(packet) - srtpTag
		if !hmac.Equal(f.tag(packet[:end], index), packet[end:]) {
			return nil, false
		}
		b = append(b, packet[:end]...)
		cipher.NewCTR(f.block, f.counter(packet, index)).XORKeyStream(b[headerBytes:], b[headerBytes:])
	}
	f.newest = max(f.newest, index)
	return b, true
}

func (f *srtpFlow) gcm() cipher.AEAD {
	aead, err := cipher.NewGCM(f.block)
	if err != nil {
		panic(err) // AES has GCM's block size
	}
	return aead
}

// nonce is that of RFC 7714 section 8.1.
func (f *srtpFlow) nonce(packet []byte, index uint64) []byte {
	iv := make([]byte, 12)
	copy(iv[2:], packet[8:12])
	binary.BigEndian.PutUint32(iv[6:], uint32(index>>16))
	binary.BigEndian.PutUint16(iv[10:], uint16(index))
	for i := range iv {
		iv[i] ^= f.salt[i]
	}
	return iv
}

// counter is that of RFC 3711 section 4.1.1.
func (f *srtpFlow) counter(packet []byte, index uint64) []byte {
	iv := make([]byte, aes.BlockSize)
	copy(iv[4:], packet[8:12])
	binary.BigEndian.PutUint32(iv[8:], uint32(index>>16))
	binary.BigEndian.PutUint16(iv[12:], uint16(index))
	for i := range f.salt {
		iv[i] ^= f.salt[i]
	}
	return iv
}

// tag authenticates a packet (RFC 3711 section 4.2).
func (f *srtpFlow) tag(b []byte, index uint64) []byte {
	h := hmac.New(sha1.New, f.auth)
	h.Write(b)
	h.Write(binary.BigEndian.AppendUint32(nil, uint32(index>>16)))
	return h.Sum(nil)[:srtpTag]
}

// Encrypt lets the phone offer, or demand, audio encrypted by suite, with a new
// key; a call that runs needs a re-INVITE then. "" is plain.
func (a *Audio) Encrypt(suite string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.suite, a.master, a.out = suite, nil, nil
	if suite != "" {
		a.master = make([]byte, suiteSizes[suite][0]+suiteSizes[suite][1])
		_, _ = rand.Read(a.master) // never fails (crypto/rand)
		a.out = newSRTPFlow(suite, a.master)
	}
}

// Key is the phone's own key, as it stands in its SDP.
func (a *Audio) Key() string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return base64.StdEncoding.EncodeToString(a.master)
}

// PeerKey is the other side's key, as it stands in its SDP.
func (a *Audio) PeerKey() string {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.in == nil {
		return ""
	}
	return base64.StdEncoding.EncodeToString(a.in.master)
}

// Unreadable counts the packets that came and could not be decrypted.
func (a *Audio) Unreadable() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.unreadable
}

// profile is the audio line's, and the crypto line below it; mu is held.
func (a *Audio) profile() (profile, line string) {
	if a.suite == "" {
		return "RTP/AVP", ""
	}
	return "RTP/SAVP", fmt.Sprintf("a=crypto:%d %s inline:%s\r\n", a.tag(), a.suite, base64.StdEncoding.EncodeToString(a.master))
}

// tag is the one that the other side offered for our suite, else 1; mu is held.
func (a *Audio) tag() int { return max(a.offered, 1) }

// keyOf takes the other side's key for our suite out of its SDP; mu is held.
func (a *Audio) keyOf(sdp string) {
	if a.suite == "" {
		return
	}
	for line := range strings.Lines(sdp) {
		fields := strings.Fields(line)
		if len(fields) < 3 || !strings.HasPrefix(fields[0], "a=crypto:") || fields[1] != a.suite {
			continue
		}
		text, _, _ := strings.Cut(strings.TrimPrefix(fields[2], "inline:"), "|")
		master, err := base64.StdEncoding.DecodeString(text)
		if err != nil || a.in != nil && string(a.in.master) == string(master) {
			continue
		}
		_, _ = fmt.Sscanf(fields[0], "a=crypto:%d", &a.offered) // a tag that is none stays 1
		a.in = newSRTPFlow(a.suite, master)
	}
}
