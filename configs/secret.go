package configs

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"assent/source"
)

// reference is a "${…}" in a value.
var reference = regexp.MustCompile(`\$\{([^}]*)\}?`)

// maxSecret bounds a file that holds a secret.
const maxSecret = 64 << 10

// secretVariables returns the environment variables that the values below n name.
func secretVariables(n *source.Node) map[string]bool {
	used := map[string]bool{}
	scalars(n, func(n *source.Node, text string) {
		for _, ref := range reference.FindAllStringSubmatch(text, -1) {
			if name, ok := strings.CutPrefix(ref[1], "env:"); ok {
				used[name] = true
			}
		}
	})
	return used
}

// resolveSecrets replaces every ${env:NAME} and ${file:PATH} in the values below n.
func (l *loader) resolveSecrets(n *source.Node) {
	scalars(n, func(n *source.Node, text string) {
		if !strings.Contains(text, "${") {
			return
		}
		n.SetSecret(reference.ReplaceAllStringFunc(text, func(ref string) string {
			value, err := l.secret(ref)
			if err != nil {
				l.problems = append(l.problems, n.Problem(err.Error(), "write ${env:NAME} or ${file:PATH} of one that is there"))
			}
			return value
		}))
	})
}

// secretKeys are the keys whose values are secrets.
var secretKeys = []string{
	"api.tokens", "recordings.s3.secret_key", "recordings.encryption.key", "recordings.encryption.old_keys", "recordings.encryption.token",
}

// secretsOf are the secrets of the entries of a map.
var secretsOf = map[string][]string{
	"trunks": {"digest.password", "credentials.password", "register.password"}, "stations": {"register.password"},
}

// secretPaths are the paths of all secrets of the file.
func (l *loader) secretPaths() []string {
	paths := slices.Clone(secretKeys)
	for section, keys := range secretsOf {
		if n := l.doc.Find(section); n != nil {
			for _, entry := range n.Keys() {
				for _, key := range keys {
					paths = append(paths, section+"."+entry.Name+"."+key)
				}
			}
		}
	}
	return paths
}

// noteTokens keeps the secrets that stand in the file themselves.
func (l *loader) noteTokens() {
	for _, key := range l.secretPaths() {
		texts(l.doc.Find(key), func(_ *source.Node, text string) {
			where := strings.HasPrefix(key, "recordings.encryption") && strings.Contains(text, ":") // of a key, not the key
			if text != "" && !strings.Contains(text, "${") && !where {
				l.tokens = append(l.tokens, text)
			}
		})
	}
}

// withoutTokens blots out the tokens in what the problems show: it ends in logs.
func (l *loader) withoutTokens(ps source.Problems) source.Problems {
	for i := range ps {
		for _, token := range l.tokens {
			blot := strings.Repeat("*", utf8.RuneCountInString(token)) // the caret stays where it was
			ps[i].Excerpt = strings.ReplaceAll(ps[i].Excerpt, token, blot)
			ps[i].Message = strings.ReplaceAll(ps[i].Message, token, blot)
		}
	}
	return ps
}

// scalars calls f for every single value below n, with its text.
func scalars(n *source.Node, f func(n *source.Node, text string)) {
	for _, key := range n.Keys() {
		scalars(n.Child(key.Name), f)
	}
	for _, item := range n.Items() {
		scalars(item, f)
	}
	if text, ok := n.Scalar(); ok {
		f(n, text)
	}
}

// secret returns what a reference stands for.
func (l *loader) secret(ref string) (string, error) {
	inner, closed := strings.CutSuffix(strings.TrimPrefix(ref, "${"), "}")
	kind, name, _ := strings.Cut(inner, ":")
	switch {
	case !closed:
		return "", fmt.Errorf("%s is not closed", ref)
	case kind == "env" && name != "":
		value, ok := l.env[name]
		if !ok || value == "" {
			return "", fmt.Errorf("the environment variable %s is not set", name)
		}
		return value, nil
	case kind == "file" && name != "":
		text, err := readFile(l.inDir(name))
		if err != nil {
			return "", fmt.Errorf("the file %s can't be read: %w", name, cause(err))
		}
		value := strings.TrimRight(string(text), "\r\n")
		if value == "" || len(value) > maxSecret {
			return "", fmt.Errorf("the file %s holds no secret, but %d bytes", name, len(text))
		}
		return value, nil
	}
	return "", fmt.Errorf("%s is no reference to a secret", ref)
}

// texts calls f for a single value, or for each of a list's.
func texts(n *source.Node, f func(n *source.Node, text string)) {
	if n == nil {
		return
	}
	if text, ok := n.Scalar(); ok {
		f(n, text)
	}
	for _, item := range n.Items() {
		if text, ok := item.Scalar(); ok {
			f(item, text)
		}
	}
}
