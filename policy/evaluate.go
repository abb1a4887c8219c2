package policy

// Step is one row of the table as it was looked at for a decision.
type Step struct {
	// Row is the row's number, 1 to 14.
	Row int `json:"row"`
	// Reason is the code that the decision has if this row decides.
	Reason Reason `json:"reason"`
	// Key is the path of the setting that the row reads, "" if it reads none.
	Key string `json:"key,omitempty"`
	// Source is where that setting stands: file:line, "default" or "environment".
	Source string `json:"source,omitempty"`
	// Input is what the row saw.
	Input string `json:"input,omitempty"`
	// Matched says that the row decided.
	Matched bool `json:"matched"`
	// Reached says that the row was looked at: no row before it had decided.
	Reached bool `json:"reached"`
}

// Decision is the outcome of the table for one side, with every row that led to it.
type Decision struct {
	Side    Side    `json:"side"`
	Verdict Verdict `json:"verdict"`
	Reason  Reason  `json:"reason"`
	Steps   []Step  `json:"steps"`
	// Caller is the fact of that name; nil where nobody verified the caller's number.
	Caller *Caller `json:"caller,omitempty"`
	// Other is the decision for the other side, set by Combine.
	Other *Decision `json:"other,omitempty"`
}

// Evaluate goes through the table and returns the decision for f.Side. Steps lists
// all rows that the side has: up to the one that matched they were reached, those
// after it were not. source names the place of a configuration key and may be nil.
// Evaluate is pure and safe for concurrent use if source is.
func Evaluate(f Facts, source func(key string) string) Decision {
	d := Decision{Side: f.Side, Verdict: VerdictNo}
	if f.Caller.Verdict != "" {
		d.Caller = &f.Caller
	}
	for _, r := range table {
		if !r.appliesTo(f.Side) {
			continue
		}
		step := Step{Row: r.number, Reason: r.reason}
		if d.Reason == "" {
			found := r.look(&f)
			step.Reached, step.Matched = true, found.matched
			step.Key, step.Input = found.key, found.input
			if source != nil && step.Key != "" {
				step.Source = source(step.Key)
			}
		}
		if step.Matched {
			d.Reason, d.Verdict = r.reason, r.reason.Verdict()
		}
		d.Steps = append(d.Steps, step)
	}
	return d
}

// Outcome recomputes what the steps of a decision decide: the first that matched.
// Steps in which none matched give "no" without a reason.
func Outcome(steps []Step) (Verdict, Reason) {
	for _, s := range steps {
		if s.Matched {
			return s.Reason.Verdict(), s.Reason
		}
	}
	return VerdictNo, ""
}

// Combine joins the two sides of a call to the one decision that its recorder
// follows: stop if either says so, else record, else pause, else the trunk's own.
// Where both say the same, the trunk's is taken. station is nil while no station
// is in the call. The side that was not taken is kept in Other.
func Combine(trunk Decision, station *Decision) Decision {
	if station == nil {
		return trunk
	}
	for _, v := range []Verdict{VerdictStop, VerdictRecord, VerdictPause} {
		if trunk.Verdict == v {
			break
		}
		if station.Verdict == v {
			return withOther(*station, trunk)
		}
	}
	return withOther(trunk, *station)
}

// withOther returns d with other beside it. Neither argument is changed.
func withOther(d, other Decision) Decision {
	other.Other = nil
	d.Other = &other
	return d
}
