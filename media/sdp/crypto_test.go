package sdp

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
)

// Keys as they stand in RFC 4568 section 9.2 and RFC 7714, and some of the right size.
var (
	key30 = "WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz"
	key28 = base64.StdEncoding.EncodeToString([]byte("0123456789abcdefSALTSALTSALT"))
	key44 = base64.StdEncoding.EncodeToString([]byte("0123456789abcdef0123456789abcdefSALTSALTSALT"))
)

func TestACryptoLineIsReadAsTheStandardWritesIt(t *testing.T) {
	for text, want := range map[string]cryptoLine{
		"1 AES_CM_128_HMAC_SHA1_80 inline:" + key30 + "|2^20|1:4":            {tag: 1, suite: AES128SHA1x80, key: Key{mki: "\x00\x00\x00\x01"}},
		"2 AES_CM_128_HMAC_SHA1_32 inline:" + key30 + "|1:1":                 {tag: 2, suite: AES128SHA1x32, key: Key{mki: "\x01"}},
		"999999999 AES_CM_128_HMAC_SHA1_80 inline:" + key30 + "|48":          {tag: 999999999, suite: AES128SHA1x80},
		"3 AEAD_AES_128_GCM inline:" + key28 + " WSH=64":                     {tag: 3, suite: AES128GCM},
		"4 AEAD_AES_256_GCM inline:" + strings.TrimRight(key44, "=") + " -X": {tag: 4, suite: AES256GCM},
		"0  AES_CM_128_HMAC_SHA1_80   inline:" + key30 + "  KDR=0":           {suite: AES128SHA1x80},
	} {
		got, err := parseCrypto(text)
		if err != nil {
			t.Errorf("%q: %v", text, err)
			continue
		}
		secret, salt, mki := got.key.Bytes(got.suite)
		k, s := got.suite.Sizes()
		if got.tag != want.tag || got.suite != want.suite || string(mki) != want.key.mki || len(secret) != k || len(salt) != s {
			t.Errorf("%q: tag %d, %s, %d and %d bytes, identifier %x", text, got.tag, got.suite, len(secret), len(salt), mki)
		}
	}
}

func TestACryptoLineThatWouldBeMisreadIsRefusedWithoutItsKey(t *testing.T) {
	for _, text := range []string{
		"", "1", "1 AES_CM_128_HMAC_SHA1_80",
		"x AES_CM_128_HMAC_SHA1_80 inline:" + key30, "1000000000 AES_CM_128_HMAC_SHA1_80 inline:" + key30,
		"1 F8_128_HMAC_SHA1_80 inline:" + key30, "1 aes_cm_128_hmac_sha1_80 inline:" + key30,
		"1 AES_CM_128_HMAC_SHA1_80 " + key30, "1 AES_CM_128_HMAC_SHA1_80 uri:https://keys.example/1",
		"1 AES_CM_128_HMAC_SHA1_80 inline:", "1 AES_CM_128_HMAC_SHA1_80 inline:" + key28,
		"1 AEAD_AES_256_GCM inline:" + key28, "1 AES_CM_128_HMAC_SHA1_80 inline:" + key30[:39] + "*",
		"1 AES_CM_128_HMAC_SHA1_80 inline:" + key30 + "|2^20|1:4;inline:" + key30 + "|2^20|2:4",
		"1 AES_CM_128_HMAC_SHA1_80 inline:" + key30 + "|2^20|256:1", "1 AES_CM_128_HMAC_SHA1_80 inline:" + key30 + "|1:0",
		"1 AES_CM_128_HMAC_SHA1_80 inline:" + key30 + "|1:17", "1 AES_CM_128_HMAC_SHA1_80 inline:" + key30 + "|2^20|1:4|2:4",
		"1 AES_CM_128_HMAC_SHA1_80 inline:" + key30 + " UNENCRYPTED_SRTP", "1 AES_CM_128_HMAC_SHA1_80 inline:" + key30 + " UNAUTHENTICATED_SRTP",
		"1 AES_CM_128_HMAC_SHA1_80 inline:" + key30 + " KDR=1", "1 AES_CM_128_HMAC_SHA1_80 inline:" + key30 + " FEC_ORDER=FEC_SRTP",
	} {
		c, err := parseCrypto(text)
		if !errors.Is(err, errCryptoLine) {
			t.Errorf("%q was taken for %v", text, c)
			continue
		}
		if strings.Contains(err.Error(), key30[:8]) || strings.Contains(err.Error(), key28[:8]) {
			t.Errorf("the error tells the key: %v", err)
		}
	}
}

func TestAKeyShowsNothingHoweverItIsPrinted(t *testing.T) {
	line, err := parseCrypto("1 AES_CM_128_HMAC_SHA1_80 inline:" + key30)
	if err != nil {
		t.Fatal(err)
	}
	secret, _, _ := line.key.Bytes(line.suite)
	a := Agreement{Crypto: &Crypto{Suite: line.suite, Send: line.key, Receive: line.key}}
	encoded, err := json.Marshal(a)
	if err != nil {
		t.Fatal(err)
	}
	for _, shown := range []string{
		fmt.Sprint(a.Crypto), fmt.Sprintf("%+v", a), fmt.Sprintf("%#v", *a.Crypto), fmt.Sprintf("%x %s %q %d", line.key, line.key, line.key, line.key),
		fmt.Sprintf("%v", []Key{line.key}), string(encoded),
	} {
		for _, form := range []string{string(secret), fmt.Sprintf("%x", secret), base64.StdEncoding.EncodeToString(secret)[:16], fmt.Sprint(secret)[1:20]} {
			if strings.Contains(shown, form) {
				t.Errorf("%q shows the key", shown)
			}
		}
	}
}

// FuzzCrypto: a crypto line is refused, or means a key of its suite's size, which is written as it was read.
func FuzzCrypto(f *testing.F) {
	f.Add("1 AES_CM_128_HMAC_SHA1_80 inline:" + key30 + "|2^20|1:4 WSH=64")
	f.Add("2 AEAD_AES_256_GCM inline:" + key44)
	f.Add("3 AEAD_AES_128_GCM inline:" + key28 + "|1:16")
	f.Add("1 AES_CM_128_HMAC_SHA1_32 inline:" + key30 + ";inline:" + key30)
	f.Fuzz(func(t *testing.T, text string) {
		c, err := parseCrypto(text)
		if err != nil {
			return
		}
		key, salt, mki := c.key.Bytes(c.suite)
		if k, s := c.suite.Sizes(); len(key) != k || len(salt) != s || k == 0 || len(mki) > maxMKI {
			t.Fatalf("%d, %d and %d bytes of %s", len(key), len(salt), len(mki), c.suite)
		}
		var b strings.Builder
		c.write(&b)
		again, err := parseCrypto(strings.TrimSpace(strings.TrimPrefix(b.String(), "a=crypto:")))
		if err != nil || again.key.secret != c.key.secret || again.tag != c.tag || again.suite != c.suite {
			t.Fatalf("%q reads back as %v, %v", text, again.tag, err)
		}
	})
}
