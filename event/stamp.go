package event

import "time"

// stampLayout is RFC 3339 with milliseconds, for times in UTC.
const stampLayout = "2006-01-02T15:04:05.000Z"

// FormatTime returns t as events, CDRs and sidecars carry it: RFC 3339 in UTC with
// milliseconds. The zero time gives "".
func FormatTime(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(stampLayout)
}

// stamp is a time that marshals as FormatTime has it; a zero one is null.
type stamp time.Time

// MarshalJSON implements json.Marshaler.
func (s stamp) MarshalJSON() ([]byte, error) {
	t := time.Time(s)
	if t.IsZero() {
		return []byte("null"), nil
	}
	return []byte(`"` + FormatTime(t) + `"`), nil
}
