package toll

import (
	"strings"
	"time"
)

// Limits are what the calls of a station, or by a trunk, are held to.
type Limits struct {
	// Allow are the numbers that may be called, exact or with "*" at their end; none: all.
	Allow []string `yaml:"allow"`
	// Block are numbers that may not be called, whatever Allow says.
	Block []string `yaml:"block"`
	// Calls is how many outbound calls may be up at once; 0: no limit.
	Calls int `yaml:"calls"`
	// Budgets are what may be spent.
	Budgets []Budget `yaml:"budgets"`
}

// Values of Budget.Per.
const (
	PerHour = "hour"
	PerDay  = "day"
)

// Budget is what may be spent on a class of numbers in one period.
type Budget struct {
	// Numbers is the class; none: all.
	Numbers []string `yaml:"numbers"`
	// Per is PerHour or PerDay.
	Per string `yaml:"per"`
	// Calls is how many may be placed; 0: no limit.
	Calls int `yaml:"calls"`
	// Minutes is how many may be talked, each begun one counts; 0: no limit.
	Minutes int `yaml:"minutes"`
}

// DefaultBudget returns what holds for a budget that says nothing.
func DefaultBudget() Budget { return Budget{Per: PerDay} }

// period returns the beginning of the period that a time lies in.
func (b Budget) period(now time.Time) time.Time {
	if b.Per == PerHour {
		return now.UTC().Truncate(time.Hour)
	}
	return now.UTC().Truncate(24 * time.Hour)
}

// class names the budget among those of one owner; a reload that changes only its amounts keeps what was spent.
func (b Budget) class() string {
	if len(b.Numbers) == 0 {
		return b.Per + " *"
	}
	return b.Per + " " + strings.Join(b.Numbers, " ")
}
