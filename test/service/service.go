package service

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"assent/consent"
	"assent/event"
)

// patience bounds every wait for the service.
const patience = time.Minute

// Service is one running binary.
type Service struct {
	Dir      string
	UDP, TCP netip.AddrPort // its SIP listeners
	API      string         // host:port

	t    testing.TB
	cmd  *exec.Cmd
	exit chan error

	mu  sync.Mutex
	log bytes.Buffer
}

// Files are what a test writes into the service's folder before the start, by
// relative path; "assent.yaml" is the configuration.
type Files map[string]string

// Start writes files into a fresh folder and starts the service there.
func Start(t testing.TB, files Files) *Service {
	t.Helper()
	s := &Service{t: t, Dir: t.TempDir()}
	for name, text := range files {
		s.Write(name, text)
	}
	s.Restart()
	t.Cleanup(func() {
		s.Kill()
		if t.Failed() {
			t.Logf("log of the service:\n%s", s.Log())
		}
	})
	return s
}

// Write puts a file into the service's folder.
func (s *Service) Write(name, text string) {
	s.t.Helper()
	path := filepath.Join(s.Dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		s.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		s.t.Fatal(err)
	}
}

// Binary is the path of the built program.
func Binary(t testing.TB) string {
	t.Helper()
	for _, up := range []string{"../..", "../../..", ".."} {
		if path, err := filepath.Abs(filepath.Join(up, "bin", "assent")); err == nil {
			if _, err := os.Stat(path); err == nil {
				return path
			}
		}
	}
	t.Fatal("bin/assent is missing: make build")
	return ""
}

// Restart starts the binary (again) on the same folder and waits until it is ready.
func (s *Service) Restart() {
	s.t.Helper()
	cmd := exec.Command(Binary(s.t), "run", "--config", "assent.yaml")
	cmd.Dir = s.Dir
	stderr, err := cmd.StderrPipe()
	if err != nil {
		s.t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	ready := make(chan struct{})
	exit := make(chan error, 1)
	s.cmd, s.exit = cmd, exit
	go func() {
		s.read(stderr, ready)
		exit <- cmd.Wait()
	}()
	select {
	case <-ready:
	case err := <-exit:
		s.exit <- err
		s.t.Fatalf("the service did not start: %v\n%s", err, s.Log())
	case <-time.After(patience):
		s.t.Fatalf("the service was not ready in %s\n%s", patience, s.Log())
	}
}

// read keeps the log, and takes the addresses out of its "ready" line.
func (s *Service) read(r io.Reader, ready chan struct{}) {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		s.mu.Lock()
		s.log.Write(lines.Bytes())
		s.log.WriteByte('\n')
		s.mu.Unlock()
		var line struct {
			Msg string
			SIP []string
			API string
		}
		if json.Unmarshal(lines.Bytes(), &line) != nil || line.Msg != "ready" {
			continue
		}
		for _, url := range line.SIP {
			network, address, _ := strings.Cut(url, "://")
			at, err := netip.ParseAddrPort(address)
			if err != nil {
				continue
			}
			if network == "udp" {
				s.UDP = at
			} else {
				s.TCP = at
			}
		}
		s.API = line.API
		close(ready)
	}
}

// Pid is the process id.
func (s *Service) Pid() int { return s.cmd.Process.Pid }

// Signal sends a signal to the service.
func (s *Service) Signal(sig syscall.Signal) {
	s.t.Helper()
	if err := s.cmd.Process.Signal(sig); err != nil {
		s.t.Fatal(err)
	}
}

// Kill ends the service as a crash would, and waits for its end.
func (s *Service) Kill() {
	_ = s.cmd.Process.Kill() // it may have ended by itself
	s.Wait(patience)
}

// Wait waits for the process to end and returns its exit code, -1 after d.
func (s *Service) Wait(d time.Duration) int {
	select {
	case err := <-s.exit:
		s.exit <- err
		return s.cmd.ProcessState.ExitCode()
	case <-time.After(d):
		return -1
	}
}

// Log is all that the service has written to standard error.
func (s *Service) Log() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.log.String()
}

// CDRs are the records written so far.
func (s *Service) CDRs() []event.CDR {
	s.t.Helper()
	b, err := os.ReadFile(filepath.Join(s.Dir, "cdr.jsonl"))
	if err != nil {
		s.t.Fatal(err)
	}
	var records []event.CDR
	for line := range bytes.Lines(b) {
		var c event.CDR
		if err := json.Unmarshal(line, &c); err != nil {
			s.t.Fatalf("CDR line %s: %v", line, err)
		}
		records = append(records, c)
	}
	return records
}

// CDR waits for the n-th record (from 1) and checks that no more than n came.
func (s *Service) CDR(n int) event.CDR {
	s.t.Helper()
	Until(s.t, fmt.Sprintf("CDR number %d", n), func() bool { return len(s.CDRs()) >= n })
	records := s.CDRs()
	if len(records) > n {
		s.t.Errorf("%d CDRs, want %d", len(records), n)
	}
	return records[n-1]
}

// Ledger verifies the ledger and returns the entries of a call.
func (s *Service) Ledger(call string) []consent.Record {
	s.t.Helper()
	dir := filepath.Join(s.Dir, "ledger")
	if _, err := consent.Verify(dir); err != nil {
		s.t.Errorf("ledger: %v", err)
	}
	records, err := consent.ByCall(dir, call)
	if err != nil {
		s.t.Errorf("ledger: %v", err)
	}
	return records
}

// Recordings lists the files below recordings.dir, sidecars and parts included.
func (s *Service) Recordings() []string {
	s.t.Helper()
	var files []string
	entries, err := os.ReadDir(filepath.Join(s.Dir, "recordings"))
	if err != nil && !os.IsNotExist(err) {
		s.t.Fatal(err)
	}
	for _, e := range entries {
		if !e.IsDir() {
			files = append(files, e.Name())
		}
	}
	return files
}

// Get asks the API and returns status and body.
func (s *Service) Get(path string) (int, string) {
	s.t.Helper()
	client := http.Client{Timeout: patience}
	r, err := client.Get("http://" + s.API + path)
	if err != nil {
		s.t.Fatal(err)
	}
	defer r.Body.Close()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return r.StatusCode, string(body)
}

// Verb runs another verb of the binary on the same configuration and returns
// its exit code and what it wrote.
func (s *Service) Verb(args ...string) (int, string) {
	s.t.Helper()
	cmd := exec.Command(Binary(s.t), args...)
	cmd.Dir = s.Dir
	out, err := cmd.CombinedOutput()
	if err != nil && cmd.ProcessState == nil {
		s.t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), string(out)
}

// Until polls a condition of the real world.
func Until(t testing.TB, what string, ready func() bool) {
	t.Helper()
	deadline := time.Now().Add(patience)
	for !ready() {
		if time.Now().After(deadline) {
			t.Fatalf("waited %s in vain for %s", patience, what)
		}
		time.Sleep(10 * time.Millisecond) // processes and sockets have no clock to drive
	}
}
