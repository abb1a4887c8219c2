package flowtest

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"

	"go.uber.org/zap"

	"assent/flowexec"
	"assent/source"
)

// Script is a file of stories that a flow's callers live, as `assent flow test` runs them.
type Script struct {
	Flow    string  `yaml:"flow"`
	Stories []Story `yaml:"tests"`
}

// Story is one call: what its caller does, and what has to come of it.
type Story struct {
	Name string `yaml:"name"`
	// Keys are pressed each time that the flow waits for one, in turn: keys, "" for none, or "!" to hang up.
	Keys []string `yaml:"keys"`
	// During are the keys pressed while a prompt plays, by its name; one item for each time that it plays.
	During map[string][]string `yaml:"during"`
	// OnFile says that the consent store knows the caller's yes.
	OnFile bool `yaml:"on_file"`
	// Transfers are the outcomes of the transfers, in turn; none left: connected.
	Transfers []string `yaml:"transfers"`
	// Silence is what each detect_silence finds.
	Silence []bool `yaml:"silence"`
	// Call are the call's facts, such as from.
	Call   map[string]string `yaml:"call"`
	Expect Expect            `yaml:"expect"`
}

// Expect is what has to come of a story; what is left out is not looked at.
type Expect struct {
	Consent string   `yaml:"consent"` // the state in the end
	Gate    string   `yaml:"gate"`    // open or closed
	Heard   []string `yaml:"heard"`   // the prompts that were heard to their end, in order
	Ends    string   `yaml:"ends"`    // disconnect, hangup, or queue, station or number and its name
}

// Verdict is how a story went.
type Verdict struct {
	Flow  string   `json:"flow"`
	Name  string   `json:"name"`
	OK    bool     `json:"ok"`
	Wrong []string `json:"wrong"` // what differs; empty where OK
	Log   []string `json:"log"`   // what was done, a line each
}

// LoadScript reads a file of stories. The error is source.Problems where the file is not well formed.
func LoadScript(file string) (Script, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return Script{}, source.Problems{{Pos: source.Position{File: file}, Message: err.Error()}}
	}
	doc, err := source.Parse(file, text)
	if err != nil {
		return Script{}, err
	}
	var s Script
	if err := doc.Decode(&s); err != nil {
		return Script{}, err
	}
	var problems source.Problems
	if len(s.Stories) == 0 {
		problems = append(problems, doc.Root().Problem("there are no tests", "tests: [{ name: …, expect: { … } }]"))
	}
	for i, story := range s.Stories {
		problems = append(problems, story.problems(doc.Root().Child("tests").Items()[i])...)
	}
	return s, problems.Err()
}

func (s Story) problems(n *source.Node) (list source.Problems) {
	if s.Name == "" {
		list = append(list, n.Problem("the test has no name", "name: what the caller does"))
	}
	if s.Expect.Consent == "" && s.Expect.Gate == "" && s.Expect.Heard == nil && s.Expect.Ends == "" {
		list = append(list, n.Problem("the test expects nothing", "expect: with consent, gate, heard or ends"))
	}
	if s.Expect.Gate != "" && s.Expect.Gate != gateOpen && s.Expect.Gate != gateClosed {
		list = append(list, n.Child("expect").Child("gate").Problem(fmt.Sprintf("gate is %q", s.Expect.Gate), "open or closed"))
	}
	return list
}

const (
	gateOpen   = "open"
	gateClosed = "closed"
)

// Live runs the story through a flow, and holds what came of it against what was expected.
func (s Story) Live(ctx context.Context, f *flowexec.Flow) Verdict {
	fake := &Fake{While: s.During, Press: slices.Clone(s.Keys), Hear: slices.Clone(s.Silence), OnFileAs: s.OnFile,
		Outcomes: slices.Clone(s.Transfers), Known: s.facts()}
	err := f.Run(ctx, fake, zap.NewNop())
	v := Verdict{Flow: f.Name, Name: s.Name, Wrong: []string{}, Log: fake.Log}
	differs := func(what, have, want string) {
		if want != "" && have != want {
			v.Wrong = append(v.Wrong, fmt.Sprintf("%s: %s, expected %s", what, have, want))
		}
	}
	if err != nil {
		v.Wrong = append(v.Wrong, err.Error())
	}
	gate := gateClosed
	if fake.Opened {
		gate = gateOpen
	}
	differs("consent", string(fake.State()), s.Expect.Consent)
	differs("gate", gate, s.Expect.Gate)
	differs("ends", fake.End(), s.Expect.Ends)
	if s.Expect.Heard != nil {
		differs("heard", "["+strings.Join(fake.Heard(), ", ")+"]", "["+strings.Join(s.Expect.Heard, ", ")+"]")
	}
	v.OK = len(v.Wrong) == 0
	return v
}

// facts are the story's own over those of any call.
func (s Story) facts() map[string]string {
	known := map[string]string{}
	for _, name := range flowexec.FactNames {
		known[name] = "test"
	}
	for name, value := range s.Call {
		known["call."+name] = value
	}
	return known
}
