package source

import (
	"strings"
	"unicode"
)

// maxExcerpt bounds the characters that are shown of a source line, so that a
// document on one endless line does not fill the screen.
const maxExcerpt = 120

// excerpt returns the line at pos, indented by two, and a caret below its
// column. It returns "" where the text has no such line.
func excerpt(lines []string, pos Position) string {
	if pos.Line < 1 || pos.Line > len(lines) || pos.Column < 1 {
		return ""
	}
	line := []rune(strings.TrimRight(lines[pos.Line-1], "\r"))
	column := min(pos.Column-1, len(line))
	if cut := column - maxExcerpt/2; len(line) > maxExcerpt && cut > 0 {
		line, column = line[cut:], column-cut
	}
	line = line[:min(len(line), maxExcerpt)]
	for i, r := range line {
		if r == '\t' {
			continue
		}
		if !unicode.IsPrint(r) { // nothing of a hostile file reaches the terminal raw
			line[i] = '?'
		}
	}
	pad := make([]rune, column)
	for i := range pad {
		pad[i] = ' '
		if i < len(line) && line[i] == '\t' {
			pad[i] = '\t'
		}
	}
	return "  " + string(line) + "\n  " + string(pad) + "^"
}
