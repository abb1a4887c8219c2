// Package source reads YAML documents and points at places in them.
//
// It is what the configuration and the flows are decoded with: a [Document] is
// parsed once, a [Node] walks it, [Document.Decode] fills a Go value strictly,
// and whatever is wrong comes back as [Problems], all of them at once, each with
// file, line and column, the line itself with a caret, and what would be right.
//
// The package owns the only use of the YAML library, and the bounds on hostile
// input: size, nesting, number of values, expansion of aliases. It starts no
// goroutine, touches no file and keeps no state; the caller reads the bytes. A
// Document may be read by many goroutines as long as nobody calls [Node.Set].
//
// It refuses what a configuration has no use for: several documents in a file,
// tags, directives, duplicate keys, keys that are not plain text.
package source
