package source

import (
	"reflect"
	"slices"
	"strings"
)

// FieldNames returns the keys that a struct type decodes, in the order of its
// fields.
func FieldNames(t reflect.Type) []string {
	var names []string
	for name := range Fields(t) {
		names = append(names, name)
	}
	return names
}

// Fields yields each key of a struct type with its field, in the order of the
// fields; a field's Index leads to it from t. Fields without a yaml tag and
// those tagged "-" are no keys; those of a struct tagged ",inline" are.
func Fields(t reflect.Type) func(yield func(string, reflect.StructField) bool) {
	return func(yield func(string, reflect.StructField) bool) { walk(t, nil, yield) }
}

func walk(t reflect.Type, at []int, yield func(string, reflect.StructField) bool) bool {
	for i := range t.NumField() {
		field := t.Field(i)
		name, option, _ := strings.Cut(field.Tag.Get("yaml"), ",")
		field.Index = append(slices.Clone(at), i)
		switch {
		case name == "" && option == "inline":
			if !walk(field.Type, field.Index, yield) {
				return false
			}
		case name == "" || name == "-" || !field.IsExported():
		case !yield(name, field):
			return false
		}
	}
	return true
}

func fieldsOf(t reflect.Type) map[string][]int {
	fields := map[string][]int{}
	for name, field := range Fields(t) {
		fields[name] = field.Index
	}
	return fields
}
