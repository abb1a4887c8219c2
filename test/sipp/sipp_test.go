package sipp

import (
	"bytes"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"assent/test/service"
)

// patience bounds every run of SIPp, the longest story (64·T1) included.
const patience = 50 * time.Second

// sipp is one run of SIPp: one party of one call.
type sipp struct {
	t     *testing.T
	story string
	trace string // the file of its messages
	out   bytes.Buffer
	cmd   *exec.Cmd
	exit  chan error
}

// calls places a call by a story of caller/ and waits for its good end.
func (w *world) calls(story string, with ...string) *sipp {
	w.t.Helper()
	s := w.begins(story, with...)
	s.wait()
	return s
}

// begins places a call and does not wait for it. with holds parameters of the
// story: name, value, name, value.
func (w *world) begins(story string, with ...string) *sipp {
	w.t.Helper()
	s := w.callsFrom(w.caller(), story, with...)
	w.callers = append(w.callers, s)
	return s
}

func (w *world) callsFrom(from netip.Addr, story string, with ...string) *sipp {
	w.t.Helper()
	to, transport := w.UDP, "u1"
	if w.tcp {
		to, transport = w.TCP, "t1"
	}
	port := fmt.Sprint(6000 + 100*w.runs)
	return w.run("caller/"+story, from, with, "-t", transport, "-mp", port, "-cid_str", "telltale-%u-%p@caller", to.String())
}

// stations sets the world's stations up, each by a story of station/, and waits
// until they listen; where a story is "" nobody is there.
func (w *world) stations(stories ...string) {
	w.t.Helper()
	for i, story := range stories {
		w.agents = append(w.agents, nil)
		if story != "" {
			w.agents[i] = w.stationAt(i, story)
		}
	}
}

// stationAt sets one station up. with holds parameters of the story, as for begins.
func (w *world) stationAt(i int, story string, with ...string) *sipp {
	w.t.Helper()
	transport, table := "u1", "/proc/net/udp"
	if w.setup.TCP {
		transport, table = "t1", "/proc/net/tcp"
	}
	s := w.run("station/"+story, w.station(i), with, "-t", transport, "-mp", "6000", "-p", "5060", "-bind_local")
	b := w.station(i).As4()
	socket := fmt.Sprintf("%02X%02X%02X%02X:%04X", b[3], b[2], b[1], b[0], 5060)
	service.Until(w.t, "the station to listen", func() bool { return strings.Contains(read(w.t, table), socket) })
	return s
}

// run starts SIPp at an address on a story; it ends with the test at the latest.
func (w *world) run(story string, at netip.Addr, with []string, args ...string) *sipp {
	w.t.Helper()
	w.runs++
	base := fmt.Sprintf("%d-%s", w.runs, filepath.Base(story))
	s := &sipp{t: w.t, story: story, trace: filepath.Join(w.Dir, base+".messages"), exit: make(chan error, 1)}
	file := filepath.Join(w.Dir, base+".xml")
	if err := os.WriteFile(file, []byte(scenario(w.t, story, with)), 0o600); err != nil {
		w.t.Fatal(err)
	}
	ip := at.String()
	s.cmd = exec.Command("sipp", append([]string{"-sf", file, "-i", ip, "-mi", ip, "-ci", ip, "-m", "1", "-nostdin",
		"-trace_msg", "-message_file", s.trace, "-trace_err", "-error_file", filepath.Join(w.Dir, base+".errors"),
		"-timeout", fmt.Sprint(patience.Seconds()), "-timeout_error"}, args...)...)
	s.cmd.Dir = w.Dir
	s.cmd.Stderr = &s.out
	if err := s.cmd.Start(); err != nil {
		w.t.Fatalf("sipp: %v", err)
	}
	go func() { s.exit <- s.cmd.Wait() }()
	w.t.Cleanup(func() {
		s.kill()
		if w.t.Failed() {
			errs, _ := os.ReadFile(filepath.Join(w.Dir, base+".errors")) // none where all went well
			w.t.Logf("%s\n%s%s\n%s", story, s.out.String(), errs, s.messages())
		}
	})
	return s
}

// kill ends SIPp without a word.
func (s *sipp) kill() {
	_ = s.cmd.Process.Kill() // it may have ended by itself
	s.exit <- <-s.exit
}

// wait waits until the story has come to its end, and fails the test where that
// was not a good one.
func (s *sipp) wait() {
	s.t.Helper()
	select {
	case err := <-s.exit:
		s.exit <- err
		if err != nil {
			s.t.Errorf("%s did not go as written: %v", s.story, err)
		}
	case <-time.After(patience):
		s.t.Errorf("%s did not end in %s", s.story, patience)
	}
}

// messages is the trace of everything sent and received.
func (s *sipp) messages() string {
	b, err := os.ReadFile(s.trace)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		s.t.Error(err)
	}
	return string(b)
}

// received lists the messages that came, whole.
func (s *sipp) received() []string {
	var list []string
	for _, entry := range strings.Split(s.messages(), "-----------------------------------------------") {
		if _, message, ok := strings.Cut(entry, " bytes :\n\n"); ok && strings.Contains(entry, " message received [") {
			list = append(list, message)
		}
	}
	return list
}

// got returns the n-th (from 0) received message whose start line begins so.
func (s *sipp) got(start string, n int) string {
	s.t.Helper()
	for _, message := range s.received() {
		if !strings.HasPrefix(message, start) {
			continue
		}
		if n == 0 {
			return message
		}
		n--
	}
	s.t.Errorf("%s: no message %q came", s.story, start)
	return ""
}

// header returns the first value of a header.
func header(message, name string) string {
	for line := range strings.Lines(message) {
		if got, value, ok := strings.Cut(line, ":"); ok && strings.EqualFold(strings.TrimSpace(got), name) {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

// media lists the m= lines of a message's SDP.
func media(message string) []string {
	var lines []string
	for line := range strings.Lines(message) {
		if strings.HasPrefix(line, "m=") {
			lines = append(lines, strings.TrimSpace(line))
		}
	}
	return lines
}

var (
	part      = regexp.MustCompile(`<\?part ([a-z-]+)((?: [a-z]+="[^"]*")*)\?>`)
	attribute = regexp.MustCompile(`([a-z]+)="([^"]*)"`)
	parameter = regexp.MustCompile(`\{([a-z]+)(?:\|([^{}]*))?\}`)
)

// scenario reads a story and puts its parts together.
func scenario(t testing.TB, story string, with []string) string {
	t.Helper()
	parameters := map[string]string{}
	for i := 0; i+1 < len(with); i += 2 {
		parameters[with[i]] = with[i+1]
	}
	return expand(t, story+".xml", parameters)
}

func expand(t testing.TB, file string, parameters map[string]string) string {
	t.Helper()
	text := parameter.ReplaceAllStringFunc(read(t, file), func(s string) string {
		m := parameter.FindStringSubmatch(s)
		if value, ok := parameters[m[1]]; ok {
			return value
		}
		if !strings.Contains(s, "|") {
			t.Fatalf("%s: no value for %s", file, s)
		}
		return m[2]
	})
	return part.ReplaceAllStringFunc(text, func(s string) string {
		m := part.FindStringSubmatch(s)
		own := map[string]string{}
		for _, a := range attribute.FindAllStringSubmatch(m[2], -1) {
			own[a[1]] = a[2]
		}
		return strings.TrimSpace(expand(t, "parts/"+m[1]+".xml", own))
	})
}
