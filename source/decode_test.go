package source

import (
	"errors"
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"time"
)

type part struct {
	On    bool          `yaml:"on"`
	Every time.Duration `yaml:"every"`
	List  []string      `yaml:"list"`
}

type shared struct {
	Common string `yaml:"common"`
}

type everything struct {
	shared_ `yaml:"-"`
	Shared  shared          `yaml:",inline"`
	Text    string          `yaml:"text"`
	Count   int             `yaml:"count"`
	Small   uint8           `yaml:"small"`
	Rate    float64         `yaml:"rate"`
	Address netip.Prefix    `yaml:"address"`
	Part    part            `yaml:"part"`
	Maybe   *part           `yaml:"maybe"`
	Parts   map[string]part `yaml:"parts"`
	Row     []part          `yaml:"row"`
	Raw     *Node           `yaml:"raw"`
	hidden  int             `yaml:"hidden"` //nolint:unused,govet // proves that it is no key
	Ignored int
}

type shared_ struct{} //nolint:revive // any embedded type that is no key

func preset() part { return part{Every: time.Second, List: []string{"default"}} }

func TestDecodeFillsWhatIsGivenAndKeepsTheRest(t *testing.T) {
	d := mustParse(t, `
text: +49
count: -3
small: 255
rate: 2.5
address: 192.0.2.0/24
common: c
part: {on: true, every: 365d}
maybe: {list: []}
parts: {a: {list: [x, "y"]}, b: }
row: [{on: true}]
raw: {k: [v]}
`)
	got := everything{Text: "old", Part: part{List: []string{"kept"}}}
	if err := d.Decode(&got, Default(preset)); err != nil {
		t.Fatal(err)
	}
	if item, _ := d.Find("raw.k[0]").Scalar(); item != "v" || got.Raw.Path() != "raw" {
		t.Errorf("raw is %v", got.Raw)
	}
	got.Raw = nil
	want := everything{
		Text: "+49", Count: -3, Small: 255, Rate: 2.5, Address: netip.MustParsePrefix("192.0.2.0/24"), Shared: shared{"c"},
		Part:  part{On: true, Every: 365 * 24 * time.Hour, List: []string{"kept"}},
		Maybe: &part{Every: time.Second, List: []string{}},
		Parts: map[string]part{"a": {Every: time.Second, List: []string{"x", "y"}}, "b": preset()},
		Row:   []part{{On: true, Every: time.Second, List: []string{"default"}}},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

func TestAPointerThatIsNothingBecomesNil(t *testing.T) {
	got := everything{Maybe: &part{}}
	if err := mustParse(t, "maybe: ~\npart:\nparts:\n").Decode(&got); err != nil || got.Maybe != nil {
		t.Errorf("maybe is %v, error %v", got.Maybe, err)
	}
}

func TestEveryWrongValueIsReportedAtItsPlace(t *testing.T) {
	d := mustParse(t, `txet: a
text: [a]
count: "3"
small: 256
rate: .inf
address: 192.0.2.0/99
part: [a]
maybe: {every: 30, on: yes}
parts: [a]
row: [{list: b}, {every: -1s}, {on: }]
hidden: 1
`)
	var got everything
	err := d.Decode(&got)
	want := []string{
		"f.yaml:1:1: unknown key txet; did you mean text?\n  txet: a\n  ^",
		"f.yaml:2:7: text must be text, not a list; write one value\n  text: [a]\n        ^",
		"f.yaml:3:8: count must be a whole number, not \"3\"; write a number such as 20, without quotes",
		"f.yaml:4:8: small must be a whole number, not 256",
		"f.yaml:5:7: rate must be a number, not .inf",
		"f.yaml:6:10: address: netip.ParsePrefix(\"192.0.2.0/99\"): prefix length out of range",
		"f.yaml:7:7: part must be a map of keys, not a list; its keys are on, every, list",
		"f.yaml:8:16: every: 30 has no unit; write a length of time such as",
		"f.yaml:8:24: on must be true or false, not yes; write true or false, without quotes",
		"f.yaml:9:8: parts must be a map of names, not a list",
		"f.yaml:10:14: list must be a list, not b; write [a, b], or [] for none",
		"f.yaml:10:26: every: a length of time can't be negative",
		"f.yaml:10:33: on has no value; give it one, or remove the key",
		"f.yaml:11:1: unknown key hidden; the keys here are",
	}
	problems := All(err)
	if len(problems) != len(want) {
		t.Fatalf("%d problems, want %d:\n%v", len(problems), len(want), err)
	}
	for i, p := range problems {
		if !strings.HasPrefix(p.Error(), want[i]) {
			t.Errorf("got\n%s\nwant\n%s", p.Error(), want[i])
		}
	}
	if problems, ok := errors.AsType[Problems](err); !ok || problems.Err() == nil {
		t.Errorf("the error is %T", err)
	}
}

func TestNumbersWithTwoMeaningsAreRefused(t *testing.T) {
	for _, text := range []string{"010", "0x10", "0o10", "1_000", "1.5", "1e3", "99999999999999999999", "true"} {
		var got everything
		if err := mustParse(t, "count: "+text+"\n").Decode(&got); err == nil {
			t.Errorf("%s was read as %d", text, got.Count)
		}
	}
}

func TestSecretsStayOutOfMessages(t *testing.T) {
	d := mustParse(t, "count: x\npart: {every: y}\naddress: z\n")
	for _, path := range []string{"count", "part.every", "address"} {
		d.Find(path).SetSecret("hunter2")
	}
	var got everything
	err := d.Decode(&got)
	if len(All(err)) != 3 || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("the messages are:\n%v", err)
	}
	concealed := mustParse(t, "[hunter2]")
	concealed.Conceal()
	if err := concealed.Decode(&got); err == nil || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("the message is: %v", err)
	}
}

func TestProblemPointsAtTheNearestThingThatIsThere(t *testing.T) {
	d := mustParse(t, "trunks:\n  carrier.a:\n    answer: now\n")
	for path, want := range map[string]string{
		"trunks.carrier.a.answer":       "f.yaml:3:13: bad; good\n      answer: now\n              ^",
		"trunks.carrier.a.limits.calls": "f.yaml:2:3: bad; good\n    carrier.a:\n    ^",
		"queues.support":                "f.yaml: bad; good",
	} {
		if got := d.Problem(path, "bad", "good").Error(); got != want {
			t.Errorf("%s gives\n%s\nwant\n%s", path, got, want)
		}
	}
}
