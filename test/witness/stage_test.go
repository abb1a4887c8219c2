package witness

import (
	"context"
	"encoding/binary"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"assent/demo/phone"
	"assent/test/service"
)

var loopback = netip.MustParseAddr("127.0.0.1")

// The tones of the witness, in Hz.
const (
	before = 700
	after  = 1100
	agent  = 1900
)

const config = `
sip: { listen: ["udp://127.0.0.1:0", "tcp://127.0.0.1:0"] }
media: { address: 127.0.0.1, ports: %[1]s, codecs: [%[3]s] }
trunks:
  carrier:
    sources: ["127.0.0.1"]
    numbers: ["*"]
    flow: consent
    dtmf: %[4]s
    recording: { enabled: %[5]v, consent: required, suppress: [] }
stations:
  agent-1: { address: "%[2]s", calls: 100, ring: 5s }
queues:
  support: { stations: [agent-1], recording: { enabled: true } }
recordings: { dir: ./recordings }
consent: { ledger: ./ledger, guard: 200ms }
cdr: { file: ./cdr.jsonl }
store: sqlite:./assent.db
flows: ./flows
prompts: ./prompts
language: en
api: { listen: "127.0.0.1:0" }
log: { level: info, format: json }
`

const flow = `
flow: consent
start: ask
tasks:
  ask:
    - collect_input:
        name: Ask for consent
        prompt: question
        notice: true
        digits: 1
        no_entry_timeout: 5s
        consent: { granted: "1", declined: "2" }
        outcomes: { "1": allow, "2": route, no_input: route, invalid: route }
  allow:
    - enable_participant_recording: { name: Enable recording }
    - goto: route
  route:
    - transfer_to_queue: { name: To support, queue: support, outcomes: { timeout: bye, full: bye, failure: bye } }
  bye:
    - disconnect: { name: End }
`

// settings of one stage; the zero value is a PCMA trunk that records.
type settings struct {
	codecs  string
	dtmf    string
	off     bool // recording off
	station phone.Answer
}

// stage is a service with a station.
type stage struct {
	*service.Service
	station *phone.Phone
	far     chan *phone.Call // the station's calls, once answered
}

var nextPorts atomic.Int32

// portRange gives every service of this test binary media ports of its own.
func portRange() string {
	from := 30000 + 400*int(nextPorts.Add(1)-1)
	return fmt.Sprintf("%d-%d", from, from+399)
}

func set(t testing.TB, o settings) *stage {
	t.Helper()
	if o.codecs == "" {
		o.codecs = "PCMA, PCMU"
	}
	if o.dtmf == "" {
		o.dtmf = "auto"
	}
	if o.station.Status == 0 {
		o.station = phone.Answer{Status: 200, Codec: "PCMA", Voice: phone.Tone(agent, -16)}
	}
	s := &stage{station: newPhone(t, "agent-1"), far: make(chan *phone.Call, 100)}
	s.station.OnCall = func(*phone.Call) phone.Answer { return o.station }
	s.station.OnAnswered = func(c *phone.Call) { s.far <- c }
	s.station.Start()
	s.Service = service.Start(t, service.Files{
		"assent.yaml":             fmt.Sprintf(config, portRange(), s.station.URI(), o.codecs, o.dtmf, !o.off),
		"flows/consent.yaml":      flow,
		"prompts/en/question.wav": tone(600*time.Millisecond, 400),
	})
	return s
}

func newPhone(t testing.TB, user string) *phone.Phone {
	t.Helper()
	p, err := phone.New(loopback, user)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	return p
}

// tone renders a prompt: a WAV file of 16-bit PCM at 8 kHz.
func tone(length time.Duration, hz float64) string {
	voice := phone.Tone(hz, -12)
	var data []byte
	for n := range int64(length / (20 * time.Millisecond)) {
		for _, s := range voice(n) {
			data = binary.LittleEndian.AppendUint16(data, uint16(s))
		}
	}
	b := []byte("RIFF")
	b = binary.LittleEndian.AppendUint32(b, uint32(36+len(data)))
	b = append(b, "WAVEfmt \x10\x00\x00\x00\x01\x00\x01\x00\x40\x1f\x00\x00\x80\x3e\x00\x00\x02\x00\x10\x00data"...)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(data)))
	return string(append(b, data...))
}

// call places a call and waits until the question has been played.
func (s *stage) call(t *testing.T, from string, o phone.Options, network func([]byte, func([]byte))) *phone.Call {
	t.Helper()
	caller := newPhone(t, from)
	caller.Network = network
	caller.Start()
	ctx, done := context.WithTimeout(t.Context(), 10*time.Second)
	defer done()
	c, err := caller.Dial(ctx, s.UDP, "+4980012345", o)
	if err != nil {
		t.Fatal(err)
	}
	heard, since := 0, time.Now()
	service.Until(t, "the end of the question", func() bool {
		if n := len(c.Packets()); n != heard {
			heard, since = n, time.Now()
		}
		return heard >= 25 && time.Since(since) > 150*time.Millisecond
	})
	return c
}

// wav reads a recording's two channels.
func wav(t *testing.T, path string) (left, right []int16) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for b = b[12:]; len(b) >= 8; {
		size := int(binary.LittleEndian.Uint32(b[4:]))
		if string(b[:4]) == "data" {
			for body := b[8 : 8+size]; len(body) >= 4; body = body[4:] {
				left = append(left, int16(binary.LittleEndian.Uint16(body)))
				right = append(right, int16(binary.LittleEndian.Uint16(body[2:])))
			}
			return left, right
		}
		b = b[8+size+size%2:]
	}
	t.Fatalf("%s: no data chunk", path)
	return nil, nil
}

// hears checks a tone's level in samples.
func hears(t *testing.T, what string, samples []int16, hz float64, want bool) {
	t.Helper()
	level := phone.Level(samples, hz)
	if want && level < -22 || !want && level > -50 {
		t.Errorf("%s: %.0f Hz at %.1f dB, wanted in it: %v", what, hz, level, want)
	}
}

// file is the path of a call's recording.
func (s *stage) file(name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	if _, err := os.Stat(filepath.Join(s.Dir, name)); err == nil {
		return filepath.Join(s.Dir, name)
	}
	return filepath.Join(s.Dir, "recordings", filepath.Base(name))
}
