package source

import "strconv"

// Position is a place in a document. Line and Column begin at 1, Column counts
// characters; both are 0 where only the file is known.
type Position struct {
	File         string
	Line, Column int
}

// String returns "file:line:column", or the file alone where no line is known.
func (p Position) String() string {
	if p.Line == 0 {
		return p.File
	}
	return p.File + ":" + strconv.Itoa(p.Line) + ":" + strconv.Itoa(p.Column)
}

// before orders positions of one or several files for display.
func (p Position) before(q Position) bool {
	if p.File != q.File {
		return p.File < q.File
	}
	if p.Line != q.Line {
		return p.Line < q.Line
	}
	return p.Column < q.Column
}
