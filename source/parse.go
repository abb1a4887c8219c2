package source

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// The bounds of a document. They are far above what people write, and low enough
// that a hostile file costs milliseconds: the library's parser recurses.
const (
	maxSize  = 1 << 20 // bytes
	maxDepth = 64      // maps and lists within each other
	maxNodes = 50_000  // values, with every alias counted in full
	maxKeys  = 5_000   // keys of one map: the parser's time grows with their square
)

// lineEnds makes the line breaks of YAML 1.2 (section 5.4) alike.
var lineEnds = strings.NewReplacer("\r\n", "\n", "\r", "\n")

// Parse reads one YAML document. file is the name that problems will show. The
// error is [Problems]. The bytes are not kept.
func Parse(file string, b []byte) (*Document, error) {
	d := &Document{file: file}
	if problem, bad := d.unfit(b); bad {
		return nil, Problems{problem}
	}
	text := strings.TrimPrefix(lineEnds.Replace(string(b)), "\ufeff")
	d.lines = strings.Split(text, "\n")
	body, err := d.syntax(text)
	if err != nil {
		return nil, All(err)
	}
	builder := builder{doc: d, anchors: map[string]*Node{}}
	d.root = builder.node(body)
	if err := builder.problems.Err(); err != nil {
		return nil, err
	}
	return d, nil
}

// unfit refuses what should not even be tokenised.
func (d *Document) unfit(b []byte) (Problem, bool) {
	at := Position{File: d.file}
	switch {
	case len(b) > maxSize:
		return Problem{Pos: at, Message: fmt.Sprintf("the file has %d bytes", len(b)), Want: fmt.Sprintf("%d are read", maxSize)}, true
	case !utf8.Valid(b):
		return Problem{Pos: at, Message: "the file is not UTF-8 text", Want: "save it as UTF-8"}, true
	case bytes.IndexByte(b, 0) >= 0:
		return Problem{Pos: at, Message: "the file holds a zero byte", Want: "save it as plain text"}, true
	}
	return Problem{}, false
}

// syntax returns the body of the only document in text, nil for an empty one.
func (d *Document) syntax(text string) (body ast.Node, err error) {
	defer func() { // the library is not ours: a panic is one more way to refuse a file
		if r := recover(); r != nil {
			err = Problem{Pos: Position{File: d.file}, Message: "the file can't be read as YAML", Want: "simplify it"}
		}
	}()
	tokens := lexer.Tokenize(text)
	if err := d.bounded(tokens); err != nil {
		return nil, err
	}
	parsed, err := parser.Parse(tokens, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		return nil, d.syntaxProblem(err)
	}
	for _, doc := range parsed.Docs {
		if doc.Body == nil {
			continue
		}
		if directive, ok := doc.Body.(*ast.DirectiveNode); ok {
			return nil, d.problemAt(d.place(directive.GetToken()), "a configuration has no use for directives", "remove the line")
		}
		if body != nil {
			return nil, d.problemAt(d.place(first(doc.Body)), "a second document begins here", "one file holds one document")
		}
		body = doc.Body
	}
	return body, nil
}

// bounded counts how deep the parser would recurse and how wide its maps would
// get, before it does.
func (d *Document) bounded(tokens token.Tokens) error {
	if len(tokens) > 6*maxNodes {
		return Problem{Pos: Position{File: d.file}, Message: "the file holds too many values", Want: fmt.Sprintf("%d are read", maxNodes)}
	}
	flow, line, onLine := 0, 0, 0
	var widths widths
	for _, t := range tokens {
		if t.Position == nil {
			continue
		}
		if t.Position.Line != line {
			line, onLine = t.Position.Line, 0
		}
		switch t.Type {
		case token.SequenceStartType, token.MappingStartType:
			flow++
		case token.SequenceEndType, token.MappingEndType:
			flow--
		case token.SequenceEntryType, token.MappingKeyType, token.TagType, token.AnchorType:
			onLine++ // each of them may open a level without a bracket
		}
		if flow > maxDepth || onLine > 4*maxDepth {
			return d.problemAt(d.place(t), "the file is nested too deeply", fmt.Sprintf("%d levels are read", maxDepth))
		}
		if widths.add(t) > maxKeys {
			return d.problemAt(d.place(t), "one map holds too many keys", fmt.Sprintf("%d are read", maxKeys))
		}
	}
	return nil
}

// widths counts the keys of the maps that are open, by the column of their keys.
type widths []struct{ column, keys int }

// add counts a token and returns how many keys its map has so far; 0 for tokens
// that make no key.
func (w *widths) add(t *token.Token) int {
	column := t.Position.Column
	switch {
	case t.Type == token.MappingKeyType:
	case t.Type == token.MappingValueType && t.Prev != nil && t.Prev.Position != nil:
		column = t.Prev.Position.Column
	default:
		return 0
	}
	open := *w
	for len(open) > 0 && open[len(open)-1].column > column {
		open = open[:len(open)-1]
	}
	if len(open) == 0 || open[len(open)-1].column < column {
		open = append(open, struct{ column, keys int }{column: column})
	}
	last := &open[len(open)-1]
	last.keys++
	*w = open
	return last.keys
}

func (d *Document) syntaxProblem(err error) Problem {
	syntax, ok := errors.AsType[*yaml.SyntaxError](err)
	if !ok || syntax.Token == nil {
		return Problem{Pos: Position{File: d.file}, Message: "the file can't be read as YAML: " + short(err.Error())}
	}
	pos := d.place(syntax.Token)
	return d.problemAt(pos, "this is not YAML: "+short(syntax.Message), advice(syntax.Token, syntax.Message, d.line(pos)))
}

// line returns the text of the line at pos.
func (d *Document) line(pos Position) string {
	if pos.Line < 1 || pos.Line > len(d.lines) {
		return ""
	}
	return d.lines[pos.Line-1]
}

// short cuts a message of the library, which may quote the whole file.
func short(message string) string {
	message, _, _ = strings.Cut(message, "\n")
	if runes := []rune(message); len(runes) > maxExcerpt {
		return string(runes[:maxExcerpt]) + "…"
	}
	return message
}

// advice guesses what was meant where the YAML is broken.
func advice(t *token.Token, message, line string) string {
	switch {
	case strings.Contains(line, "${"):
		return `within [ ] and { }, write "${…}" in quotes`
	case strings.ContainsRune(t.Origin, '\t') || strings.Contains(message, "tab"):
		return "indent with spaces"
	case strings.Contains(message, "quot"):
		return "close the quotes"
	case strings.Contains(message, "flow") || strings.Contains(message, "']'") || strings.Contains(message, "'}'"):
		return "close the bracket"
	}
	return "write \"key: value\", one below the other, indented alike"
}

// place returns where a token stands.
func (d *Document) place(t *token.Token) Position {
	if t == nil || t.Position == nil {
		return Position{File: d.file}
	}
	return Position{File: d.file, Line: max(t.Position.Line, 1), Column: max(t.Position.Column, 1)}
}
