package sdp

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// eventRange lists the events that we understand: the sixteen keys (RFC 4733 section 2.4.1).
const eventRange = "0-15"

// audioLine is our audio line in a description.
type audioLine struct {
	port      uint16
	codecs    []Codec
	ptime     time.Duration
	direction Direction
	mux       bool
	extended  bool
	crypto    []cryptoLine
}

// describe prints our side. The version grows by one whenever anything but it has changed (RFC 3264 section 8).
func (l *Local) describe(audio audioLine) []byte {
	body := l.rest(audio)
	switch {
	case l.session == 0:
		l.session, l.version = newSession(), 1
	case body != l.body:
		l.version++
	}
	l.body = body
	origin := fmt.Sprintf("v=0\r\no=assent %d %d IN %s\r\n", l.session, l.version, l.network())
	return []byte(origin + body)
}

// rest prints all below the o= line.
func (l *Local) rest(audio audioLine) string {
	var b strings.Builder
	fmt.Fprintf(&b, "s=-\r\nc=IN %s\r\nt=%s\r\n", l.network(), l.timingOrZero())
	for i, s := range l.slots {
		if i == l.audio {
			audio.write(&b, s.protocol, l.Record)
		} else {
			s.refuse(&b)
		}
	}
	return b.String()
}

func (l *Local) network() string {
	addr := l.Address.Unmap()
	if addr.Is6() {
		return "IP6 " + addr.String()
	}
	return "IP4 " + addr.String()
}

// timingOrZero returns the t= value of the peer's offer, which an answer repeats (RFC 3264 section 6).
func (l *Local) timingOrZero() string {
	if fields := strings.Fields(l.timing); len(fields) == 2 && isNumber(fields[0]) && isNumber(fields[1]) {
		return fields[0] + " " + fields[1]
	}
	return "0 0"
}

func (a *audioLine) write(b *strings.Builder, protocol, record string) {
	fmt.Fprintf(b, "m=audio %d %s", a.port, protocol)
	for _, c := range a.codecs {
		fmt.Fprintf(b, " %d", c.PayloadType)
	}
	b.WriteString("\r\n")
	for _, c := range a.codecs {
		fmt.Fprintf(b, "a=rtpmap:%d %s/%d%s\r\n", c.PayloadType, c.Name, c.ClockHz, c.channelsText())
		if parameters := c.ourParameters(); parameters != "" {
			fmt.Fprintf(b, "a=fmtp:%d %s\r\n", c.PayloadType, parameters)
		}
	}
	fmt.Fprintf(b, "a=ptime:%d\r\na=%s\r\n", a.ptime.Milliseconds(), a.direction)
	if a.has(maxptimeFor) {
		fmt.Fprintf(b, "a=maxptime:%d\r\n", maxPtime.Milliseconds())
	}
	if a.mux {
		b.WriteString("a=rtcp-mux\r\n")
	}
	if a.extended {
		b.WriteString("a=rtcp-xr:" + voipMetrics + "\r\n")
	}
	for _, c := range a.crypto {
		c.write(b)
	}
	if record != "" {
		fmt.Fprintf(b, "a=record:%s\r\n", record)
	}
}

// maxptimeFor is the codec whose packets would else be up to 120 ms long (RFC 7587 section 7).
const maxptimeFor = "opus"

func (a *audioLine) has(name string) bool {
	return slices.ContainsFunc(a.codecs, func(c Codec) bool { return strings.EqualFold(c.Name, name) })
}

func (c Codec) channelsText() string {
	if c.Channels <= 1 {
		return ""
	}
	return "/" + strconv.Itoa(c.Channels)
}

// ourParameters returns what we say of how we receive c.
func (c Codec) ourParameters() string {
	switch {
	case c.IsEvent():
		return eventRange
	case strings.EqualFold(c.Name, "opus"):
		return opusParameters
	}
	return ""
}

// refuse prints the media line with port 0; at least one format must stand there (RFC 3264 section 6).
func (s slot) refuse(b *strings.Builder) {
	formats := s.formats
	if formats == "" {
		formats = "0"
	}
	fmt.Fprintf(b, "m=%s 0 %s %s\r\n", s.kind, s.protocol, formats)
}

func isNumber(text string) bool {
	return text != "" && len(text) < 20 && strings.Trim(text, "0123456789") == ""
}
