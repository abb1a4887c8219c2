package auth

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"net/netip"
	"time"
)

// nonceLife is how long a challenge may be answered; phones keep a nonce for all their requests meanwhile.
const nonceLife = 5 * time.Minute

// Parts of a nonce: when it expires, in ms since 1970; an id; a seal over both and the source's address.
const (
	expirySize = 8
	idSize     = 8
	sealSize   = 16
	nonceSize  = expirySize + idSize + sealSize
)

// mint makes nonces and knows its own. It keeps nothing of them.
type mint struct{ key [32]byte }

func newMint() *mint {
	m := &mint{}
	_, _ = rand.Read(m.key[:]) // it never fails
	return m
}

// nonce makes a nonce for a source.
func (m *mint) nonce(src netip.Addr, now time.Time) string {
	var b [nonceSize]byte
	binary.BigEndian.PutUint64(b[:], uint64(now.Add(nonceLife).UnixMilli()))
	_, _ = rand.Read(b[expirySize : expirySize+idSize]) // it never fails
	copy(b[expirySize+idSize:], m.seal(b[:expirySize+idSize], src))
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// stamp is what a nonce of ours says.
type stamp struct {
	id      uint64
	expires int64 // ms since 1970
}

// read returns what a nonce says, and whether we made it for that source.
func (m *mint) read(nonce string, src netip.Addr) (stamp, bool) {
	if len(nonce) != base64.RawURLEncoding.EncodedLen(nonceSize) {
		return stamp{}, false
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(nonce)
	if err != nil || !hmac.Equal(b[expirySize+idSize:], m.seal(b[:expirySize+idSize], src)) {
		return stamp{}, false
	}
	return stamp{id: binary.BigEndian.Uint64(b[expirySize:]), expires: int64(binary.BigEndian.Uint64(b))}, true
}

func (m *mint) seal(text []byte, src netip.Addr) []byte {
	h := hmac.New(sha256.New, m.key[:])
	addr := src.Unmap().As16()
	h.Write(text)
	h.Write(addr[:])
	return h.Sum(nil)[:sealSize]
}
