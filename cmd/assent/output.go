package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
)

// outputFlag chooses between a table for people and JSON for programs.
type outputFlag struct {
	Output string `short:"o" help:"table or json." enum:"table,json" default:"table"`
}

// print writes v as JSON, or rows as a table under its header.
func (f outputFlag) print(w io.Writer, v any, header []string, rows [][]string) error {
	if f.Output == "json" {
		enc := json.NewEncoder(w)
		enc.SetIndent("", "  ")
		return enc.Encode(v)
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, strings.Join(header, "\t"))
	for _, row := range rows {
		fmt.Fprintln(t, strings.Join(row, "\t"))
	}
	return t.Flush()
}

// listed makes a list that is empty an empty list of JSON, not null.
func listed[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}
