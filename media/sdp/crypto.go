package sdp

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// Suite is a way of encrypting RTP, by its name in the registry of RFC 4568 section 6.2 and RFC 7714 section 14.1.
type Suite string

// The suites that we speak.
const (
	AES128SHA1x80 Suite = "AES_CM_128_HMAC_SHA1_80"
	AES128SHA1x32 Suite = "AES_CM_128_HMAC_SHA1_32"
	AES128GCM     Suite = "AEAD_AES_128_GCM"
	AES256GCM     Suite = "AEAD_AES_256_GCM"
)

// suites are what we offer, the most wanted first: the GCM ones cost a third of the others' time, and all equipment has
// the first of those.
var suites = []Suite{AES256GCM, AES128GCM, AES128SHA1x80, AES128SHA1x32}

// Sizes returns the bytes of a suite's master key and master salt, 0 for one that we don't speak.
func (s Suite) Sizes() (key, salt int) {
	switch s {
	case AES128SHA1x80, AES128SHA1x32:
		return 16, 14
	case AES128GCM:
		return 16, 12
	case AES256GCM:
		return 32, 12
	}
	return 0, 0
}

// Key is a master key with its salt. However it is printed or encoded, it shows nothing.
type Key struct {
	secret string // key and salt
	mki    string // the master key identifier that packets carry (RFC 3711 section 3.1), or ""
}

// Bytes returns the master key and its salt, whose sizes are the suite's, and the identifier that packets carry, which
// may be empty. The caller owns them.
func (k Key) Bytes(s Suite) (key, salt, mki []byte) {
	size, _ := s.Sizes()
	return []byte(k.secret[:size]), []byte(k.secret[size:]), []byte(k.mki)
}

// Format implements fmt.Formatter for every verb.
func (Key) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "[key]") } // a formatter has nobody to tell

// MarshalText implements encoding.TextMarshaler, for JSON and logs.
func (Key) MarshalText() ([]byte, error) { return []byte("[key]"), nil }

// newKey draws a key.
func newKey(s Suite) Key {
	key, salt := s.Sizes()
	b := make([]byte, key+salt)
	_, _ = rand.Read(b) // never fails (crypto/rand)
	return Key{secret: string(b)}
}

// Crypto is how a stream is encrypted: the suite, and the keys for either way (RFC 4568).
type Crypto struct {
	Suite   Suite
	Send    Key // ours, for what we send
	Receive Key // the peer's
}

// cryptoLine is one a=crypto attribute: a way of encrypting, and the key of whoever says it.
type cryptoLine struct {
	tag   int
	suite Suite
	key   Key
}

// errCryptoLine is in every error of parseCrypto. None of them quotes the key.
var errCryptoLine = errors.New("unusable a=crypto")

// Bounds of a crypto line.
const (
	maxTag = 999_999_999 // RFC 4568 section 9.1: one to nine digits
	maxMKI = 16          // of 128 that the standard allows
)

// parseCrypto reads the value of an a=crypto attribute: "1 AES_CM_128_HMAC_SHA1_80 inline:BASE64|2^20|1:4 WSH=64" (RFC
// 4568 section 9.1). A line with parameters that change what is encrypted, with several keys, or with a suite that we
// don't speak, is refused.
func parseCrypto(text string) (cryptoLine, error) {
	fields := strings.Fields(text)
	if len(fields) < 3 {
		return cryptoLine{}, fmt.Errorf("%w: want a tag, a suite and a key", errCryptoLine)
	}
	tag, err := strconv.ParseUint(fields[0], 10, 32)
	if err != nil || tag > maxTag {
		return cryptoLine{}, fmt.Errorf("%w: tag %q; want a number of up to nine digits", errCryptoLine, clip(fields[0]))
	}
	c := cryptoLine{tag: int(tag), suite: Suite(fields[1])}
	if key, _ := c.suite.Sizes(); key == 0 {
		return cryptoLine{}, fmt.Errorf("%w: suite %q; we have %v", errCryptoLine, clip(fields[1]), suites)
	}
	for _, parameter := range fields[3:] {
		if !harmless(parameter) {
			return cryptoLine{}, fmt.Errorf("%w: session parameter %q", errCryptoLine, clip(parameter))
		}
	}
	c.key, err = parseKey(c.suite, fields[2])
	return c, err
}

// harmless tells whether a session parameter changes nothing for who ignores it (RFC 4568 section 6.3): a hint of the
// window's size, no further key derivation, or one that may be ignored.
func harmless(parameter string) bool {
	return strings.HasPrefix(parameter, "WSH=") || parameter == "KDR=0" || strings.HasPrefix(parameter, "-")
}

// parseKey reads "inline:BASE64|2^20|1:4": the key, its lifetime and its identifier; the last two may be missing. The
// lifetime is the sender's affair.
func parseKey(suite Suite, text string) (Key, error) {
	inline, ok := strings.CutPrefix(text, "inline:")
	if !ok || strings.Contains(inline, ";") {
		return Key{}, fmt.Errorf("%w: want one inline key", errCryptoLine)
	}
	parts := strings.Split(inline, "|")
	secret, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(parts[0], "="))
	if key, salt := suite.Sizes(); err != nil || len(secret) != key+salt {
		return Key{}, fmt.Errorf("%w: want %d bytes of key and salt in base64", errCryptoLine, key+salt)
	}
	k := Key{secret: string(secret)}
	for i, part := range parts[1:] {
		identifier, size, named := strings.Cut(part, ":")
		if !named && i == 0 {
			continue // the lifetime
		}
		if !named || i > 1 {
			return Key{}, fmt.Errorf("%w: key parameter %d; want a lifetime and an identifier", errCryptoLine, i+1)
		}
		if k.mki, err = parseMKI(identifier, size); err != nil {
			return Key{}, err
		}
	}
	return k, nil
}

// parseMKI reads the identifier of "1:4": the number 1 in four bytes.
func parseMKI(identifier, size string) (string, error) {
	n, errN := strconv.ParseUint(identifier, 10, 64)
	length, errLength := strconv.ParseUint(size, 10, 8)
	if errN != nil || errLength != nil || length == 0 || length > maxMKI || length < 8 && n>>(8*length) != 0 {
		return "", fmt.Errorf("%w: key identifier; want a number and its length, 1 to %d bytes", errCryptoLine, maxMKI)
	}
	b := binary.BigEndian.AppendUint64(bytes.Repeat([]byte{0}, maxMKI), n)
	return string(b[len(b)-int(length):]), nil
}

// write prints the line with its key: for the peer, and for nobody else.
func (c cryptoLine) write(b *strings.Builder) {
	fmt.Fprintf(b, "a=crypto:%d %s inline:%s\r\n", c.tag, c.suite, base64.StdEncoding.EncodeToString([]byte(c.key.secret)))
}

// crypto returns the lines of a medium that we can use, in its order.
func (m *Media) crypto() (lines []cryptoLine) {
	for _, line := range m.Lines {
		text, ok := strings.CutPrefix(line.Value, "crypto:")
		if line.Type != 'a' || !ok {
			continue
		}
		if c, err := parseCrypto(text); err == nil {
			lines = append(lines, c)
		}
	}
	return lines
}
