package bench

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"
)

// table is what a benchmark prints once all are done.
type table struct {
	title string
	rows  [][]string
}

var tables []*table

func newTable(title string, columns ...string) *table {
	t := &table{title: title, rows: [][]string{columns}}
	tables = append(tables, t)
	return t
}

func (t *table) add(cells ...string) { t.rows = append(t.rows, cells) }

// print writes the table, unless it has no row.
func (t *table) print(w io.Writer) {
	if len(t.rows) < 2 {
		return
	}
	fmt.Fprintf(w, "\n%s\n", t.title)
	out := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, row := range t.rows {
		fmt.Fprintln(out, strings.Join(row, "\t"))
	}
	_ = out.Flush() // to the terminal
}

func ms(d time.Duration) string { return fmt.Sprintf("%.2f", inMS(d)) }

func inMS(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
