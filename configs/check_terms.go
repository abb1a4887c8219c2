package configs

import (
	"assent/source"
	"assent/terms"
)

// checkTerms checks what a trunk or a station wants of SIP's extensions.
func (l *loader) checkTerms(path string, prack string, t terms.SessionTimer) {
	l.oneOf(path+".prack", prack, terms.Off, terms.Supported, terms.Required)
	l.length(path+".session_timer.min", t.Min, terms.LeastMin, day)
	if t.Expires != 0 && (t.Expires < t.Min || t.Expires > day) {
		l.report(path+".session_timer.expires", "use "+source.FormatDuration(t.Min)+", which is min, to "+source.FormatDuration(day)+", or 0 for no session timer",
			"expires can't be %s", source.FormatDuration(t.Expires))
	}
}

// checkDiversions checks whom a trunk or a station may have us call.
func (l *loader) checkDiversions(path, redirect, refer string) {
	l.oneOf(path+".redirect", redirect, terms.Off, terms.Known, terms.Any)
	l.oneOf(path+".refer", refer, terms.Off, terms.Known, terms.Any)
}
