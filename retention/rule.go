package retention

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"assent/source"
)

// Keep is how long something is kept. Forever is longer than anything else.
type Keep time.Duration

// Forever is kept without end.
const Forever Keep = math.MaxInt64

// year is how long a rule's year is: never shorter than a calendar's.
const year = 366 * 24 * time.Hour

// UnmarshalText reads a length of time such as 90d, a number of years such as
// 10y, or forever.
func (k *Keep) UnmarshalText(text []byte) error {
	s := string(text)
	if s == "forever" {
		*k = Forever
		return nil
	}
	if years, ok := strings.CutSuffix(s, "y"); ok {
		var n int
		if _, err := fmt.Sscanf(years+"|", "%d|", &n); err != nil || n < 1 || n > 250 {
			return fmt.Errorf("%q is no number of years from 1y to 250y", s)
		}
		*k = Keep(time.Duration(n) * year)
		return nil
	}
	d, err := source.ParseDuration(s)
	if err != nil {
		return err
	}
	*k = Keep(d)
	return nil
}

// String writes the length as UnmarshalText reads it.
func (k Keep) String() string {
	d := time.Duration(k)
	switch {
	case k == Forever:
		return "forever"
	case d >= year && d%year == 0:
		return fmt.Sprintf("%dy", d/year)
	}
	return source.FormatDuration(d)
}

// Rule keeps the recordings that it fits for some time. An empty field fits all.
type Rule struct {
	Name        string        `yaml:"name"`
	Trunks      []string      `yaml:"trunks"`
	Queues      []string      `yaml:"queues"`
	Stations    []string      `yaml:"stations"`
	Direction   string        `yaml:"direction"`
	Reasons     []string      `yaml:"reasons"`
	MinDuration time.Duration `yaml:"min_duration"`
	MaxDuration time.Duration `yaml:"max_duration"` // 0 is without limit
	Keep        Keep          `yaml:"keep"`
}

// Facts are what a rule looks at.
type Facts struct {
	Trunk, Queue, Station string
	Direction             string
	Reason                string // code of the decision in the call's record
	Duration              time.Duration
	Made                  time.Time
}

func (r *Rule) fits(f Facts) bool {
	among := func(list []string, value string) bool { return len(list) == 0 || slices.Contains(list, value) }
	return among(r.Trunks, f.Trunk) && among(r.Queues, f.Queue) && among(r.Stations, f.Station) && among(r.Reasons, f.Reason) &&
		(r.Direction == "" || r.Direction == f.Direction) &&
		f.Duration >= r.MinDuration && (r.MaxDuration == 0 || f.Duration <= r.MaxDuration)
}

// Verdict is how long a recording is kept.
type Verdict struct {
	Keep Keep
	Rule string // the name of the rule that decided; "" where none fits
}

// Rules are all rules of a configuration.
type Rules []Rule

// Decide returns the longest of the rules that fit; of equals the first.
func (rs Rules) Decide(f Facts) Verdict {
	v := Verdict{Keep: -1}
	for i := range rs {
		if r := &rs[i]; r.fits(f) && r.Keep > v.Keep {
			v = Verdict{r.Keep, r.Name}
		}
	}
	if v.Keep < 0 {
		return Verdict{Keep: Forever}
	}
	return v
}

// Due returns when the recording may be deleted, and false if never.
func (v Verdict) Due(f Facts) (time.Time, bool) {
	if v.Keep == Forever {
		return time.Time{}, false
	}
	return f.Made.Add(time.Duration(v.Keep)), true
}

// Shortest returns the shortest time that any rule keeps anything, and false
// if nothing is ever deleted.
func (rs Rules) Shortest() (time.Duration, bool) {
	shortest := Forever
	for _, r := range rs {
		shortest = min(shortest, r.Keep)
	}
	return time.Duration(shortest), shortest != Forever
}
