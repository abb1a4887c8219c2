package doctor

import "fmt"

// State is how bad a finding is.
type State string

// The states of findings. Only Fail means that something will not work; Warn is a doubt that the operator can settle.
const (
	OK   State = "ok"
	Warn State = "warn"
	Fail State = "fail"
)

// Finding is the result of one look.
type Finding struct {
	Check  string `json:"check" doc:"What was looked at: addresses, ports, limits, clock, disk, files, build"`
	State  State  `json:"state"`
	Detail string `json:"detail"`
	Want   string `json:"want,omitempty" doc:"What would be right"`
	Key    string `json:"key,omitempty" doc:"The key of the configuration, or the setting of the system, that says so"`
}

// report collects the findings of one check.
type report struct {
	check string
	all   []Finding
}

func (r *report) add(state State, key, want, format string, args ...any) {
	r.all = append(r.all, Finding{Check: r.check, State: state, Detail: fmt.Sprintf(format, args...), Want: want, Key: key})
}

func (r *report) ok(format string, args ...any) { r.add(OK, "", "", format, args...) }

func (r *report) warn(key, want, format string, args ...any) {
	r.add(Warn, key, want, format, args...)
}

func (r *report) fail(key, want, format string, args ...any) {
	r.add(Fail, key, want, format, args...)
}

// sound adds that all is well where nothing worse was found since mark.
func (r *report) sound(mark int, format string, args ...any) {
	if len(r.all) == mark {
		r.ok(format, args...)
	}
}

// Failed reports whether one of the findings means that something will not work.
func Failed(findings []Finding) bool {
	for _, f := range findings {
		if f.State == Fail {
			return true
		}
	}
	return false
}
