package sdp

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Bounds of what Parse reads.
const (
	maxBody    = 16 << 10
	maxLines   = 1024
	maxMedia   = 32
	maxFormats = 64
)

// ErrMalformed is in every error of Parse: the body is no session description, or is beyond the bounds.
var ErrMalformed = errors.New("malformed session description")

// Parse reads a session description and copies what it keeps. It doesn't judge what the description asks for; Local's
// Answer and Accept do.
func Parse(body []byte) (*Description, error) {
	if len(body) > maxBody {
		return nil, malformed(0, "%d bytes; want at most %d", len(body), maxBody)
	}
	d := &Description{}
	number := 0
	for raw := range bytes.SplitSeq(body, []byte("\n")) {
		number++
		text := strings.TrimSuffix(string(raw), "\r")
		if text == "" {
			continue
		}
		if number > maxLines {
			return nil, malformed(number, "more than %d lines", maxLines)
		}
		if err := d.add(number, text); err != nil {
			return nil, err
		}
	}
	if len(d.Lines) == 0 && len(d.Media) == 0 {
		return nil, malformed(0, "empty")
	}
	return d, nil
}

func (d *Description) add(number int, text string) error {
	if len(text) < 2 || text[1] != '=' || text[0] < 'a' || text[0] > 'z' {
		return malformed(number, "%q; want a letter and an equals sign", clip(text))
	}
	if strings.IndexFunc(text, isControl) >= 0 {
		return malformed(number, "control character in %q", clip(text))
	}
	line := Line{text[0], text[2:]}
	switch {
	case line.Type == 'm':
		return d.addMedia(number, line.Value)
	case len(d.Media) == 0:
		d.Lines = append(d.Lines, line)
	default:
		last := &d.Media[len(d.Media)-1]
		last.Lines = append(last.Lines, line)
	}
	return nil
}

// addMedia reads "audio 49170/2 RTP/AVP 0 8" (RFC 8866 section 5.14). A line without formats is let pass: refused media
// is often written so.
func (d *Description) addMedia(number int, text string) error {
	if len(d.Media) == maxMedia {
		return malformed(number, "more than %d media lines", maxMedia)
	}
	fields := strings.Fields(text)
	if len(fields) < 3 {
		return malformed(number, "media line %q; want kind, port, protocol and formats", clip(text))
	}
	if len(fields) > 3+maxFormats {
		return malformed(number, "%d formats; want at most %d", len(fields)-3, maxFormats)
	}
	port, ports, err := parsePort(fields[1])
	if err != nil {
		return malformed(number, "port %q; want 0 to 65535", clip(fields[1]))
	}
	d.Media = append(d.Media, Media{
		Kind: fields[0], Port: port, Ports: ports, Protocol: fields[2], Formats: fields[3:],
	})
	return nil
}

// parsePort reads "49170" or "49170/2".
func parsePort(text string) (port uint16, ports string, err error) {
	text, count, counted := strings.Cut(text, "/")
	if counted {
		if _, err := strconv.ParseUint(count, 10, 16); err != nil {
			return 0, "", err
		}
		ports = "/" + count
	}
	n, err := strconv.ParseUint(text, 10, 16)
	return uint16(n), ports, err
}

func portText(port uint16) string { return strconv.FormatUint(uint64(port), 10) }

func isControl(r rune) bool { return r < ' ' && r != '\t' || r == 0x7F }

func malformed(line int, format string, args ...any) error {
	what := fmt.Sprintf(format, args...)
	if line == 0 {
		return fmt.Errorf("%w: %s", ErrMalformed, what)
	}
	return fmt.Errorf("%w: line %d: %s", ErrMalformed, line, what)
}

// clip shortens a peer's text for an error message.
func clip(text string) string {
	const most = 60
	if len(text) > most {
		return text[:most] + "…"
	}
	return text
}
