package dtmf

import (
	"errors"
	"fmt"
	"mime"
	"strconv"
	"strings"
	"time"
)

// maxInfoBody bounds the body of an INFO that carries a key; real ones have about 30 bytes.
const maxInfoBody = 1024

// maxInfoDuration bounds the length of a press that an INFO claims.
const maxInfoDuration = 10 * time.Second

// ErrInfo is in every error of ParseInfo.
var ErrInfo = errors.New("INFO carries no key")

// ParseInfo reads the key of a SIP INFO with a body of application/dtmf-relay ("Signal=5", "Duration=160") or of
// application/dtmf ("5"). The duration is 0 where the body doesn't say it. Keys 10 to 15 by number are *, #, A to D. It
// borrows body.
func ParseInfo(contentType string, body []byte) (digit byte, duration time.Duration, err error) {
	kind, _, err := mime.ParseMediaType(contentType)
	if err != nil {
		return 0, 0, fmt.Errorf("%w: content type %q: %w", ErrInfo, clip(contentType), err)
	}
	if len(body) > maxInfoBody {
		return 0, 0, fmt.Errorf("%w: body of %d bytes; want at most %d", ErrInfo, len(body), maxInfoBody)
	}
	switch kind {
	case "application/dtmf-relay":
		return parseRelay(string(body))
	case "application/dtmf":
		if text := string(body); strings.Contains(text, "=") {
			return parseRelay(text)
		}
		digit, err = parseSignal(string(body))
		return digit, 0, err
	}
	return 0, 0, fmt.Errorf("%w: content type %q; want application/dtmf-relay or application/dtmf", ErrInfo, clip(kind))
}

// InfoType is the content type of FormatInfo's bodies.
const InfoType = "application/dtmf-relay"

// FormatInfo returns the body of an INFO that tells of a key, as ParseInfo reads it.
func FormatInfo(digit byte, length time.Duration) []byte {
	return fmt.Appendf(nil, "Signal=%c\r\nDuration=%d\r\n", digit, length.Milliseconds())
}

// IsInfo tells whether an INFO of this content type is meant to carry a key.
func IsInfo(contentType string) bool {
	kind, _, err := mime.ParseMediaType(contentType)
	return err == nil && (kind == "application/dtmf-relay" || kind == "application/dtmf")
}

func parseRelay(body string) (digit byte, duration time.Duration, err error) {
	found := false
	for line := range strings.FieldsFuncSeq(body, func(r rune) bool { return r == '\n' || r == '\r' }) {
		name, value, _ := strings.Cut(line, "=")
		switch strings.ToLower(strings.TrimSpace(name)) {
		case "signal":
			if found {
				return 0, 0, fmt.Errorf("%w: two Signal lines", ErrInfo)
			}
			found = true
			digit, err = parseSignal(value)
		case "duration":
			duration, err = parseDuration(value)
		}
		if err != nil {
			return 0, 0, err
		}
	}
	if !found {
		return 0, 0, fmt.Errorf("%w: no Signal line; want \"Signal=5\"", ErrInfo)
	}
	return digit, duration, nil
}

func parseSignal(text string) (byte, error) {
	text = strings.TrimSpace(text)
	if len(text) == 1 {
		if event, ok := EventOf(text[0]); ok {
			return keys[event], nil
		}
	}
	if number, err := strconv.ParseUint(text, 10, 8); err == nil && len(text) == 2 && number >= 10 {
		if digit, ok := Digit(uint8(number)); ok {
			return digit, nil
		}
	}
	return 0, fmt.Errorf("%w: signal %q; want 0-9, *, # or A-D", ErrInfo, clip(text))
}

func parseDuration(text string) (time.Duration, error) {
	ms, err := strconv.ParseUint(strings.TrimSpace(text), 10, 16)
	if err != nil {
		return 0, fmt.Errorf("%w: duration %q; want milliseconds", ErrInfo, clip(text))
	}
	return min(time.Duration(ms)*time.Millisecond, maxInfoDuration), nil
}

// clip shortens a peer's text for an error message.
func clip(text string) string {
	const most = 40
	if len(text) > most {
		return text[:most] + "…"
	}
	return text
}
