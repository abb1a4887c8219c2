package witness

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"assent/demo/phone"
	"assent/test/service"
)

const (
	// softphone is where baresip is: its RTP comes from there too, whatever address it has in SDP.
	softphone     = "127.0.0.1"
	softphonePass = "correct horse battery"
)

// baresipConfig is a telephone without a terminal: it speaks a tone, and is driven by its control port.
const baresipConfig = `sip_listen %[1]s:0
net_interface %[1]s
audio_source aufile,%[2]s/voice.wav
module_path %[3]s
module g711.so
module aufile.so
module_tmp account.so
module_app menu.so
module ctrl_tcp.so
ctrl_tcp_listen %[4]s
`

// baresip is a telephone of another maker, and what it wrote.
type baresip struct {
	t    *testing.T
	cmd  *exec.Cmd
	port string // its control port

	mu  sync.Mutex
	out bytes.Buffer
}

// Write implements io.Writer for the process's output.
func (b *baresip) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.out.Write(p)
}

// startBaresip starts it as station agent-1 of a service; it ends with the test.
func startBaresip(t *testing.T, s *service.Service) *baresip {
	t.Helper()
	program, err := exec.LookPath("baresip")
	if err != nil {
		t.Fatal("baresip is missing: ./scripts/need.sh baresip:baresip-core")
	}
	modules := ""
	for _, pattern := range []string{"/usr/lib/baresip/modules", "/usr/lib/*/baresip/modules"} {
		if found, _ := filepath.Glob(pattern); len(found) > 0 { // the pattern is good
			modules = found[0]
			break
		}
	}
	dir, control := t.TempDir(), freePort(t)
	account := fmt.Sprintf("<sip:agent-1@%s>;auth_user=desk-1;auth_pass=%q;answermode=auto;regint=60\n", s.UDP, softphonePass)
	for name, text := range map[string]string{"config": fmt.Sprintf(baresipConfig, softphone, dir, modules, control), "accounts": account, "voice.wav": tone(time.Minute, agent)} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	b := &baresip{t: t, cmd: exec.Command(program, "-f", dir), port: control}
	b.cmd.Stdout, b.cmd.Stderr = b, b
	if err := b.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = b.cmd.Process.Kill() // it may have ended by itself
		_ = b.cmd.Wait()         // as above
		if t.Failed() {
			t.Logf("baresip said:\n%s", b.out.String())
		}
	})
	return b
}

// freePort is an address that nobody listens on.
func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", softphone+":0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// control sends one command to the telephone.
func (b *baresip) control(command string) {
	b.t.Helper()
	c, err := net.Dial("tcp", b.port)
	if err != nil {
		b.t.Fatal(err)
	}
	defer c.Close()
	text := fmt.Sprintf("{\"command\":%q}", command)
	_ = c.SetDeadline(time.Now().Add(10 * time.Second)) // its error is the next call's too
	if _, err := fmt.Fprintf(c, "%d:%s,", len(text), text); err != nil {
		b.t.Fatal(err)
	}
	if _, err := c.Read(make([]byte, 4096)); err != nil {
		b.t.Fatalf("no answer to %s: %v", command, err)
	}
}

// A telephone that shares no code with us registers by digest, takes a call, holds it and takes it up again; what both
// said is in the recording, each on its own channel.
func TestASoftphoneRegistersHoldsResumesAndIsRecorded(t *testing.T) {
	text := fmt.Sprintf(config, portRange(), "sip:unused@127.0.0.1", "PCMA, PCMU", "auto", true)
	text = strings.Replace(text, `address: "sip:unused@127.0.0.1"`, fmt.Sprintf(`register: { user: desk-1, password: %q }`, softphonePass), 1)
	text = strings.Replace(text, "sip: { listen:", "sip: { digest: [MD5], listen:", 1) // it gives up at SHA-256
	s := &stage{Service: service.Start(t, service.Files{
		"assent.yaml": text, "flows/consent.yaml": flow, "prompts/en/question.wav": tone(600*time.Millisecond, 400),
	})}
	b := startBaresip(t, s.Service)
	service.Until(t, "the registration", func() bool {
		_, body := s.Get("/v1/stations")
		return strings.Contains(body, `"reachable":true`)
	})
	c := s.call(t, "+493011223344", phone.Options{Codec: "PCMA", Voice: phone.Tone(after, -16)}, nil)
	c.Press("1")
	logged := func(what string, times int) {
		service.Until(t, what, func() bool { return strings.Count(s.Log(), `"msg":"`+what+`"`) >= times })
	}
	logged("recording.started", 1)
	speak := func() { // until both have been heard for a while
		from := len(c.Packets())
		service.Until(t, "half a second of the agent's voice", func() bool { return len(c.Packets()) >= from+25 })
	}
	speak()
	b.control("hold")
	logged("call.held", 1)
	b.control("resume")
	logged("call.held", 2)
	speak()
	c.Hangup(t.Context())

	cdr := s.CDR(1)
	kept := cdr.Recording.Result == "ok" || cdr.Recording.Result == "degraded" // a softphone on a busy machine skips packets
	if cdr.Station != "agent-1" || !kept || cdr.Recording.Decision != "record" {
		t.Fatalf("%+v", cdr)
	}
	left, right := wav(t, s.file(cdr.Recording.File))
	hears(t, "the caller's channel", left, after, true)
	hears(t, "the caller's channel", left, agent, false)
	hears(t, "the agent's channel", right, agent, true)
	hears(t, "the agent's channel", right, after, false)
	if len(s.Ledger(cdr.ID)) == 0 {
		t.Error("nothing in the ledger")
	}
	if code, out := s.Verb("recording", "verify", cdr.Recording.ID); code != 0 {
		t.Errorf("verify ends with %d\n%s", code, out)
	}
	if strings.Contains(s.Log(), softphonePass) {
		t.Error("the log has the password")
	}
}
