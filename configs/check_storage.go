package configs

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"assent/audit"
	"assent/policy"
	"assent/recorder"
)

// language is a tag such as en or de-AT (RFC 5646): it names a folder too.
var language = regexp.MustCompile(`^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$`)

// century is longer than anyone keeps a consent.
const century = 100 * 365 * 24 * time.Hour

// checkFormat checks the format of recordings in which both parties have a
// channel of their own, or are mixed into one.
func (l *loader) checkFormat(path, format string, dualChannel bool) {
	l.oneOf(path, format, recorder.Formats()...)
	if err := recorder.CanEncode(format); err != nil {
		l.report(path, "use "+recorder.FormatWAV, "%v", err)
	}
	if format == recorder.FormatG711 && !dualChannel {
		l.report(path, "use "+recorder.FormatWAV+", or dual_channel: true", "%s keeps what came, byte for byte, and a mix of two parties is not what came", format)
	}
}

func (l *loader) checkStorage() {
	l.given("recordings.dir", l.Recordings.Dir, "write a folder, such as "+recorder.Default().Dir)
	l.checkFormat("recordings.format", l.Recordings.Format, true)
	l.oneOf("recordings.gaps", l.Recordings.Gaps, recorder.Gaps()...)
	within(l, "recordings.max_loss_percent", l.Recordings.MaxLossPercent, 0, 100)
	within(l, "recordings.min_free_mib", l.Recordings.MinFreeMiB, 0, 1<<30)
	l.length("recordings.min_length", l.Recordings.MinLength, 0, time.Hour)
	l.reportOf("recordings", l.Recordings.Depot.Validate())
	l.reportOf("recordings.encryption", l.Recordings.Encryption.Validate())
	l.reportOf("tts", l.TTS.Validate())
	l.given("consent.ledger", l.Consent.Ledger, "write a folder, such as ./data/ledger")
	if strings.ContainsAny(l.Consent.Origin, " \t\n+") {
		l.report("consent.origin", "write a name such as example.com/ledger", "%q has a space or a plus, which no origin can have", l.Consent.Origin)
	}
	l.length("consent.checkpoint", l.Consent.Checkpoint, time.Second, time.Hour)
	l.length("consent.audit", l.Consent.Audit, time.Minute, 31*24*time.Hour)
	l.length("consent.valid_for", l.Consent.ValidFor, time.Second, century)
	l.length("consent.guard", l.Consent.Guard, 20*time.Millisecond, 10*time.Second)
	if l.Consent.NoticeLoss < 0 || l.Consent.NoticeLoss > 100 {
		l.report("consent.notice_loss", "write a percentage from 0 to 100", "%d is no percentage", l.Consent.NoticeLoss)
	}
	l.checkControl()
	l.checkRetention()
	l.given("audit.dir", l.Audit.Dir, "write a folder, such as "+audit.Default().Dir)
	l.given("cdr.file", l.CDR.File, "write a file, such as ./data/cdr.jsonl")
	l.given("flows", l.Flows, "write a folder, such as ./flows")
	l.given("prompts", l.Prompts, "write a folder, such as ./prompts")
	l.checkPaths()
	if !language.MatchString(l.Language) {
		l.report("language", "write a tag such as en, de or pt-BR", "%q is no language", l.Language)
	}
	if file, ok := strings.CutPrefix(l.Store, "sqlite:"); !notYetStore(l.Store) && (!ok || file == "") {
		l.report("store", "write sqlite:PATH, such as sqlite:./data/assent.db", "the store is no URL of a database that is known")
	}
}

// reportOf reports what a section says of itself: "key: what is wrong; what would be right".
func (l *loader) reportOf(section string, err error) {
	if err == nil {
		return
	}
	key, msg, _ := strings.Cut(err.Error(), ": ")
	msg, want, _ := strings.Cut(msg, "; ")
	l.report(section+"."+key, want, "%s %s", lastKey(section+"."+key), msg)
}

// controlKeys is a sequence of keys that controls a recording.
var controlKeys = regexp.MustCompile(`^[0-9*#]{2,8}$`)

func (l *loader) checkControl() {
	c := l.Control
	for key, keys := range map[string]string{"pause_keys": c.PauseKeys, "resume_keys": c.ResumeKeys, "withdraw_keys": c.WithdrawKeys} {
		if keys != "" && !controlKeys.MatchString(keys) {
			l.report("control."+key, `write two to eight keys, such as "*7"`, "%q is no sequence of keys", keys)
		}
	}
	if c.ResumeKeys == "" && c.PauseKeys != "" {
		l.warn("control.pause_keys", "give control.resume_keys too; the same keys toggle", "a station can pause and not resume")
	}
	if c.PauseKeys != c.ResumeKeys && c.PauseKeys != "" && c.ResumeKeys != "" && (strings.HasPrefix(c.PauseKeys, c.ResumeKeys) || strings.HasPrefix(c.ResumeKeys, c.PauseKeys)) {
		l.report("control.resume_keys", "choose sequences that do not begin with each other", "%s and %s can't be told apart", c.PauseKeys, c.ResumeKeys)
	}
	l.length("control.pause_timeout", c.PauseTimeout, time.Second, 24*time.Hour)
}

func (l *loader) checkRetention() {
	names := map[string]bool{}
	for i, r := range l.Retention {
		at := item("retention", i)
		switch {
		case !entryName.MatchString(r.Name):
			l.report(at, "give it a name of letters, digits, dots, dashes and underscores", "the rule %q has no name that can stand in an audit log", r.Name)
		case names[r.Name]:
			l.report(at, "give each rule a name of its own", "there is another rule %s", r.Name)
		}
		names[r.Name] = true
		if r.Keep <= 0 {
			l.report(at, "write keep: 90d, 10y or forever", "the rule %s does not say how long", r.Name)
		}
		if r.Direction != "" {
			l.oneOf(at+".direction", r.Direction, policy.Inbound, policy.Outbound)
		}
		if r.MaxDuration != 0 && r.MaxDuration < r.MinDuration {
			l.report(at, "let max_duration be longer than min_duration", "the rule %s fits nothing", r.Name)
		}
		for j, name := range r.Trunks {
			l.known(item(at+".trunks", j), name, "trunks", slices.Sorted(maps.Keys(l.Trunks)))
		}
		for j, name := range r.Queues {
			l.known(item(at+".queues", j), name, "queues", slices.Sorted(maps.Keys(l.Queues)))
		}
		for j, name := range r.Stations {
			l.known(item(at+".stations", j), name, "stations", slices.Sorted(maps.Keys(l.Stations)))
		}
		for j, reason := range r.Reasons {
			l.oneOf(item(at+".reasons", j), reason, string(policy.ReasonAllowed), string(policy.ReasonConsentWithdrawn))
		}
	}
}
