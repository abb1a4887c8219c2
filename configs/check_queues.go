package configs

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"assent/policy"
	"assent/queue"
)

func (l *loader) checkStations() {
	entries(l, "stations", l.Stations, func(path, _ string, s queue.StationConfig) {
		l.checkPlace(path, s)
		within(l, path+".calls", s.Calls, 1, 10_000)
		l.length(path+".ring", s.Ring, time.Second, time.Hour)
		l.checkSRTP(path+".srtp", s.SRTP, safeStation(s))
		l.checkTerms(path, s.PRACK, s.SessionTimer)
		l.checkDiversions(path, s.Redirect, s.Refer)
	})
}

// checkPlace checks where a station is: at an address, or where it registers from.
func (l *loader) checkPlace(path string, s queue.StationConfig) {
	registers := l.doc.Find(path+".register") != nil
	switch {
	case registers && s.Address != "":
		l.report(path+".address", "leave one of them out", "a station that registers has no address of its own")
	case !registers && l.given(path+".address", s.Address, `write "sip:NAME@HOST:PORT", or register: { user, password }`):
		l.checkURI(path+".address", s.Address)
	}
}

func (l *loader) checkQueues() {
	stations := slices.Collect(maps.Keys(l.Stations))
	entries(l, "queues", l.Queues, func(path, _ string, q queue.Config) {
		if len(q.Stations) == 0 {
			l.report(path, "give stations, a list of names", "the queue has no station: nobody would ever answer")
		}
		for i, name := range q.Stations {
			l.known(item(path+".stations", i), name, "stations", stations)
		}
		l.twice(path+".stations", q.Stations)
		l.oneOf(path+".strategy", q.Strategy, queue.LongestIdle, queue.RoundRobin, queue.RingAll, queue.InOrder)
		if format := q.Recording.Format; format != "" {
			l.checkFormat(path+".recording.format", format, q.Recording.DualChannel == nil || *q.Recording.DualChannel)
		}
		l.checkPhases(path+".recording.suppress", q.Recording.Suppress)
		l.length(path+".max_wait", q.MaxWait, 0, week)
		within(l, path+".max_waiting", q.MaxWaiting, 0, 1_000_000)
		if q.Music != "" {
			l.checkPrompt(path+".music", q.Music)
		}
		if q.Whisper != "" {
			l.checkPrompt(path+".whisper", q.Whisper)
		}
	})
}

// checkPrompt checks that a prompt has a file for the calls' first language.
func (l *loader) checkPrompt(path, name string) {
	for _, dir := range []string{filepath.Join(l.Prompts, l.Language), l.Prompts} {
		if info, err := os.Stat(filepath.Join(dir, name+".wav")); err == nil && info.Mode().IsRegular() {
			return
		}
	}
	var candidates []string
	for _, dir := range []string{filepath.Join(l.Prompts, l.Language), l.Prompts} {
		files, _ := filepath.Glob(filepath.Join(escapeGlob(dir), "*.wav")) // the pattern is escaped: it can't be bad
		for _, file := range files {
			candidates = append(candidates, strings.TrimSuffix(filepath.Base(file), ".wav"))
		}
	}
	l.known(path, name, "prompts of "+l.Prompts, candidates)
}

func escapeGlob(path string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(path)
}

// sipURI is an address to dial (RFC 3261 section 19.1), as far as we do.
var sipURI = regexp.MustCompile(`^(?i:sips?):(?:([^@;?\s]+)@)?(\[[0-9a-fA-F:.]+\]|[^:;?@\s\[\]]+)(?::([0-9]+))?((?:;[^;?\s]+)*)$`)

// checkURI checks an address to dial.
func (l *loader) checkURI(path, uri string) {
	const want = `write "sip:NAME@HOST:PORT", and ;transport=tcp or ;transport=tls where it is not UDP`
	m := sipURI.FindStringSubmatch(uri)
	if m == nil || !validHost(m[2]) {
		l.report(path, want, "%q is no SIP address", uri)
		return
	}
	if port, err := strconv.ParseUint(m[3], 10, 16); m[3] != "" && (err != nil || port == 0) {
		l.report(path, "use a port from 1 to 65535", "%s is no port", m[3])
	}
	for param := range strings.SplitSeq(strings.TrimPrefix(m[4], ";"), ";") {
		name, value, _ := strings.Cut(strings.ToLower(param), "=")
		if name == "transport" && value != "udp" && value != "tcp" && value != "tls" {
			l.report(path, "use udp, tcp or tls", "%q is no transport", value)
		}
	}
	l.checkSecureURI(path, uri)
	if Documentation(m[2]) {
		l.warn(path, "write the real one", "%s is an address for documentation; nothing answers there", m[2])
	}
}

// checkRecordable warns of stations that may record someone who was not asked:
// outbound calls and conferences do not wait for consent there.
func (l *loader) checkRecordable() {
	var stations []string
	for name, s := range l.Stations {
		if s.Recording.Enabled {
			stations = append(stations, name)
		}
	}
	if len(stations) == 0 {
		return
	}
	slices.Sort(stations)
	for _, name := range slices.Sorted(maps.Keys(l.Trunks)) {
		r := l.Trunks[name].Recording
		if r.Consent != policy.ConsentNotRequired && r.StationConsent == policy.StationInboundOnly {
			l.warn("trunks."+name+".recording.station_consent", "station_consent: everywhere makes stations wait there too",
				"trunk %s requires consent, but %s records outbound calls and conferences without it", name, strings.Join(stations, ", "))
		}
	}
}
