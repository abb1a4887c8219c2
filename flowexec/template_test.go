package flowexec

import (
	"errors"
	"strings"
	"testing"
)

func TestTemplatesExpandFactsAndVariablesOnly(t *testing.T) {
	r := &Run{
		facts: map[string]string{"call.from": "+49800", "call.to": "${vars.a}"},
		vars:  map[string]string{"a": "A", "b.c": "BC"},
	}
	for text, want := range map[string]string{
		"":                         "",
		"plain":                    "plain",
		"$ {x} $5":                 "$ {x} $5",
		"<${call.from}>":           "<+49800>",
		"${ vars.a }${vars.a}":     "AA",
		"${vars.b.c}":              "BC",
		"${vars.none}":             "",
		"$${vars.a}":               "${vars.a}",
		"a$${b${vars.a}":           "a${bA",
		"${call.to}":               "${vars.a}", // what a variable holds is not looked at again
		"ünï${vars.a}cödé":         "ünïAcödé",
		"${vars.a}$${${vars.b.c}}": "A${BC}",
	} {
		tmpl, err := parseTemplate(text)
		if err != nil {
			t.Errorf("%q: %v", text, err)
			continue
		}
		if got, err := r.Expand(tmpl); err != nil || got != want {
			t.Errorf("%q gives %q, %v; want %q", text, got, err, want)
		}
	}
}

func TestTemplateThatIsNotClosedIsAnError(t *testing.T) {
	for _, text := range []string{"${", "a${b", "${a}${"} {
		if _, err := parseTemplate(text); err == nil {
			t.Errorf("%q is accepted", text)
		}
	}
}

func TestValuesAreBounded(t *testing.T) {
	r := &Run{vars: map[string]string{"a": strings.Repeat("x", maxValue-1)}}
	tmpl, err := parseTemplate("${vars.a}yz")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Expand(tmpl); !errors.Is(err, errLong) {
		t.Errorf("error %v", err)
	}
	if err := r.Set("b", strings.Repeat("x", maxValue+1)); !errors.Is(err, errLong) {
		t.Errorf("error %v", err)
	}
}

func TestForgetRemovesAVariableWithItsFields(t *testing.T) {
	r := &Run{vars: map[string]string{"a": "1", "a.b": "2", "ab": "3"}}
	r.Forget("a")
	if len(r.vars) != 1 || r.vars["ab"] != "3" {
		t.Errorf("left: %v", r.vars)
	}
}

func TestTemplateConstantAndPrefix(t *testing.T) {
	tmpl, err := parseTemplate("a$${b}${call.to}c")
	if err != nil {
		t.Fatal(err)
	}
	if got := tmpl.Prefix(); got != "a${b}" {
		t.Errorf("prefix %q", got)
	}
	if _, constant := tmpl.Constant(); constant {
		t.Error("constant")
	}
	if got := tmpl.refs(); len(got) != 1 || got[0] != "call.to" {
		t.Errorf("refs %v", got)
	}
}
