package actions

import (
	"context"
	"errors"
	"regexp"

	"assent/flowexec"
)

// setLanguage chooses the language of the prompts from then on. The first task
// after it begins with a drain.
var setLanguage = flowexec.Action{Verb: "set_language", Compile: compileSetLanguage}

// languageTag is the shape of a language: it becomes the name of a folder.
var languageTag = regexp.MustCompile(`^[A-Za-z]{2,8}([-_][A-Za-z0-9]{1,8}){0,3}$`)

var errLanguage = errors.New("the variables give no language")

type languageStep struct{ language flowexec.Template }

func compileSetLanguage(b *flowexec.Body) (flowexec.Step, flowexec.Traits) {
	s := languageStep{b.RequiredTemplate("language", "a language, such as en")}
	language, constant := s.language.Constant()
	if constant && language != "" && !languageTag.MatchString(language) {
		b.Report("language", "that is not a language", "such as en or de-AT")
	}
	return s, flowexec.Traits{Exits: []flowexec.Exit{{Language: &language}}}
}

// Run sets the language.
func (s languageStep) Run(_ context.Context, r *flowexec.Run) (flowexec.Target, error) {
	language, err := r.Expand(s.language)
	if err != nil {
		return flowexec.Target{}, err
	}
	if !languageTag.MatchString(language) {
		return flowexec.Target{}, errLanguage
	}
	r.SetLanguage(language)
	return flowexec.Target{}, nil
}
