package source

import (
	"fmt"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"
)

// builder turns the library's tree into ours: aliases copied in full, merge keys
// carried out, keys plain text and unique, everything within the bounds.
type builder struct {
	doc      *Document
	anchors  map[string]*Node
	nodes    int
	depth    int
	problems Problems
	full     bool // a bound was hit and reported
}

func (b *builder) node(n ast.Node) *Node {
	b.depth++
	defer func() { b.depth-- }()
	if !b.room(n) {
		return b.leaf(tokenOf(n), Null, "")
	}
	switch n := n.(type) {
	case nil:
		return b.leaf(nil, Null, "")
	case *ast.NullNode, *ast.CommentGroupNode:
		return b.leaf(n.GetToken(), Null, "")
	case *ast.StringNode:
		t := n.GetToken()
		leaf := b.leaf(t, Scalar, n.Value)
		leaf.quoted = t.Type == token.SingleQuoteType || t.Type == token.DoubleQuoteType
		return leaf
	case *ast.LiteralNode:
		leaf := b.leaf(n.GetToken(), Scalar, n.Value.Value)
		leaf.quoted = true
		return leaf
	case *ast.BoolNode, *ast.IntegerNode, *ast.FloatNode, *ast.InfinityNode, *ast.NanNode:
		return b.leaf(n.GetToken(), Scalar, n.GetToken().Value)
	case *ast.MappingNode:
		return b.mapping(n)
	case *ast.SequenceNode:
		return b.sequence(n)
	case *ast.AnchorNode:
		value := b.node(n.Value)
		b.anchors[n.Name.GetToken().Value] = value
		return value
	case *ast.AliasNode:
		return b.alias(n)
	}
	b.report(n.GetToken(), "a configuration has no use for this part of YAML", "write a plain value")
	return b.leaf(n.GetToken(), Null, "")
}

// room counts a value and says whether there is space for it.
func (b *builder) room(n ast.Node) bool {
	b.nodes++
	switch {
	case b.full:
		return false
	case b.nodes > maxNodes:
		b.report(tokenOf(n), "the file holds too many values", fmt.Sprintf("%d are read, aliases counted in full", maxNodes))
	case b.depth > maxDepth:
		b.report(tokenOf(n), "the file is nested too deeply", fmt.Sprintf("%d levels are read", maxDepth))
	default:
		return true
	}
	b.full = true
	return false
}

func (b *builder) leaf(t *token.Token, kind Kind, text string) *Node {
	return &Node{doc: b.doc, kind: kind, pos: b.doc.place(t), text: text, size: 1}
}

func (b *builder) sequence(n *ast.SequenceNode) *Node {
	list := b.leaf(n.Start, List, "")
	for i, value := range n.Values {
		item := b.node(value)
		item.parent, item.nth = list, i
		list.items = append(list.items, item)
		list.size += item.size
	}
	return list
}

func (b *builder) mapping(n *ast.MappingNode) *Node {
	m := b.leaf(first(n), Map, "")
	var merges []*Node
	for _, entry := range n.Values {
		value := b.node(entry.Value)
		m.size += value.size
		if entry.Key.IsMergeKey() {
			merges = append(merges, b.merged(value)...)
			continue
		}
		name, ok := keyText(entry.Key)
		key := Key{name, b.doc.place(entry.Key.GetToken())}
		if !ok {
			b.report(entry.Key.GetToken(), "a key must be plain text", "write key: value")
			continue
		}
		if first, given := m.index[name]; given {
			b.report(entry.Key.GetToken(), "the key "+name+" stands here twice", fmt.Sprintf("keep one of them; the first is in line %d", m.keys[first].Pos.Line))
			continue
		}
		m.put(key, value)
	}
	for _, from := range merges {
		for i, key := range from.keys {
			if !m.Has(key.Name) { // what the map says itself wins
				m.put(key, from.values[i].copy())
			}
		}
	}
	return m
}

// merged returns the maps that a merge key ("<<") names.
func (b *builder) merged(value *Node) []*Node {
	switch value.kind {
	case Map:
		return []*Node{value}
	case List:
		var maps []*Node
		for _, item := range value.items {
			maps = append(maps, b.merged(item)...)
		}
		return maps
	}
	b.problems = append(b.problems, value.Problem("<< needs a map", "write <<: *name of a map"))
	return nil
}

func (b *builder) alias(n *ast.AliasNode) *Node {
	name := n.Value.GetToken().Value
	target, ok := b.anchors[name]
	if !ok {
		b.report(n.GetToken(), "the anchor &"+name+" does not stand above", "write &"+name+" before the value that is meant")
		return b.leaf(n.GetToken(), Null, "")
	}
	b.nodes += target.size
	if !b.room(n) {
		return b.leaf(n.GetToken(), Null, "")
	}
	return target.copy()
}

func (b *builder) report(t *token.Token, msg, want string) {
	b.problems = append(b.problems, b.doc.problemAt(b.doc.place(t), msg, want))
}

// keyText returns a map key as text; 1 and "1" are the same key.
func keyText(key ast.MapKeyNode) (string, bool) {
	switch k := key.(type) {
	case *ast.StringNode:
		return k.Value, true
	case *ast.BoolNode, *ast.IntegerNode, *ast.FloatNode:
		return k.GetToken().Value, true
	}
	return "", false
}

// first returns the token that a value begins with; that of a map in block style
// is its first key, not the colon that the library gives.
func first(n ast.Node) *token.Token {
	if m, ok := n.(*ast.MappingNode); ok && !m.IsFlowStyle && len(m.Values) > 0 {
		return m.Values[0].Key.GetToken()
	}
	return tokenOf(n)
}

func tokenOf(n ast.Node) *token.Token {
	if n == nil {
		return nil
	}
	return n.GetToken()
}
