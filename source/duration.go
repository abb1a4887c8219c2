package source

import (
	"errors"
	"fmt"
	"math"
	"regexp"
	"strconv"
	"time"
)

// day is what "d" stands for: a calendar has no say in a length of time.
const day = 24 * time.Hour

var withDays = regexp.MustCompile(`^([0-9]+)d(.*)$`)

// ParseDuration reads a length of time as the configuration writes it: Go's
// notation ("200ms", "1h30m"), days in front ("365d", "1d12h"), or 0. It refuses
// negative lengths, numbers without a unit, and more than 292 years.
func ParseDuration(s string) (time.Duration, error) {
	var days time.Duration
	rest := s
	if m := withDays.FindStringSubmatch(s); m != nil {
		n, err := strconv.ParseInt(m[1], 10, 64)
		if err != nil || n > math.MaxInt64/int64(day) {
			return 0, fmt.Errorf("%s is too long", s)
		}
		days, rest = time.Duration(n)*day, m[2]
		if rest == "" {
			return days, nil
		}
	}
	if _, err := strconv.ParseFloat(rest, 64); err == nil && rest != "0" {
		return 0, fmt.Errorf("%s has no unit", s)
	}
	d, err := time.ParseDuration(rest)
	switch {
	case err != nil:
		return 0, fmt.Errorf("%q is not a length of time", s)
	case d < 0:
		return 0, errors.New("a length of time can't be negative")
	case d > math.MaxInt64-days:
		return 0, fmt.Errorf("%s is too long", s)
	}
	return days + d, nil
}

// FormatDuration writes a length of time as people write it in a configuration:
// "365d", "4h", "1h30m", "200ms".
func FormatDuration(d time.Duration) string {
	if d > 0 && d%day == 0 {
		return strconv.FormatInt(int64(d/day), 10) + "d"
	}
	s := d.String()
	for _, zero := range []string{"m0s", "h0m"} {
		if n := len(s) - len(zero); n > 0 && s[n:] == zero {
			s = s[:n+1]
		}
	}
	return s
}
