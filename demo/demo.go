package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"text/tabwriter"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"assent/app"
	"assent/consent"
	"assent/demo/phone"
	"assent/event"
)

// Options of a run.
type Options struct {
	Out  io.Writer
	Keep <-chan struct{} // if set, the service stays up until it is closed
}

// callTimeout bounds one call of the demonstration.
const callTimeout = 40 * time.Second

// stage is the running demonstration.
type stage struct {
	dir     string
	app     *app.App
	service netip.AddrPort
	agent   *phone.Phone
	speech  speech

	mu   sync.Mutex
	cdrs map[string]event.CDR // by the caller's number and the called one
}

// outcome is what became of one story.
type outcome struct {
	story
	cdr event.CDR
	err error
}

// Run places every call and prints the table. It returns an error if any call
// did not come out as promised.
func Run(ctx context.Context, o Options) error {
	s, err := set()
	if err != nil {
		return err
	}
	defer s.agent.Close()
	outcomes := append(s.placeAll(ctx, stories), s.placeAll(ctx, laterStories)...)
	failed := s.report(o.Out, outcomes)
	if o.Keep != nil {
		fmt.Fprintf(o.Out, "the service stays up: SIP udp://%s, http://%s/readyz; Ctrl-C ends it\n", s.service, s.app.APIAddr())
		<-o.Keep
	}
	stop, done := context.WithTimeout(context.Background(), callTimeout)
	defer done()
	err = s.app.Stop(stop)
	if _, ledger := consent.Verify(filepath.Join(s.dir, "ledger")); ledger != nil {
		err = errors.Join(err, fmt.Errorf("ledger: %w", ledger))
	}
	if failed > 0 {
		err = errors.Join(err, fmt.Errorf("%d of %d calls did not come out as promised; the log is %s", failed, len(outcomes), filepath.Join(s.dir, "assent.log")))
	}
	return err
}

// set builds the stage: a station, a folder, the service.
func set() (*stage, error) {
	s := &stage{cdrs: map[string]event.CDR{}}
	var err error
	if s.speech, err = loadSpeech(); err != nil {
		return nil, err
	}
	if s.dir, err = os.MkdirTemp("", "assent-demo-"); err != nil {
		return nil, err
	}
	if s.agent, err = phone.New(netip.MustParseAddr("127.0.0.1"), "agent-1"); err != nil {
		return nil, err
	}
	s.agent.OnCall = func(*phone.Call) phone.Answer {
		return phone.Answer{Status: 200, After: 300 * time.Millisecond, Codec: "PCMA", Voice: s.speech.agent}
	}
	s.agent.Start()
	if err := s.start(); err != nil {
		s.agent.Close()
		return nil, err
	}
	return s, nil
}

// start starts the service with its log beside the recordings.
func (s *stage) start() error {
	path, err := layOut(s.dir, s.agent.URI())
	if err != nil {
		return err
	}
	z := zap.NewProductionConfig()
	z.OutputPaths, z.Sampling = []string{filepath.Join(s.dir, "assent.log")}, nil
	z.DisableStacktrace, z.DisableCaller = true, true
	z.EncoderConfig.EncodeTime = zapcore.RFC3339NanoTimeEncoder
	log, err := z.Build()
	if err != nil {
		return err
	}
	if s.app, err = app.New(app.Options{Config: path, Log: log}); err != nil {
		return err
	}
	if err := s.app.Start(context.Background()); err != nil {
		return err
	}
	s.app.CDRs(func(c event.CDR) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.cdrs[c.From+" "+c.To] = c
	})
	s.service, err = netip.ParseAddrPort(strings.TrimPrefix(s.app.SIPAddrs()[0], "udp://"))
	return err
}

// placeAll places calls side by side and waits for all.
func (s *stage) placeAll(ctx context.Context, list []story) []outcome {
	outcomes := make([]outcome, len(list))
	var wg sync.WaitGroup
	for i, st := range list {
		wg.Go(func() {
			ctx, done := context.WithTimeout(ctx, callTimeout)
			defer done()
			outcomes[i] = s.place(ctx, st)
		})
	}
	wg.Wait()
	return outcomes
}

// place lives one story as the caller, and checks what came of it.
func (s *stage) place(ctx context.Context, st story) outcome {
	o := outcome{story: st}
	caller, err := phone.New(netip.MustParseAddr("127.0.0.1"), st.from)
	if err != nil {
		o.err = err
		return o
	}
	defer caller.Close()
	caller.Start()
	if o.err = s.talk(ctx, caller, st); o.err != nil {
		return o
	}
	if o.cdr, o.err = s.cdr(ctx, st); o.err == nil {
		o.err = s.check(o)
	}
	return o
}

// talk calls, answers the question, talks for two seconds and hangs up.
func (s *stage) talk(ctx context.Context, caller *phone.Phone, st story) error {
	voice := s.speech.before
	if st.known { // nothing is asked: all of the call is after the consent
		voice = s.speech.after
	}
	call, err := caller.Dial(ctx, s.service, st.number, phone.Options{Codec: "PCMA", Voice: voice})
	if err != nil {
		return err
	}
	if !st.known {
		if err := questionOver(ctx, call); err != nil {
			return err
		}
		if st.key != "" {
			call.Press(st.key)
		}
		call.Say(s.speech.after)
	}
	if err := until(ctx, func() bool { return phone.Level(tail(call.Heard(), 8000), toneAgent) > presentDB }); err != nil {
		return fmt.Errorf("the caller never heard the agent: %w", err)
	}
	time.Sleep(2 * time.Second) // the talk itself
	if call.EndedBy() != "" {
		return errors.New("the service ended the call")
	}
	return call.Hangup(ctx)
}

// questionOver waits until the question has been played: half a second of
// nothing after more than three seconds of audio.
func questionOver(ctx context.Context, call *phone.Call) error {
	heard, since := 0, time.Now()
	return until(ctx, func() bool {
		if n := len(call.Packets()); n != heard {
			heard, since = n, time.Now()
		}
		return heard > 150 && time.Since(since) > 300*time.Millisecond
	})
}

// until polls a condition of the real world.
func until(ctx context.Context, ready func() bool) error {
	for !ready() {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(20 * time.Millisecond):
		}
	}
	return nil
}

func tail(samples []int16, n int) []int16 { return samples[max(0, len(samples)-n):] }

// cdr waits for the call's record.
func (s *stage) cdr(ctx context.Context, st story) (c event.CDR, err error) {
	err = until(ctx, func() bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		var ok bool
		c, ok = s.cdrs[st.from+" "+st.number]
		return ok
	})
	if err != nil {
		err = fmt.Errorf("no CDR: %w", err)
	}
	return c, err
}

// check holds the call's record and file against the promise.
func (s *stage) check(o outcome) error {
	r := o.cdr.Recording
	switch {
	case o.cdr.Consent.State != o.consent:
		return fmt.Errorf("consent is %s, want %s", o.cdr.Consent.State, o.consent)
	case r.Reason != o.reason:
		return fmt.Errorf("reason is %s, want %s", r.Reason, o.reason)
	case r.Result != o.result:
		return fmt.Errorf("result is %s, want %s", r.Result, o.result)
	case o.result == event.ResultNone && r.File != "":
		return fmt.Errorf("there is a file %s, and may be none", r.File)
	case o.result == event.ResultNone:
		return nil
	}
	if err := app.VerifyRecording(r.File, filepath.Join(s.dir, "ledger")); err != nil {
		return err
	}
	return checkRecording(r.File)
}

// report prints the table and returns how many calls failed.
func (s *stage) report(w io.Writer, outcomes []outcome) (failed int) {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "CALLER\tCONSENT\tDECISION\tREASON\tRESULT\tRECORDING\tCHECKED")
	for _, o := range outcomes {
		checked, file := "as promised", "-"
		if o.err != nil {
			checked = "FAILED: " + o.err.Error()
			failed++
		}
		if r := o.cdr.Recording; r.File != "" {
			file = fmt.Sprintf("%s (%.1f s)", filepath.Base(r.File), float64(r.DurationMS)/1000)
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", o.name, o.cdr.Consent.State, o.cdr.Recording.Decision, o.cdr.Recording.Reason, o.cdr.Recording.Result, file, checked)
	}
	_ = t.Flush() // w is a terminal or a test's buffer
	fmt.Fprintf(w, "\nrecordings: %s\nfor more:   assent explain call ID --config %s\n", filepath.Join(s.dir, "recordings"), filepath.Join(s.dir, "assent.yaml"))
	return failed
}
