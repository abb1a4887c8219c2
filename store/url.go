package store

import (
	"fmt"
	"net/url"
	"path/filepath"
	"strings"
	"time"
)

// parseURL returns the database file that a store URL names, as an absolute path.
func parseURL(s string) (string, error) {
	scheme, rest, ok := strings.Cut(s, ":")
	switch {
	case !ok:
		return "", fmt.Errorf("store %q: not a URL; write it as sqlite:./data/assent.db", s)
	case scheme == "postgres" || scheme == "postgresql":
		return "", fmt.Errorf("store %s://…: PostgreSQL is not in this version; use sqlite:./data/assent.db", scheme)
	case scheme != "sqlite":
		return "", fmt.Errorf("store %s:…: unknown kind of store; use sqlite:./data/assent.db", scheme)
	}
	file := strings.TrimPrefix(rest, "//")
	if file == "" || file == ":memory:" || strings.ContainsAny(file, "?\x00") {
		return "", fmt.Errorf("store %q: it names no file; write it as sqlite:./data/assent.db", s)
	}
	path, err := filepath.Abs(file)
	if err != nil {
		return "", fmt.Errorf("store %q: %w", s, err)
	}
	return path, nil
}

// dsn returns the driver's name for the file, with settings for each connection.
func dsn(path, mode string, busy time.Duration, pragmas ...string) string {
	q := url.Values{"mode": {mode}}
	q.Add("_pragma", fmt.Sprintf("busy_timeout(%d)", busy.Milliseconds()))
	for _, p := range pragmas {
		q.Add("_pragma", p)
	}
	u := url.URL{Scheme: "file", Path: path, RawQuery: q.Encode()}
	return u.String()
}
