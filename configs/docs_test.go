package configs

import (
	"fmt"
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"assent/queue"
	"assent/route"
	"assent/source"
	"assent/trunk"
)

// documented is a key as the reference tells it.
type documented struct{ path, kind, preset string }

// keysOf returns every key of a section with its type and default, in the order of
// the code. NAME stands for the name of an entry.
func keysOf(t reflect.Type, above string) []documented { return keysIn(reflect.Zero(t), above) }

func keysIn(v reflect.Value, above string) []documented {
	var keys []documented
	for name, field := range source.Fields(v.Type()) {
		path, value := above+name, v.FieldByIndex(field.Index)
		switch value.Kind() {
		case reflect.Struct:
			keys = append(keys, keysIn(value, path+".")...)
		case reflect.Map:
			keys = append(keys, keysIn(entryOf(value.Type().Elem()), path+".NAME.")...)
		default:
			keys = append(keys, documented{path, kindName(value), presetName(value)})
		}
	}
	return keys
}

// entryOf returns what an entry of a map starts from.
func entryOf(t reflect.Type) reflect.Value {
	for _, preset := range []any{trunk.DefaultConfig(), queue.DefaultConfig(), queue.DefaultStationConfig(), route.DefaultConfig()} {
		if reflect.TypeOf(preset) == t {
			return reflect.ValueOf(preset)
		}
	}
	panic("no default for " + t.String())
}

func kindName(v reflect.Value) string {
	if v.Kind() == reflect.Pointer {
		v = reflect.Zero(v.Type().Elem())
	}
	switch {
	case v.Type() == reflect.TypeFor[time.Duration]():
		return "duration"
	case v.Kind() == reflect.Slice:
		return "list"
	case v.Kind() == reflect.Bool:
		return "true/false"
	case v.Kind() == reflect.Float64:
		return "number"
	case v.CanInt():
		return "whole number"
	}
	return "text"
}

func presetName(v reflect.Value) string {
	switch {
	case v.Type() == reflect.TypeFor[time.Duration]():
		return "`" + source.FormatDuration(time.Duration(v.Int())) + "`"
	case v.Kind() == reflect.Slice && v.Len() > 0:
		items := make([]string, v.Len())
		for i := range items {
			if items[i] = fmt.Sprint(v.Index(i)); strings.Contains(items[i], ":") {
				items[i] = fmt.Sprintf("%q", items[i])
			}
		}
		return "`[" + strings.Join(items, ", ") + "]`"
	case v.Kind() == reflect.Slice, v.Kind() == reflect.Pointer && v.IsNil():
		return "none"
	case v.Kind() == reflect.String && v.String() == "":
		return "none"
	}
	return fmt.Sprintf("`%v`", v)
}

// row is a line of one of the reference's tables of keys.
var row = regexp.MustCompile("(?m)^\\| `([a-zA-Z0-9_.]+)` \\| ([^|]+) \\| ([^|]+) \\| ([^|]+) \\|$")

func TestTheReferenceTellsEveryKeyAndNoOther(t *testing.T) {
	text, err := os.ReadFile("../docs/configuration.md")
	if err != nil {
		t.Fatal(err)
	}
	told := map[string]documented{}
	for _, m := range row.FindAllStringSubmatch(string(text), -1) {
		if _, twice := told[m[1]]; twice {
			t.Errorf("the reference tells %s twice", m[1])
		}
		told[m[1]] = documented{m[1], strings.TrimSpace(m[2]), strings.TrimSpace(m[3])}
	}
	for _, key := range keysIn(reflect.ValueOf(Default()), "") {
		if told[key.path] != key {
			t.Errorf("the reference tells %+v, the code has\n| `%s` | %s | %s | … |", told[key.path], key.path, key.kind, key.preset)
		}
		delete(told, key.path)
	}
	for path := range told {
		t.Errorf("the reference tells %s, and the code has no such key", path)
	}
}

// TestTheReferencesExamplesLoad takes each block of YAML in the reference as a file.
func TestTheReferencesExamplesLoad(t *testing.T) {
	text, err := os.ReadFile("../docs/configuration.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllStringSubmatch(string(text), -1)
	if len(blocks) == 0 {
		t.Fatal("there are no examples")
	}
	for _, block := range blocks {
		var env []string
		for _, secret := range regexp.MustCompile(`\$\{env:(\w+)\}`).FindAllStringSubmatch(block[1], -1) {
			env = append(env, secret[1]+"=0123456789abcdef")
		}
		s := loaded(t, block[1], env...)
		if len(s.Warnings) != 0 {
			t.Errorf("an example warns: %v", s.Warnings)
		}
	}
}
