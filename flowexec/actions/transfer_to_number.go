package actions

import (
	"context"
	"regexp"
	"strings"
	"time"

	"assent/flowexec"
)

// transferToNumber drains and calls a number on a trunk.
var transferToNumber = flowexec.Action{Verb: "transfer_to_number", Compile: compileTransferToNumber}

var (
	// dialable is what may be dialled: whatever else a variable holds never gets
	// into a SIP message.
	dialable   = regexp.MustCompile(`^\+?[0-9*#]{1,32}$`)
	separators = strings.NewReplacer("-", "", ".", "", "(", "", ")", "", " ", "")
)

type numberStep struct {
	handover
	number  flowexec.Template
	trunk   string // "": the call's own
	timeout time.Duration
}

func compileTransferToNumber(b *flowexec.Body) (flowexec.Step, flowexec.Traits) {
	h, traits := compileHandover(b, phoneOutcomes)
	s := numberStep{
		number:   b.RequiredTemplate("number", "the number to call, such as +498001234567"),
		trunk:    b.Trunk("trunk"),
		timeout:  b.Duration("timeout", 30*time.Second, time.Second, 10*time.Minute),
		handover: h,
	}
	b.Exposes("number", s.number, "the number that is called")
	number, constant := s.number.Constant()
	if constant && number != "" && !dialable.MatchString(separators.Replace(number)) {
		b.Report("number", "that is not a number", "digits, such as +498001234567")
	}
	return s, traits
}

// Run transfers the call. Variables that give no number are a failure of the
// transfer, not of the flow.
func (s numberStep) Run(ctx context.Context, r *flowexec.Run) (flowexec.Target, error) {
	return s.run(ctx, r, func() (string, error) {
		number, err := r.Expand(s.number)
		if number = separators.Replace(number); err != nil || !dialable.MatchString(number) {
			r.Warn("transfer to something that is no number")
			return "failure", nil
		}
		return r.ToNumber(ctx, number, s.trunk, s.timeout)
	})
}
