package vault

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"go.uber.org/zap"
)

func pinIn(t *testing.T) Pin { return Pin{filepath.Join(t.TempDir(), "kek.json")} }

// opened returns a vault that has been started.
func opened(t *testing.T, cfg Config, pin Pin) *Vault {
	t.Helper()
	v, err := New(cfg, pin.Check, zap.NewNop())
	must(t, err)
	v.Start()
	t.Cleanup(v.Close)
	return v
}

func TestEachRecordingHasAKeyOfItsOwnThatTheKEKOpens(t *testing.T) {
	v := opened(t, Config{Key: NewKeyText()}, pinIn(t))
	must(t, v.Ready())
	one, err := v.NewKey("01JONE")
	must(t, err)
	text, err := one.Text()
	must(t, err)
	again, err := v.Open(context.Background(), text)
	must(t, err)
	raw, _ := sample(t, one, 3)
	must(t, Check(raw, int64(len(raw.b)), again, Audio))
	for {
		two, err := v.NewKey("01JONE")
		if errors.Is(err, ErrNotReady) {
			continue // the stock is refilled
		}
		must(t, err)
		if Check(raw, int64(len(raw.b)), two, Audio) == nil {
			t.Error("two recordings have one key")
		}
		return
	}
}

func TestAKeyThatComesLateMakesTheVaultReady(t *testing.T) {
	path := filepath.Join(t.TempDir(), "kek")
	synctest.Test(t, func(t *testing.T) {
		v := opened(t, Config{Key: "file:" + path}, pinIn(t))
		if err := v.Ready(); err == nil || !strings.Contains(err.Error(), path) {
			t.Fatal(err)
		}
		if _, err := v.NewKey("01J"); !errors.Is(err, ErrNotReady) {
			t.Fatal(err)
		}
		if _, err := v.Open(context.Background(), nil); !errors.Is(err, ErrUnknownKEK) {
			t.Fatal(err)
		}
		must(t, os.WriteFile(path, []byte(NewKeyText()+"\n"), 0o600))
		for v.Ready() != nil {
			<-afterRetry()
		}
		v.Close()
	})
}

func TestAWrongKEKIsNoticedBeforeAnythingIsWrappedByIt(t *testing.T) {
	pin, right, wrong := pinIn(t), NewKeyText(), NewKeyText()
	must(t, opened(t, Config{Key: right}, pin).Ready())
	if err := opened(t, Config{Key: wrong}, pin).Ready(); err == nil || !strings.Contains(err.Error(), "old_keys") {
		t.Fatal(err)
	}
	must(t, opened(t, Config{Key: right}, pin).Ready())
	must(t, opened(t, Config{Key: wrong, OldKeys: []string{right}}, pin).Ready()) // a rotation
	if opened(t, Config{Key: right}, pin).Ready() == nil {
		t.Error("the key before the rotation is taken again")
	}
	must(t, os.WriteFile(pin.Path, []byte("{"), 0o600))
	if opened(t, Config{Key: wrong}, pin).Ready() == nil {
		t.Error("a damaged pin is believed")
	}
}

func TestRotationRewrapsAndOldKeysAreKeptForReading(t *testing.T) {
	ctx, before, after := context.Background(), NewKeyText(), NewKeyText()
	old := ringOf(t, before)
	k, err := fresh(ctx, old)
	must(t, err)
	k.wrapped.Recording = "01JROTATE"
	text, err := k.wrapped.encode()
	must(t, err)
	both, next := ringOf(t, after, before), ringOf(t, after)
	if _, err := next.Open(ctx, text); !errors.Is(err, ErrUnknownKEK) || !strings.Contains(err.Error(), old.Current()) {
		t.Fatal(err)
	}
	key, err := both.Open(ctx, text)
	must(t, err)
	raw, _ := sample(t, key, 3)
	fresh, changed, err := both.Rewrap(ctx, text)
	if err != nil || !changed {
		t.Fatal(changed, err)
	}
	key, err = next.Open(ctx, fresh)
	must(t, err)
	must(t, Check(raw, int64(len(raw.b)), key, Audio))
	if _, changed, err := both.Rewrap(ctx, fresh); changed || err != nil {
		t.Error(changed, err)
	}
	for at := range fresh {
		bad := []byte(string(fresh))
		bad[at] ^= 1
		if k, err := next.Open(ctx, bad); err == nil && k.Recording() == "01JROTATE" {
			t.Fatalf("a flip in byte %d of a key file was not noticed", at)
		}
	}
}

func TestReferencesToKeysAreCheckedWithoutShowingThem(t *testing.T) {
	secret := NewKeyText()
	for _, c := range []struct {
		cfg  Config
		want string
	}{
		{Config{}, ""},
		{Config{Key: secret}, ""},
		{Config{Key: "file:/run/kek", OldKeys: []string{"env:OLD_KEK"}}, ""},
		{Config{Key: "https://kms.example/v1/transit/keys/rec", Token: "t"}, ""},
		{Config{Key: "http://127.0.0.1:8200/v1/transit/keys/rec", Token: "t"}, ""},
		{Config{Key: "http://kms.example/v1/transit/keys/rec", Token: "t"}, "use https"},
		{Config{Key: "https://kms.example/v1/transit/keys/rec"}, "token"},
		{Config{Key: "https://kms.example/keys/rec/", Token: "t"}, "path"},
		{Config{Key: "https://kms.example/v1/transit/keys/rec?x=1", Token: "t"}, "URL"},
		{Config{Key: "file:"}, "names nothing"},
		{Config{Key: "vault:x"}, "file:PATH"},
		{Config{Key: secret[:20]}, "32 bytes"},
		{Config{Key: base64.StdEncoding.EncodeToString(make([]byte, 32))}, "the same"},
		{Config{OldKeys: []string{secret}}, "key: is empty"},
		{Config{Key: secret, OldKeys: []string{secret}}, "twice"},
	} {
		err := c.cfg.Validate()
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: %v, want %q", c.cfg, err, c.want)
		}
		if err != nil && strings.Contains(err.Error(), secret[:20]) {
			t.Errorf("the error shows the key: %v", err)
		}
	}
}

// kms is a key management service that speaks Transit: it holds one key.
type kms struct {
	*httptest.Server
	down atomic.Bool
	asks atomic.Int64
}

func newKMS(t *testing.T) *kms {
	t.Helper()
	kek, err := newLocalKEK([]byte("0123456789abcdef0123456789abcdef"))
	must(t, err)
	k := &kms{}
	k.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		k.asks.Add(1)
		var q struct {
			Plaintext  []byte `json:"plaintext"`
			Ciphertext string `json:"ciphertext"`
		}
		switch err := json.NewDecoder(r.Body).Decode(&q); {
		case k.down.Load():
			w.WriteHeader(http.StatusServiceUnavailable)
		case err != nil, r.Header.Get("X-Vault-Token") != "s.token":
			w.WriteHeader(http.StatusForbidden)
		case r.URL.Path == "/v1/transit/encrypt/rec":
			b, err := kek.Wrap(r.Context(), q.Plaintext)
			must(t, err)
			must(t, json.NewEncoder(w).Encode(map[string]any{"data": map[string]any{"ciphertext": "vault:v1:" + base64.StdEncoding.EncodeToString(b)}}))
		case r.URL.Path == "/v1/transit/decrypt/rec":
			b, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(q.Ciphertext, "vault:v1:"))
			must(t, err)
			if b, err = kek.Unwrap(r.Context(), b); err != nil {
				w.WriteHeader(http.StatusBadRequest)
				return
			}
			must(t, json.NewEncoder(w).Encode(map[string]any{"data": map[string]any{"plaintext": b}}))
		default:
			w.WriteHeader(http.StatusNotFound)
		}
	}))
	t.Cleanup(k.Close)
	return k
}

func TestAKeyManagementServiceWrapsAndItsOutageIsBridgedByTheStock(t *testing.T) {
	k := newKMS(t)
	v := opened(t, Config{Key: k.URL + "/v1/transit/keys/rec", Token: "s.token"}, pinIn(t))
	must(t, v.Ready())
	one, err := v.NewKey("01JKMS")
	must(t, err)
	text, err := one.Text()
	must(t, err)
	if !strings.Contains(string(text), k.URL) {
		t.Errorf("the key file does not name its KEK: %s", text)
	}
	again, err := v.Open(context.Background(), text)
	must(t, err)
	raw, _ := sample(t, one, 2)
	must(t, Check(raw, int64(len(raw.b)), again, Audio))
	k.down.Store(true)
	if _, err := v.Open(context.Background(), text); err == nil {
		t.Error("the service is down")
	}
	taken := 0
	for v.Ready() == nil {
		if _, err := v.NewKey("01JMORE"); err == nil {
			taken++
		}
	}
	if taken > stock+1 {
		t.Errorf("%d keys came out of a stock of %d", taken, stock)
	}
	if err := v.Ready(); !strings.Contains(err.Error(), "503") {
		t.Error(err)
	}
	k.down.Store(false)
	for v.Ready() != nil { // the next try
		<-afterRetry()
	}
}

func TestAServiceThatRefusesUsIsTold(t *testing.T) {
	k := newKMS(t)
	for cfg, want := range map[string]string{"/v1/transit/keys/rec": "403", "/v1/transit/keys/other": "404"} {
		token := "s.token"
		if want == "403" {
			token = "wrong"
		}
		v := opened(t, Config{Key: k.URL + cfg, Token: token}, pinIn(t))
		if err := v.Ready(); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), token) {
			t.Error(err)
		}
	}
}

// FuzzWrapped reads key files that nobody wrote.
func FuzzWrapped(f *testing.F) {
	key, _ := keyOf(f, "01JFUZZ")
	text, err := key.Text()
	must(f, err)
	f.Add(text)
	f.Add([]byte(`{"v":1}`))
	ring := ringOf(f, NewKeyText())
	f.Fuzz(func(t *testing.T, b []byte) {
		if w, err := ParseWrapped(b); err == nil {
			if again, err := w.encode(); err != nil || string(again) != string(b) {
				t.Fatal("read and written differently")
			}
		}
		if _, err := ring.Open(context.Background(), b); err == nil {
			t.Fatal("a stranger's key opens")
		}
	})
}
