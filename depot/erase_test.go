package depot

import (
	"context"
	"errors"
	"net/http"
	"os"
	"strings"
	"testing"
)

func TestAnErasedRecordingIsNowhereAndItsKeyGoesFirst(t *testing.T) {
	stores(t, func(t *testing.T, cfg Config) {
		g := newRig(t, cfg)
		d := g.open()
		ctx := context.Background()
		for _, stored := range []bool{false, true} {
			g.record("01JERASE", "a", sound(100))
			must(t, os.WriteFile(d.path("01JERASE", keyEnding), []byte("wrapped"), 0o600))
			if stored {
				must(t, d.put(ctx, "01JERASE"))
			} else {
				d.Add("01JERASE")
			}
			for range 2 {
				must(t, d.Erase(ctx, "01JERASE", ""))
			}
			name := d.layout.name(&facts{ID: "01JERASE", StartedAt: g.started23()})
			for _, ending := range []string{".wav", ".json", ".key"} {
				if _, err := d.store.Stat(ctx, name+ending); !errors.Is(err, ErrNotFound) {
					t.Errorf("stored %t: %s: %v", stored, ending, err)
				}
			}
			if len(g.left()) != 0 || d.Stats().Waiting != 0 {
				t.Errorf("left %v, %+v", g.left(), d.Stats())
			}
		}
		if err := d.Erase(ctx, "../x", ""); !errors.Is(err, ErrNotFound) {
			t.Error(err)
		}
		if err := d.Erase(ctx, "01JELSE", "s3://elsewhere/01JELSE.wav"); err == nil {
			t.Error("what is elsewhere was not erased")
		}
	})
}

func TestAnErasureWaitsForWhatIsOnItsWayAndCanBeRepeated(t *testing.T) {
	c := newCloud(t)
	g := newRig(t, c.config())
	begun, release := make(chan struct{}, 10), make(chan struct{})
	c.put(func(_ http.ResponseWriter, r *http.Request) bool {
		if r.Method == http.MethodPut && strings.HasSuffix(r.URL.Path, ".wav") {
			begun <- struct{}{}
			<-release
		}
		return false
	})
	d := g.started()
	g.record("01JBUSY", "a", sound(100))
	d.Add("01JBUSY")
	<-begun
	if err := d.Erase(context.Background(), "01JBUSY", ""); !errors.Is(err, ErrBusy) || len(g.left()) != 2 {
		t.Error(err, g.left())
	}
	close(release)
	until(func() bool { return d.Stats().Waiting == 0 })
	c.put(func(w http.ResponseWriter, r *http.Request) bool {
		if r.Method == http.MethodDelete {
			w.WriteHeader(http.StatusServiceUnavailable)
			return true
		}
		return false
	})
	if d.Erase(context.Background(), "01JBUSY", "") == nil {
		t.Error("the store is away")
	}
	c.put(nil)
	must(t, d.Erase(context.Background(), "01JBUSY", ""))
	if _, err := d.store.Stat(context.Background(), "2026/11/23/01JBUSY.wav"); !errors.Is(err, ErrNotFound) {
		t.Error(err)
	}
}
