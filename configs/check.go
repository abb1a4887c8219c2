package configs

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"assent/source"
)

// check looks for everything that is wrong in itself or between sections.
func (l *loader) check() {
	l.checkSIP()
	l.checkMedia()
	l.checkTrunks()
	l.checkSTIR()
	l.checkStations()
	l.checkAccounts()
	l.checkRegistrar()
	l.checkQueues()
	l.checkOutbound()
	l.checkStorage()
	l.checkAPI()
	l.oneOf("log.level", l.Log.Level, "debug", "info", "warn", "error")
	l.oneOf("log.format", l.Log.Format, "json", "console")
	l.checkRecordable()
}

// entryName is how trunks, stations and queues may be called: the names stand in
// paths, environment variables, metrics and files.
var entryName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)

// entries calls f for each entry of a map, sorted by name, with its path.
func entries[T any](l *loader, section string, all map[string]T, f func(path, name string, entry T)) {
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if !entryName.MatchString(name) {
			n := l.doc.Find(section)
			l.problems = append(l.problems, n.KeyProblem(name, fmt.Sprintf("%q is no name for an entry of %s", name, section),
				"use up to 64 letters, digits, dots, dashes and underscores"))
			continue
		}
		f(section+"."+name, name, all[name])
	}
}

// item returns the path of a list's item.
func item(path string, i int) string { return fmt.Sprintf("%s[%d]", path, i) }

// oneOf checks a value against the words that it may be.
func (l *loader) oneOf(path, value string, words ...string) {
	if slices.Contains(words, value) {
		return
	}
	want := "use " + strings.Join(words, " or ")
	if near := source.Nearest(value, words); near != "" {
		want = "did you mean " + near + "?"
	}
	l.report(path, want, "%s can't be %q", lastKey(path), value)
}

// known checks a name against those that exist. noun is what they are, in the plural.
func (l *loader) known(path, name, noun string, candidates []string) {
	if !slices.Contains(candidates, name) {
		l.report(path, source.Suggest(name, noun, candidates), "there is no %s in %s", name, noun)
	}
}

// twice reports the items of a list that stand in it before.
func (l *loader) twice(path string, list []string) {
	for i, text := range list {
		if slices.Index(list, text) < i {
			l.report(item(path, i), "remove it", "%s stands here twice", text)
		}
	}
}

// within checks that a number lies between two bounds, both included.
func within[N int | float64](l *loader, path string, value, low, high N) {
	if value < low || value > high {
		l.report(path, fmt.Sprintf("use %v to %v", low, high), "%s can't be %v", lastKey(path), value)
	}
}

// length checks that a length of time lies between two bounds, both included.
func (l *loader) length(path string, value, low, high time.Duration) {
	if value < low || value > high {
		l.report(path, "use "+source.FormatDuration(low)+" to "+source.FormatDuration(high),
			"%s can't be %s", lastKey(path), source.FormatDuration(value))
	}
}

// given checks that a text is not empty.
func (l *loader) given(path, value, want string) bool {
	if strings.TrimSpace(value) != "" {
		return true
	}
	l.report(path, want, "%s is missing", path)
	return false
}

func lastKey(path string) string {
	key := path[strings.LastIndexByte(path, '.')+1:]
	key, _, _ = strings.Cut(key, "[")
	return key
}
