package source

import (
	"errors"
	"slices"
	"strings"
)

// Problem is one thing that is wrong, or doubtful, at one place.
type Problem struct {
	Pos     Position
	Message string // what is wrong
	Want    string // what would be right, may be empty
	Excerpt string // the source line and a caret below it, may be empty
	Warning bool   // doubtful, but it can be run
}

// Error returns "file:line:column: message; want" and, on lines of their own,
// the source line with a caret.
func (p Problem) Error() string {
	var b strings.Builder
	if at := p.Pos.String(); at != "" {
		b.WriteString(at + ": ")
	}
	if p.Warning {
		b.WriteString("warning: ")
	}
	b.WriteString(p.Message)
	if p.Want != "" {
		b.WriteString("; " + p.Want)
	}
	if p.Excerpt != "" {
		b.WriteString("\n" + p.Excerpt)
	}
	return b.String()
}

// Problems are all that is wrong with one or several documents. As an error it
// prints every one of them.
type Problems []Problem

// Error returns every problem, one below the other.
func (ps Problems) Error() string {
	texts := make([]string, len(ps))
	for i, p := range ps {
		texts[i] = p.Error()
	}
	return strings.Join(texts, "\n")
}

// Sort orders the problems by file and place and removes repetitions, in place,
// and returns what is left.
func (ps Problems) Sort() Problems {
	slices.SortStableFunc(ps, func(a, b Problem) int {
		switch {
		case a.Pos.before(b.Pos):
			return -1
		case b.Pos.before(a.Pos):
			return 1
		}
		return strings.Compare(a.Message, b.Message)
	})
	return slices.CompactFunc(ps, func(a, b Problem) bool {
		return a.Pos == b.Pos && a.Message == b.Message && a.Warning == b.Warning
	})
}

// Errors returns the problems that forbid to go on, in their order.
func (ps Problems) Errors() Problems { return ps.filter(false) }

// Warnings returns the problems that do not, in their order.
func (ps Problems) Warnings() Problems { return ps.filter(true) }

func (ps Problems) filter(warning bool) Problems {
	var out Problems
	for _, p := range ps {
		if p.Warning == warning {
			out = append(out, p)
		}
	}
	return out
}

// Err returns the sorted errors among the problems as an error, or nil if there
// are none but warnings.
func (ps Problems) Err() error {
	errs := ps.Errors().Sort()
	if len(errs) == 0 {
		return nil
	}
	return errs
}

// All returns the problems within err: those that it carries, or one without a
// place that holds its text. It returns nil for nil.
func All(err error) Problems {
	if err == nil {
		return nil
	}
	if ps, ok := errors.AsType[Problems](err); ok {
		return ps
	}
	if p, ok := errors.AsType[Problem](err); ok {
		return Problems{p}
	}
	return Problems{{Message: err.Error()}}
}
