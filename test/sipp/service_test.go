package sipp

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"assent/event"
	"assent/test/service"
)

// drainTime is what a drained service needs to end after its last call.
const drainTime = 10 * time.Second

// pcmSecond is a second of recording in bytes: 16 bits on two channels.
const pcmSecond = 8000 * 2 * 2

func TestSIGTERMLetsCallsEndAndTakesNoNewOnes(t *testing.T) {
	w := start(t, setup{})
	w.stations("answers")
	running := w.begins("yes-by-info", "for", "2500")
	w.logged(`"msg":"call.bridged"`)
	w.Signal(syscall.SIGTERM)
	w.logged(`"msg":"draining"`)
	w.calls("refused", "status", "503")
	w.calls("options", "status", "503")
	if code, _ := w.Get("/readyz"); code != 503 {
		t.Errorf("/readyz of a draining node is %d", code)
	}
	running.wait()
	if code := w.Wait(drainTime); code != 0 {
		t.Errorf("the service ended with %d", code)
	}
	records := w.CDRs()
	if len(records) != 2 {
		t.Fatalf("%d CDRs of 2 calls", len(records))
	}
	w.matches(records[0], refusal(503, 42, "draining"))
	w.matches(records[1], recorded("info"))
	w.hears(records[1])
	w.always()
}

func TestASecondSIGTERMHangsUpAndKeepsTheRecording(t *testing.T) {
	w := start(t, setup{})
	w.stations("answers")
	running := w.begins("yes-and-stays")
	service.Until(t, "a second of recording", func() bool { return w.partSize() > pcmSecond })
	w.Signal(syscall.SIGTERM)
	w.logged(`"msg":"draining"`)
	w.Signal(syscall.SIGTERM)
	running.wait()
	w.agents[0].wait()
	if code := w.Wait(drainTime); code != 0 {
		t.Errorf("the service ended with %d", code)
	}
	want := recorded("info")
	want.By, want.Reason = event.BySystem, "shutdown"
	w.leaves(want)
}

func TestSIGHUPChangesLaterCallsAndNoRunningOne(t *testing.T) {
	w := start(t, setup{})
	w.stations("answers")
	before := w.begins("yes-by-info")
	w.logged(`"msg":"call.answered"`)
	w.Write("assent.yaml", w.configuration(setup{QueueOff: true}))
	w.Signal(syscall.SIGHUP)
	w.logged(`"msg":"config.reloaded"`)
	before.wait()
	first := w.CDR(1)
	w.matches(first, recorded("info"))

	w.agents[0].wait()
	w.agents[0] = w.stationAt(0, "answers")
	w.calls("yes-by-info")
	second := w.CDR(2)
	want := unrecorded("granted", "queue_disabled")
	want.Ledger = "consent barrier"
	w.matches(second, want)
	if first.ConfigVersion == second.ConfigVersion {
		t.Errorf("both calls ran by configuration %s", first.ConfigVersion)
	}
	w.always()
}

func TestSIGHUPWithAnErrorChangesNothing(t *testing.T) {
	w := start(t, setup{})
	w.stations("answers")
	for _, broken := range []string{
		strings.Replace(w.configuration(setup{QueueOff: true}), "strategy: in_order", "strateggy: in_order", 1),
		strings.Replace(w.configuration(setup{QueueOff: true}), "ports: 20000-20199", "ports: 20000-20099", 1), // only a restart can
	} {
		rejected := strings.Count(w.Log(), `"msg":"config.rejected"`)
		w.Write("assent.yaml", broken)
		w.Signal(syscall.SIGHUP)
		service.Until(t, "the rejection", func() bool { return strings.Count(w.Log(), `"msg":"config.rejected"`) > rejected })
	}
	if !strings.Contains(w.Log(), "strateggy") {
		t.Error("the log does not name the wrong key")
	}
	w.Write("assent.yaml", w.configuration(setup{}))
	w.calls("yes-by-info")
	w.hears(w.leaves(recorded("info")))
}

// The process dies in mid-recording. The next start makes the file whole and
// writes the record of the call that it did not live to end.
func TestAfterKillTheFileIsWholeAndTheCallHasItsRecord(t *testing.T) {
	w := start(t, setup{})
	w.stations("answers")
	caller := w.begins("yes-by-info", "for", "9000")
	service.Until(t, "two seconds of recording", func() bool { return w.partSize() > 2*pcmSecond })
	w.Kill()
	caller.kill()
	w.agents[0].kill()
	w.Restart()

	cdr := w.CDR(1)
	want := recorded("info")
	want.By, want.Reason = event.ByCrash, "crash"
	want.Queue, want.Station = cdr.Queue, cdr.Station // what the store knew then
	want.NeverAnswered = cdr.AnsweredAt.IsZero()
	want.Result = cdr.Recording.Result
	w.matches(cdr, want)
	if !slices.Contains([]string{event.ResultOK, event.ResultDegraded}, cdr.Recording.Result) {
		t.Errorf("the recording is %s", cdr.Recording.Result)
	}
	if cdr.Recording.DurationMS < 1500 { // at most half a second is lost
		t.Errorf("%d ms of at least 2000 are there", cdr.Recording.DurationMS)
	}
	w.hears(cdr)
	w.always()

	w.Kill()
	w.Restart() // what was recovered is not recovered again
	w.CDR(1)
	w.always()
}

// partSize is the size of the recording that grows.
func (w *world) partSize() int64 {
	parts, err := filepath.Glob(filepath.Join(w.Dir, "recordings", "*.wav.part"))
	if err != nil || len(parts) == 0 {
		return 0
	}
	info, err := os.Stat(parts[0])
	if err != nil {
		return 0
	}
	return info.Size()
}
