package sdp

import (
	"bytes"
	"slices"
	"strings"
)

// Line is one line of a description, without its end.
type Line struct {
	Type  byte // the letter before the equals sign
	Value string
}

// Description is a parsed session description. It keeps every line, known or not, in the order it came.
type Description struct {
	Lines []Line // of the session: all before the first media line
	Media []Media
}

// Media is one media line and the lines that follow it.
type Media struct {
	Kind     string // audio, video, image …
	Port     uint16 // 0: refused, or not wanted any more
	Ports    string // the count behind the port, with its slash, or ""
	Protocol string // RTP/AVP, udptl …
	Formats  []string
	Lines    []Line // below the media line
}

// Bytes prints the description, with CRLF line ends. What it prints parses to an equal description.
func (d *Description) Bytes() []byte {
	var b bytes.Buffer
	writeLines(&b, d.Lines)
	for _, m := range d.Media {
		writeLine(&b, Line{'m', m.line()})
		writeLines(&b, m.Lines)
	}
	return b.Bytes()
}

// Attribute returns the value of the session's first attribute of that name, and whether there is one.
func (d *Description) Attribute(name string) (string, bool) { return attribute(d.Lines, name) }

// Attribute returns the value of the medium's first attribute of that name, and whether there is one.
func (m *Media) Attribute(name string) (string, bool) { return attribute(m.Lines, name) }

// lookup finds an attribute of a medium, or else of its session.
func (d *Description) lookup(m *Media, name string) (string, bool) {
	if value, ok := m.Attribute(name); ok {
		return value, true
	}
	return d.Attribute(name)
}

// direction returns the direction of a medium as its sender names it.
func (d *Description) direction(m *Media) Direction {
	for _, lines := range [][]Line{m.Lines, d.Lines} {
		for _, line := range lines {
			switch dir := Direction(strings.TrimSpace(line.Value)); dir {
			case SendRecv, SendOnly, RecvOnly, Inactive:
				if line.Type == 'a' {
					return dir
				}
			}
		}
	}
	return SendRecv
}

// recordPref returns what the peer wants of a recorder (RFC 7866 section 7.2): on, off, pause, nopreference, or "".
func (d *Description) recordPref(m *Media) string {
	value, _ := d.lookup(m, "recordpref")
	switch value = strings.ToLower(strings.TrimSpace(value)); value {
	case "on", "off", "pause", "nopreference":
		return value
	}
	return ""
}

// voipMetrics is the extended report that we send and read (RFC 3611 section 5.1).
const voipMetrics = "voip-metrics"

// extendedReports tells whether the peer reads VoIP metrics.
func (d *Description) extendedReports(m *Media) bool {
	formats, _ := d.lookup(m, "rtcp-xr")
	return slices.Contains(strings.Fields(formats), voipMetrics)
}

func (m *Media) line() string {
	var b strings.Builder
	b.WriteString(m.Kind + " " + portText(m.Port) + m.Ports + " " + m.Protocol)
	for _, format := range m.Formats {
		b.WriteString(" " + format)
	}
	return b.String()
}

// attribute reads "a=name" and "a=name:value".
func attribute(lines []Line, name string) (string, bool) {
	for _, line := range lines {
		if line.Type != 'a' {
			continue
		}
		if key, value, _ := strings.Cut(line.Value, ":"); key == name {
			return value, true
		}
	}
	return "", false
}

func value(lines []Line, letter byte) (string, bool) {
	for _, line := range lines {
		if line.Type == letter {
			return line.Value, true
		}
	}
	return "", false
}

func writeLines(b *bytes.Buffer, lines []Line) {
	for _, line := range lines {
		writeLine(b, line)
	}
}

func writeLine(b *bytes.Buffer, line Line) {
	b.WriteByte(line.Type)
	b.WriteByte('=')
	b.WriteString(line.Value)
	b.WriteString("\r\n")
}
