package actions

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"assent/flowexec"
)

const (
	// maxFields and maxDepth bound what of a JSON answer becomes variables.
	maxFields = 256
	maxDepth  = 5
)

// saveAnswer puts the answer of a service into a variable. Of JSON, the variable
// NAME holds the value, or the text of an object or a list, whose fields are in
// NAME.field and NAME.0.
func saveAnswer(r *flowexec.Run, name string, body []byte, isJSON bool) error {
	if !utf8.Valid(body) {
		return errors.New("the answer is not text")
	}
	if !isJSON {
		return r.Set(name, strings.TrimSpace(string(body)))
	}
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		return errors.New("the answer is not JSON")
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return errors.New("the answer is more than one JSON value")
	}
	fields := map[string]string{}
	if err := flatten(fields, name, value, 0); err != nil {
		return err
	}
	for field, text := range fields {
		if err := r.Set(field, text); err != nil {
			return err
		}
	}
	return nil
}

// flatten adds a value's text and those of its fields.
func flatten(fields map[string]string, name string, value any, depth int) error {
	if len(fields) >= maxFields || depth > maxDepth {
		return fmt.Errorf("the answer has more than %d fields or %d levels", maxFields, maxDepth)
	}
	fields[name] = text(value)
	switch v := value.(type) {
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(v)) {
			if err := flatten(fields, name+"."+key, v[key], depth+1); err != nil {
				return err
			}
		}
	case []any:
		for i, item := range v {
			if err := flatten(fields, name+"."+strconv.Itoa(i), item, depth+1); err != nil {
				return err
			}
		}
	}
	return nil
}

// text writes a JSON value as a variable holds it.
func text(value any) string {
	switch v := value.(type) {
	case nil:
		return ""
	case string:
		return v
	case json.Number:
		return v.String()
	}
	b, err := json.Marshal(value)
	if err != nil { // it came from JSON
		return ""
	}
	return string(b)
}
