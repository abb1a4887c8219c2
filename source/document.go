package source

import (
	"strconv"
	"strings"
)

// Document is a parsed YAML document.
type Document struct {
	file   string
	lines  []string
	root   *Node
	silent bool // shows no lines: they hold a secret
}

// Root returns the document's value; it is [Null] for an empty document.
func (d *Document) Root() *Node { return d.root }

// File returns the name that the document was parsed under.
func (d *Document) File() string { return d.file }

// Conceal makes problems of this document come without its lines, for text that
// holds a secret.
func (d *Document) Conceal() { d.silent = true }

// Find returns the node at a path such as "trunks.carrier-a.sources[0]", or nil.
// Keys may contain dots and brackets themselves.
func (d *Document) Find(path string) *Node { return find(d.root, path) }

func find(n *Node, path string) *Node {
	if path == "" || n == nil {
		return n
	}
	if n.kind == List {
		number, rest, ok := strings.Cut(strings.TrimPrefix(path, "["), "]")
		i, err := strconv.Atoi(number)
		if !ok || err != nil || i < 0 || i >= len(n.items) {
			return nil
		}
		return find(n.items[i], strings.TrimPrefix(rest, "."))
	}
	for i, key := range n.keys {
		rest, ok := strings.CutPrefix(path, key.Name)
		if !ok || rest != "" && rest[0] != '.' && rest[0] != '[' {
			continue
		}
		if found := find(n.values[i], strings.TrimPrefix(rest, ".")); found != nil {
			return found
		}
	}
	return nil
}

// At returns the place of the value at a path, and whether there is one.
func (d *Document) At(path string) (Position, bool) {
	n := d.Find(path)
	if n == nil {
		return Position{File: d.file}, false
	}
	return n.Pos(), true
}

// Problem returns a problem with the value at a path. Where the document has no
// such value, it points at the nearest one above it.
func (d *Document) Problem(path, msg, want string) Problem {
	for {
		if n := d.Find(path); n != nil {
			if path == "" && n.kind != Scalar { // the whole file: no line to point at
				return Problem{Pos: Position{File: d.file}, Message: msg, Want: want}
			}
			return n.Problem(msg, want)
		}
		path = path[:max(strings.LastIndexAny(path, ".["), 0)]
	}
}

func (d *Document) problemAt(pos Position, msg, want string) Problem {
	p := Problem{Pos: pos, Message: msg, Want: want}
	if !d.silent {
		p.Excerpt = excerpt(d.lines, pos)
	}
	return p
}
