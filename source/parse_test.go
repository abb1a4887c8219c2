package source

import (
	"fmt"
	"strings"
	"testing"
)

// mustParse parses a document that a test knows to be right.
func mustParse(t *testing.T, text string) *Document {
	t.Helper()
	d, err := Parse("f.yaml", []byte(text))
	if err != nil {
		t.Fatalf("parse: %v", err)
	}
	return d
}

// refused returns the error of a document that must not parse.
func refused(t *testing.T, text string) string {
	t.Helper()
	d, err := Parse("f.yaml", []byte(text))
	if err == nil {
		t.Fatalf("parsed %.60q as %s", text, d.Root().Kind())
	}
	return err.Error()
}

func TestPlacesAreThoseOfTheText(t *testing.T) {
	text := "\ufeff# a comment\r\n" +
		"日本: {é: ö, n: [1, \"two\",\r\n" +
		"   3]}\r\n" +
		"block:\r\n" +
		"  # more\r\n" +
		"  - 'z'\r\n" +
		"  - k: |\r\n" +
		"      text\r\n" +
		"    m: >-\r\n" +
		"      a\r\n" +
		"      b\r\n" +
		"    last: x # end\r\n"
	d := mustParse(t, text)
	for path, want := range map[string]string{
		"日本.é": "f.yaml:2:9", "日本.n[0]": "f.yaml:2:16", "日本.n[1]": "f.yaml:2:19", "日本.n[2]": "f.yaml:3:4",
		"block": "f.yaml:4:1", "block[0]": "f.yaml:6:5", "block[1].k": "f.yaml:7:8", "block[1].m": "f.yaml:9:8",
		"block[1].last": "f.yaml:12:11",
	} {
		if pos, ok := d.At(path); !ok || pos.String() != want {
			t.Errorf("%s stands at %v (%v), want %s", path, pos, ok, want)
		}
	}
	if pos, ok := d.At("block[9].k"); ok || pos.String() != "f.yaml" {
		t.Errorf("a path that leads nowhere stands at %v", pos)
	}
}

func TestPlacesHoldAfterADocumentHeader(t *testing.T) {
	d := mustParse(t, "---\na: b\nc: d\n")
	for path, want := range map[string]string{"a": "f.yaml:2:4", "c": "f.yaml:3:4"} {
		if pos, _ := d.At(path); pos.String() != want {
			t.Errorf("%s stands at %v, want %s", path, pos, want)
		}
	}
	if pos := d.Root().Keys()[0].Pos.String(); pos != "f.yaml:2:1" {
		t.Errorf("the first key stands at %s", pos)
	}
}

func TestScalarsKeepTheirText(t *testing.T) {
	d := mustParse(t, "plus: +4980012345\nzeros: 007\non: yes\nrange: 20000-29999\ndate: 2026-01-02\nurl: sqlite:./a.db\nblock: |\n  x\n  y\n")
	for path, want := range map[string]string{
		"plus": "+4980012345", "zeros": "007", "on": "yes", "range": "20000-29999",
		"date": "2026-01-02", "url": "sqlite:./a.db", "block": "x\ny\n",
	} {
		if got, ok := d.Find(path).Scalar(); !ok || got != want {
			t.Errorf("%s is %q, want %q", path, got, want)
		}
	}
}

func TestBrokenYAMLIsShownWithACaret(t *testing.T) {
	for text, want := range map[string]string{
		"a: 1\na: 2\nb: {c: 1, c: 2}\n": "f.yaml:2:1: the key a stands here twice; keep one of them; the first is in line 1\n  a: 2\n  ^\n" +
			"f.yaml:3:11: the key c stands here twice; keep one of them; the first is in line 3\n  b: {c: 1, c: 2}\n            ^",
		"a: {1: x, \"1\": y}":    "f.yaml:1:11: the key 1 stands here twice",
		"a: b\n---\nc: d\n":      "f.yaml:3:1: a second document begins here; one file holds one document\n  c: d\n  ^",
		"a: [1, 2\nb: c\n":       "f.yaml:2:1: this is not YAML: ',' or ']' must be specified; close the bracket",
		"a:\n\t- b\n":            "indent with spaces\n  \t- b\n  ^",
		"a: \"x\nb: c\n":         "f.yaml:1:4: this is not YAML",
		"a:\n  b: c\n d: e\n":    "f.yaml:3:2: this is not YAML",
		"t: [${env:A}]":          "within [ ] and { }, write \"${…}\" in quotes",
		"a: !!int 3":             "a configuration has no use for this part of YAML",
		"%YAML 1.2\n---\na: b\n": "no use for directives",
		"a: *nope":               "the anchor &nope does not stand above",
		"a: &x [*x]":             "the anchor &x does not stand above",
		"<<: 3\n":                "<< needs a map",
		"~: 3\n":                 "a key must be plain text",
		"a: \xff":                "f.yaml: the file is not UTF-8 text; save it as UTF-8",
		"a: \x00":                "a zero byte",
	} {
		if got := refused(t, text); !strings.Contains(got, want) {
			t.Errorf("%q gives\n%s\nwant\n%s", text, got, want)
		}
	}
}

func TestEmptyDocumentsAreNothing(t *testing.T) {
	for _, text := range []string{"", "# only a comment\n", "---\n", "\n\n"} {
		if kind := mustParse(t, text).Root().Kind(); kind != Null {
			t.Errorf("%q is %s", text, kind)
		}
	}
}

func TestAliasesAndMergeKeysAreCarriedOut(t *testing.T) {
	d := mustParse(t, "a: &a {x: 1, y: 2}\nb:\n  <<: *a\n  y: 3\nc: {<<: [*a], z: 4}\nd: *a\n")
	for path, want := range map[string]string{"b.x": "1", "b.y": "3", "c.x": "1", "c.z": "4", "d.y": "2"} {
		n := d.Find(path)
		if n == nil {
			t.Errorf("%s is not there", path)
			continue
		}
		if got, _ := n.Scalar(); got != want || n.Path() != path {
			t.Errorf("%s is %q at %s, want %q", path, got, n.Path(), want)
		}
	}
	d.Find("d").Set(Key{Name: "y"}, mustParse(t, "9").Root())
	if got, _ := d.Find("a.y").Scalar(); got != "2" {
		t.Errorf("a change of the alias changed what it names: %s", got)
	}
}

// bomb is the well-known chain of lists, each nine times the one before.
func bomb() string {
	b := strings.Builder{}
	b.WriteString("a0: &a0 [x, x, x, x, x, x, x, x, x]\n")
	for i := 1; i < 12; i++ {
		one := fmt.Sprintf("*a%d, ", i-1)
		fmt.Fprintf(&b, "a%d: &a%d [%s]\n", i, i, strings.TrimSuffix(strings.Repeat(one, 9), ", "))
	}
	return b.String()
}

func TestHostileDocumentsAreRefusedInFewWords(t *testing.T) {
	const size = maxSize / 4
	fill := func(s string) string { return strings.Repeat(s, size/len(s)) }
	many := strings.Builder{}
	for i := 0; many.Len() < size; i++ {
		fmt.Fprintf(&many, "k%d: v\n", i)
	}
	for name, text := range map[string]string{
		"alias bomb": bomb(), "too big": strings.Repeat("#\n", maxSize/2) + "#", "lists in lists": fill("["), "maps in maps": fill("{a: "), "dashes": fill("- "),
		"questions": fill("? "), "tags": fill("!!a "), "anchors": fill("&a "), "many keys": many.String(), "many explicit keys": fill("? a\n"),
		"many items": fill("- a\n"), "open quote": "a: \"" + fill("x\\n"), "pipes": fill("|"),
		"aliases of a list": "a: &a [x, y]\nb:\n" + strings.Repeat("  - *a\n", maxNodes/2),
		"stairs":            stairs(200),
	} {
		message := refused(t, text)
		if len(message) > 1000 {
			t.Errorf("%s: the message has %d bytes", name, len(message))
		}
	}
}

func stairs(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(strings.Repeat(" ", i) + "a:\n")
	}
	return b.String()
}

func FuzzParse(f *testing.F) {
	for _, text := range []string{
		"", "a: b", "a: [1, {b: c}]\n", "a: &x {b: 1}\nc: *x\nd: {<<: *x}\n", "a: |\n  b\n", "- - a\n", "? a\n: b\n",
		"---\na: b\n...\n", "a: 'x'\nb: \"y\\n\"", "a:\r\n  - b\r\n", "\ufeffa: 1", "%x\n---\n", "a: !!str b", bomb(),
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		d, err := Parse("f.yaml", b)
		if err != nil {
			for _, p := range All(err) {
				if p.Message == "" || p.Pos.File != "f.yaml" {
					t.Fatalf("a problem says nothing: %+v", p)
				}
			}
			return
		}
		visit(t, d, d.Root())
		var into everything
		if err := d.Decode(&into); err != nil {
			_ = err.Error() // printing must not panic either
		}
	})
}

// visit checks that every node is found again by its path, and stands in a line.
func visit(t *testing.T, d *Document, n *Node) {
	if n.Pos().Line > len(d.lines) {
		t.Fatalf("%s stands in line %d of %d", n.Path(), n.Pos().Line, len(d.lines))
	}
	for _, key := range n.Keys() {
		visit(t, d, n.Child(key.Name))
	}
	for _, item := range n.Items() {
		visit(t, d, item)
	}
}
