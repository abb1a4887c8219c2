package call

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"go.uber.org/zap"

	"assent/consent"
	"assent/event"
	"assent/media"
	"assent/recorder"
	"assent/sip"
)

// Whichever channel speaks first, each one's first sample is held against its
// stream's floor.
func TestEveryChannelsFirstSampleIsHeldAgainstTheFloor(t *testing.T) {
	for name, order := range map[string][]int{"caller first": {0, 1}, "agent first": {1, 0}} {
		t.Run(name, func(t *testing.T) {
			var below uint64
			c := recordingCall(t, func(_ string, samples uint64) { below += samples })
			c.gate = gate{open: true, barrier: media.Barrier{Floors: []media.Floor{{Leg: "caller", SSRC: 7, RTPTime: 1000}}}}
			for _, channel := range order {
				c.rec.writer.Place(channel, 0, make([]int16, 160))
				c.onFirstSample(media.FirstSampleNotice{Channel: channel, SSRC: uint32(7 + channel), RTPTime: 840})
			}
			if below != 160 {
				t.Errorf("%d samples below the barrier were counted, want 160", below)
			}
		})
	}
}

func TestRecordingThatEndsBeforeAnyAudioEndsQuietly(t *testing.T) {
	for name, before := range map[string]func(*recorder.Recording){
		"nothing happened":   func(*recorder.Recording) {},
		"the station joined": func(r *recorder.Recording) { r.Update(func(s *recorder.Spec) { s.Station = "agent-1" }) },
		"time went by":       func(r *recorder.Recording) { r.Advance(800) },
	} {
		t.Run(name, func(t *testing.T) {
			w := recordingCall(t, nil).rec.writer
			before(w)
			w.Finish(recorder.Final{Position: 800})
			<-w.Done()
			if r := w.Result(); r.Result != recorder.ResultTooShort || r.File != "" {
				t.Errorf("result %+v, want too_short and no file", r)
			}
		})
	}
}

// recordingCall is a call whose recorder runs, without media.
func recordingCall(t *testing.T, unconsented func(string, uint64)) *Call {
	t.Helper()
	log := zap.NewNop()
	ledger, err := consent.Open(filepath.Join(t.TempDir(), "ledger"), log)
	if err != nil {
		t.Fatal(err)
	}
	rec, err := recorder.New(recorder.Config{Dir: t.TempDir(), Format: "wav"}, recorder.Deps{Log: log})
	if err == nil {
		err = rec.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := rec.Close(context.Background()); err != nil {
			t.Error(err)
		}
		if err := ledger.Close(); err != nil {
			t.Error(err)
		}
	})
	durable := make(chan error, 1)
	durable <- nil
	c := &Call{id: event.NewID(), log: log, folder: event.NewFolder(), rules: &Rules{}, invite: &sip.Invite{}, mail: newMailbox()}
	c.deps = &Deps{Now: time.Now, Events: event.New(), Ledger: ledger, Unconsented: unconsented}
	c.caller.name = "caller"
	c.rec.writer = rec.Open(recorder.Spec{ID: event.NewID(), Call: c.id, Channels: make([]recorder.Channel, 2)}, durable)
	return c
}
