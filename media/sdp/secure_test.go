package sdp

import (
	"errors"
	"strings"
	"testing"
)

func securely(s Security) *Local {
	l := newLocal()
	l.Security = s
	return l
}

// Crypto lines of a peer.
var (
	sha80  = "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:" + key30
	sha32  = "a=crypto:7 AES_CM_128_HMAC_SHA1_32 inline:" + key30
	gcm    = "a=crypto:2 AEAD_AES_256_GCM inline:" + key44
	alien  = "a=crypto:3 AES_192_CM_HMAC_SHA1_80 inline:" + key30
	savp   = "m=audio 40000 RTP/SAVP 8"
	avp    = "m=audio 40000 RTP/AVP 8"
	avpOff = "m=audio 0 RTP/AVP 8"
)

// cryptoOf lists the crypto lines of a description's medium.
func cryptoOf(d *Description, medium int) (list []string) {
	for _, line := range d.Media[medium].Lines {
		if strings.HasPrefix(line.Value, "crypto:") {
			list = append(list, line.Value)
		}
	}
	return list
}

func TestOffersAreAnsweredAsTheSettingSays(t *testing.T) {
	for _, c := range []struct {
		name  string
		set   Security
		offer []string
		suite Suite // "" is not encrypted
		err   error
	}{
		{"off, plain", Plain, []string{avp}, "", nil},
		{"off, plain with keys", Plain, []string{avp, sha80}, "", nil},
		{"off, encrypted", Plain, []string{savp, sha80}, "", ErrNoAudio},
		{"optional, plain", Opportunistic, []string{avp}, "", nil},
		{"optional, plain with keys", Opportunistic, []string{avp, sha80}, AES128SHA1x80, nil},
		{"optional, plain with keys we lack", Opportunistic, []string{avp, alien}, "", nil},
		{"optional, encrypted", Opportunistic, []string{savp, sha80}, AES128SHA1x80, nil},
		{"optional, encrypted in no way of ours", Opportunistic, []string{savp, alien}, "", ErrCrypto},
		{"optional, encrypted without a key", Opportunistic, []string{savp}, "", ErrCrypto},
		{"optional, either", Opportunistic, []string{avp, savp, sha80}, AES128SHA1x80, nil},
		{"required, plain", Secure, []string{avp}, "", ErrUnencrypted},
		{"required, plain with keys", Secure, []string{avp, sha80}, AES128SHA1x80, nil},
		{"required, plain with keys we lack", Secure, []string{avp, alien}, "", ErrCrypto},
		{"required, encrypted", Secure, []string{savp, sha80}, AES128SHA1x80, nil},
		{"required, with feedback", Secure, []string{"m=audio 40000 RTP/SAVPF 8", sha80}, AES128SHA1x80, nil},
		{"required, the peer's first way that we speak", Secure, []string{savp, alien, sha32, gcm, sha80}, AES128SHA1x32, nil},
	} {
		body, a, err := securely(c.set).Answer(mustParse(t, offer(c.offer...)))
		if !errors.Is(err, c.err) || (err == nil) != (c.err == nil) {
			t.Errorf("%s: %v, want %v", c.name, err, c.err)
			continue
		}
		if err != nil {
			continue
		}
		d := mustParse(t, body)
		for i := range d.Media {
			written := cryptoOf(d, i)
			switch used := d.Media[i].Port != 0; {
			case !used || c.suite == "":
				if len(written) > 0 || c.suite == "" && a.Crypto != nil {
					t.Errorf("%s: keys in a line that is not encrypted: %v", c.name, written)
				}
			case a.Crypto == nil || a.Crypto.Suite != c.suite || len(written) != 1 || !strings.Contains(written[0], string(c.suite)+" inline:"):
				t.Errorf("%s: %v, %v, want %s", c.name, a.Crypto, written, c.suite)
			case strings.Contains(written[0], key30) || a.Crypto.Send == a.Crypto.Receive:
				t.Errorf("%s: the peer's key came back", c.name)
			}
		}
	}
}

func TestTheAnswerNamesTheTagThatItTook(t *testing.T) {
	d, a := answer(t, securely(Secure), offer(savp, alien, sha32, sha80))
	if got := cryptoOf(d, 0); len(got) != 1 || !strings.HasPrefix(got[0], "crypto:7 AES_CM_128_HMAC_SHA1_32 ") {
		t.Errorf("%v", got)
	}
	if key, _, _ := a.Crypto.Receive.Bytes(a.Crypto.Suite); string(key) != "YS___semctl () {" {
		t.Errorf("the peer's key is read as %q", key)
	}
}

func TestTwoPeersAgreeOnKeysWhereTheirSettingsAllow(t *testing.T) {
	for _, c := range []struct {
		from, to Security
		secure   bool
		err      error
	}{
		{Plain, Plain, false, nil}, {Plain, Opportunistic, false, nil}, {Plain, Secure, false, ErrUnencrypted},
		{Opportunistic, Plain, false, nil}, {Opportunistic, Opportunistic, true, nil}, {Opportunistic, Secure, true, nil},
		{Secure, Plain, false, ErrNoAudio}, {Secure, Opportunistic, true, nil}, {Secure, Secure, true, nil},
	} {
		a, b := securely(c.from), securely(c.to)
		body, theirs, err := b.Answer(mustParse(t, a.Offer(SendRecv)))
		if !errors.Is(err, c.err) || (err == nil) != (c.err == nil) {
			t.Errorf("%d to %d: %v, want %v", c.from, c.to, err, c.err)
			continue
		}
		if err != nil {
			continue
		}
		ours, err := a.Accept(mustParse(t, body))
		if err != nil {
			t.Errorf("%d to %d: %v", c.from, c.to, err)
			continue
		}
		if !c.secure {
			if ours.Crypto != nil || theirs.Crypto != nil {
				t.Errorf("%d to %d: encrypted", c.from, c.to)
			}
			continue
		}
		x, y := ours.Crypto, theirs.Crypto
		if x == nil || y == nil || x.Suite != AES256GCM || y.Suite != x.Suite || x.Send != y.Receive || y.Send != x.Receive || x.Send == x.Receive {
			t.Errorf("%d to %d: %v and %v", c.from, c.to, x, y)
		}
	}
}

func TestAnAnswerThatIsNotEncryptedIsTakenOnlyWhereItMayBe(t *testing.T) {
	for _, c := range []struct {
		name   string
		set    Security
		answer []string
		err    error
	}{
		{"required, plain", Secure, []string{avp}, ErrUnencrypted},
		{"required, without a key", Secure, []string{savp}, ErrCrypto},
		{"required, a suite under another's tag", Secure, []string{savp, "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:" + key30}, ErrCrypto},
		{"required, a tag that was not offered", Secure, []string{savp, "a=crypto:9 AES_CM_128_HMAC_SHA1_80 inline:" + key30}, ErrCrypto},
		{"optional, plain", Opportunistic, []string{avp}, nil},
		{"optional, encrypted", Opportunistic, []string{avp, "a=crypto:3 AES_CM_128_HMAC_SHA1_80 inline:" + key30}, nil},
	} {
		l := securely(c.set)
		l.Offer(SendRecv)
		if _, err := l.Accept(mustParse(t, offer(c.answer...))); !errors.Is(err, c.err) || (err == nil) != (c.err == nil) {
			t.Errorf("%s: %v, want %v", c.name, err, c.err)
		}
	}
}

func TestOurKeyStaysWhileItsSuiteIsInUseAndNeverComesBack(t *testing.T) {
	l := securely(Opportunistic)
	_, first := answer(t, l, offer(savp, sha80))
	_, again := answer(t, l, offer(savp, strings.Replace(sha80, "WVNf", "AAAA", 1)))
	if again.Crypto.Send != first.Crypto.Send || again.Crypto.Receive == first.Crypto.Receive {
		t.Error("a peer's new key: want its new one, and ours as it was")
	}
	if body := l.Offer(SendRecv); !strings.Contains(string(body), "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:") {
		t.Errorf("our own re-offer lacks what is in use:\n%s", body)
	}
	held, suspended := answer(t, l, offer("m=audio 0 RTP/SAVP 8"))
	if suspended.Crypto == nil || suspended.Crypto.Send != first.Crypto.Send || held.Media[0].Port != 0 {
		t.Error("a hold by port 0 lost the keys")
	}
	_, other := answer(t, l, offer(savp, gcm))
	_, back := answer(t, l, offer(savp, sha80))
	if other.Crypto.Send == first.Crypto.Send || back.Crypto.Send == first.Crypto.Send {
		t.Error("a key came back after another suite")
	}
	_, plain := answer(t, l, offer(avp))
	_, secure := answer(t, l, offer(savp, sha80))
	if plain.Crypto != nil || secure.Crypto.Send == back.Crypto.Send {
		t.Error("a key came back after plain RTP")
	}
}

func TestWhatIsRefusedLeavesTheKeysInUse(t *testing.T) {
	l := securely(Secure)
	_, first := answer(t, l, offer(savp, sha80))
	for _, bad := range [][]string{{avp}, {savp, alien}, {savp}} {
		if _, _, err := l.Answer(mustParse(t, offer(bad...))); err == nil {
			t.Errorf("%v was taken", bad)
		}
	}
	if _, again := answer(t, l, offer(savp, sha80)); again.Crypto.Send != first.Crypto.Send {
		t.Error("a refused re-offer changed our key")
	}
}
