package source

import (
	"slices"
	"strconv"
)

// Kind says what a node is.
type Kind uint8

// The kinds of nodes.
const (
	Null   Kind = iota // nothing, "~" or "null"
	Scalar             // text, a number, a boolean: see Node.Scalar
	List               // see Node.Items
	Map                // see Node.Keys
)

var kindNames = [...]string{Null: "nothing", Scalar: "a single value", List: "a list", Map: "a map"}

// String names the kind as a message would.
func (k Kind) String() string { return kindNames[k] }

// Key is a key of a map, with its place.
type Key struct {
	Name string
	Pos  Position
}

// Node is one value of a document.
type Node struct {
	doc    *Document // whose lines an excerpt shows
	kind   Kind
	pos    Position
	text   string // Scalar
	quoted bool   // Scalar: in quotes, or a block: text and nothing else
	secret bool   // Scalar: no message may show the text
	items  []*Node
	keys   []Key
	values []*Node
	index  map[string]int // name → its place in keys and values

	parent *Node
	name   string // the key in parent
	nth    int    // the place in parent, for items
	keyPos Position
	size   int // nodes in this tree, itself included
}

// Kind returns what the node is.
func (n *Node) Kind() Kind { return n.kind }

// Keys returns the keys of a map in the document's order; nil for other kinds.
func (n *Node) Keys() []Key { return slices.Clone(n.keys) }

// Has says whether a map has the key.
func (n *Node) Has(key string) bool { _, ok := n.index[key]; return ok }

// Child returns the value of a key of a map, or nil if there is none.
func (n *Node) Child(key string) *Node {
	if i, ok := n.index[key]; ok {
		return n.values[i]
	}
	return nil
}

// Items returns the items of a list; nil for other kinds.
func (n *Node) Items() []*Node { return slices.Clone(n.items) }

// Scalar returns the text of a scalar as it was written, without quotes, and
// whether the node is one: numbers and booleans come as their text.
func (n *Node) Scalar() (string, bool) { return n.text, n.kind == Scalar }

// Quoted says whether a scalar stood in quotes or in a block: it is then text,
// never a number or a boolean.
func (n *Node) Quoted() bool { return n.quoted }

// Pos returns the place that a problem with this node points at: the value
// itself, or its key where the value begins on a later line or is nothing.
func (n *Node) Pos() Position {
	if n.keyPos.Line != 0 && (n.kind == Null || n.pos.File == n.keyPos.File && n.pos.Line != n.keyPos.Line) {
		return n.keyPos
	}
	return n.pos
}

// Path returns the way from the root, as "trunks.carrier-a.sources[0]"; "" for
// the root.
func (n *Node) Path() string {
	if n.parent == nil {
		return ""
	}
	up := n.parent.Path()
	switch {
	case n.parent.kind == List:
		return up + "[" + strconv.Itoa(n.nth) + "]"
	case up == "":
		return n.name
	}
	return up + "." + n.name
}

// Problem returns a problem that points at this node.
func (n *Node) Problem(msg, want string) Problem { return n.doc.problemAt(n.Pos(), msg, want) }

// KeyProblem returns a problem that points at one of a map's keys.
func (n *Node) KeyProblem(key, msg, want string) Problem {
	i, ok := n.index[key]
	if !ok {
		return n.Problem(msg, want)
	}
	return n.values[i].doc.problemAt(n.keys[i].Pos, msg, want)
}

// Set gives a map's key another value and place, or adds the key; a node that is
// nothing becomes a map first. It takes value over, which must not be in use
// elsewhere.
func (n *Node) Set(key Key, value *Node) {
	if n.kind == Null {
		n.kind = Map
	}
	n.put(key, value)
}

// SetSecret gives a scalar another text, one that no message shows. Its place
// and its quotes stay.
func (n *Node) SetSecret(text string) { n.text, n.secret = text, true }

// Secret says whether no message may show the node's text: it was set by SetSecret,
// or its document is concealed.
func (n *Node) Secret() bool { return n.secret || n.doc.silent }

func (n *Node) put(key Key, value *Node) {
	value.parent, value.name, value.keyPos = n, key.Name, key.Pos
	if i, ok := n.index[key.Name]; ok {
		n.keys[i], n.values[i] = key, value
		return
	}
	if n.index == nil {
		n.index = map[string]int{}
	}
	n.index[key.Name] = len(n.keys)
	n.keys, n.values = append(n.keys, key), append(n.values, value)
}

// copy returns the tree below n as a tree of its own. The places stay.
func (n *Node) copy() *Node {
	c := *n
	c.items, c.keys, c.values, c.index, c.parent = nil, nil, nil, nil, nil
	for i, item := range n.items {
		child := item.copy()
		child.parent, child.nth = &c, i
		c.items = append(c.items, child)
	}
	for i, key := range n.keys {
		c.put(key, n.values[i].copy())
	}
	return &c
}
