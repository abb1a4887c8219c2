package configs

import (
	"strings"

	"assent/source"
)

// notYet reports what the configuration may say, and this version can't do: better
// refused than ignored.
func (l *loader) notYet() source.Problems {
	n := l.doc.Find("store")
	if n == nil {
		return nil
	}
	if text, ok := n.Scalar(); !ok || !notYetStore(text) {
		return nil
	}
	return source.Problems{n.Problem("the URL needs PostgreSQL, which this version does not have", "use sqlite:PATH")}
}

func notYetStore(text string) bool {
	return strings.HasPrefix(text, "postgres://") || strings.HasPrefix(text, "postgresql://")
}
