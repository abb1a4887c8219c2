package flowexec_test

import (
	"fmt"
	"strings"
	"testing"

	"assent/flowexec"
	"assent/source"
)

// check compiles and returns the problems as a user sees them.
func check(t *testing.T, text string, w flowexec.World) string {
	t.Helper()
	flow, problems := flowexec.Compile("flows/test.yaml", []byte(text), verbs, w)
	if (source.Problems(problems).Err() == nil) != (flow != nil) {
		t.Errorf("flow %v with problems %v", flow, problems)
	}
	return source.Problems(problems).Error()
}

func TestProblemShowsPlaceLineCaretAndWhatWouldBeRight(t *testing.T) {
	got := check(t, `flow: test
start: main
tasks:
  main:
    - play_audio: { name: Welcome, promt: welcome }
    - transfer_to_queue: { name: To support, queue: suport, outcomes: { full: bye } }
`, world())
	want := `flows/test.yaml:5:7: play_audio has nothing to play; one of prompt, file, tone and text
      - play_audio: { name: Welcome, promt: welcome }
        ^
flows/test.yaml:5:36: play_audio has no "promt"; did you mean prompt?
      - play_audio: { name: Welcome, promt: welcome }
                                     ^
flows/test.yaml:6:53: there is no queue "suport"; did you mean support?
      - transfer_to_queue: { name: To support, queue: suport, outcomes: { full: bye } }
                                                      ^
flows/test.yaml:6:79: there is no task "bye"; the tasks are main
      - transfer_to_queue: { name: To support, queue: suport, outcomes: { full: bye } }
                                                                                ^`
	if got != want {
		t.Errorf("got\n%s\n\nwant\n%s", got, want)
	}
}

// main wraps actions into a flow; they begin in line 5, column 5.
func main(actions string) string {
	return "flow: test\nstart: main\ntasks:\n  main:\n" + actions
}

func TestEveryErrorOfAFlowHasItsPlace(t *testing.T) {
	for name, test := range map[string]struct{ text, want string }{
		"empty file":         {"", "a flow is a map, not nothing; flow, start and tasks"},
		"not YAML":           {"flow: [", "flows/test.yaml:1:"},
		"a list":             {"- a", "1:1: a flow is a map, not a list"},
		"unknown key":        {"flow: a\nstrat: b\ntasks: { b: [ goto: b ] }", `2:1: a flow has no "strat"; did you mean start?`},
		"no name":            {"start: a\ntasks: { a: [ goto: a ] }", `"flow" is missing; the flow's name`},
		"bad name":           {"flow: a/b\nstart: a\ntasks: { a: [ goto: a ] }", `1:7: "a/b" can't name a flow`},
		"name is a list":     {"flow: [a]\nstart: a\ntasks: { a: [ goto: a ] }", `1:7: "flow" is a list`},
		"no start":           {"flow: a\ntasks: { a: [ goto: a ] }", `"start" is missing`},
		"no tasks":           {"flow: a\nstart: a", `"tasks" is missing`},
		"tasks a list":       {"flow: a\nstart: a\ntasks: [a]", "3:8: tasks is a list"},
		"empty task":         {"flow: a\nstart: a\ntasks: { a: [] }", `3:13: the task "a" is a list; a list of at least one action`},
		"wrong start":        {"flow: a\nstart: aks\ntasks: { ask: [ goto: ask ] }", `2:8: there is no task "aks"; did you mean ask?`},
		"wrong on_error":     {"flow: a\nstart: ask\non_error: sory\ntasks: { ask: [ goto: ask ] }", `3:11: there is no task "sory"`},
		"suppress a word":    {"flow: a\nstart: a\nsuppress: ivr\ntasks: { a: [ goto: a ] }", "3:11: suppress is a single value; a list of phases"},
		"suppress unknown":   {"flow: a\nstart: a\nsuppress: [ivr, hld]\ntasks: { a: [ goto: a ] }", `3:17: "hld" is not a phase; did you mean hold?`},
		"duplicate task":     {"flow: a\nstart: a\ntasks:\n  a: [ goto: a ]\n  a: [ goto: a ]", "flows/test.yaml:5:3"},
		"two verbs":          {main("    - { goto: main, flush_audio: { name: F } }"), "5:7: an action is a map with one key"},
		"action a word":      {main("    - goto"), "5:7: an action is a map with one key"},
		"unknown verb":       {main("    - play_adio: { name: A }"), `5:7: there is no action "play_adio"; did you mean play_audio?`},
		"no name for action": {main("    - flush_audio: {}"), `5:7: flush_audio needs "name"`},
		"value a word":       {main("    - flush_audio: yes"), "5:20: flush_audio is a single value; a map with a name"},
		"name taken":         {main("    - flush_audio: { name: A }\n    - disconnect: { name: A }"), `6:27: the name "A" is taken by the action in line 5`},
		"extra key":          {main("    - enable_participant_recording: { name: A, queue: x }"), `5:48: enable_participant_recording has no "queue"`},
		"goto nowhere":       {main("    - goto: mian"), `5:13: there is no task "mian"; did you mean main?`},
		"goto a map":         {main("    - goto: { task: main }"), "a task's name is expected here, not a map"},
		"two sounds":         {main("    - play_audio: { name: A, prompt: a, text: hi }"), "5:47: play_audio has prompt and text; one of them"},
		"text":               {main("    - play_audio: { name: A, text: hi }"), "5:36: nothing can be spoken: no command; install it, name another command, or play a recorded prompt"},
		"long text":          {main("    - play_audio: { name: A, text: " + strings.Repeat("x", 2001) + " }"), "5:36: the text has 2001 bytes; at most 2000, in two actions"},
		"empty text":         {main(`    - play_audio: { name: A, text: "" }`), "5:36: text is empty; what is to be said"},
		"bad prompt":         {main("    - play_audio: { name: A, prompt: ../a }"), `5:38: "../a" can't name a prompt`},
		"missing file":       {main("    - play_audio: { name: A, file: none.wav }"), "5:36: there is no file flows/none.wav"},
		"file is a folder":   {main("    - play_audio: { name: A, file: /tmp }"), "5:36: there is no file /tmp"},
		"variable in file":   {main(`    - play_audio: { name: A, file: "${call.from}.wav" }`), "a file's path can't hold variables"},
		"notice barge-in":    {main("    - play_audio: { name: A, prompt: a, notice: true, barge_in: true }"), "5:65: a notice can't be interrupted"},
		"quoted boolean":     {main(`    - play_audio: { name: A, prompt: a, notice: "true" }`), "notice is neither true nor false; true or false, without quotes"},
		"tone a word":        {main("    - play_audio: { name: A, tone: beep }"), "5:36: tone is a single value; a map"},
		"tone without hz":    {main("    - play_audio: { name: A, tone: { length: 1s } }"), `tone needs "hz"`},
		"tone too high":      {main("    - play_audio: { name: A, tone: { hz: 9000, length: 1s } }"), "5:42: hz is not a whole number from 20 to 3900"},
		"tone too loud":      {main("    - play_audio: { name: A, tone: { hz: 900, length: 1s, gain_db: 3 } }"), "5:68: gain_db is not a number from -90 to 0"},
		"tone NaN":           {main("    - play_audio: { name: A, tone: { hz: 900, length: 1s, gain_db: NaN } }"), "gain_db is not a number"},
		"tone unknown key":   {main("    - play_audio: { name: A, tone: { hz: 900, length: 1s, gain_bd: 3 } }"), `tone has no "gain_bd"; did you mean gain_db?`},
		"length no unit":     {main("    - play_audio: { name: A, tone: { hz: 900, length: 200 } }"), "length: 200 has no unit; for instance 200ms"},
		"length too long":    {main("    - hold_music: { name: A, prompt: a, length: 365d }"), "5:49: length is 365d; from 1s to 1d"},
		"digits":             {main("    - collect_input: { name: A, digits: 6-4 }"), "5:41: digits is no number of digits; 1, or 4-6; from 1 to 40"},
		"digits many":        {main("    - collect_input: { name: A, digits: 41 }"), "digits is no number of digits"},
		"digits none":        {main("    - collect_input: { name: A, digits: 0 }"), "digits is no number of digits"},
		"terminator":         {main("    - collect_input: { name: A, terminator: x }"), "5:45: the terminator is no key"},
		"repeats":            {main("    - collect_input: { name: A, repeats: 11 }"), "5:42: repeats is not a whole number from 0 to 10"},
		"timeout":            {main("    - collect_input: { name: A, no_entry_timeout: 100s }"), "no_entry_timeout is 1m40s; from 1s to 1m39s"},
		"entry too long":     {main(`    - collect_input: { name: A, outcomes: { "12": main } }`), `5:45: collect_input has no outcome "12"; digits: 1 allows no such entry`},
		"no such outcome":    {main(`    - collect_input: { name: A, outcomes: { noinput: main } }`), `collect_input has no outcome "noinput"; no_input, invalid, or the keys`},
		"save":               {main("    - collect_input: { name: A, save: a-b }"), `5:39: "a-b" can't name a variable`},
		"notice of nothing":  {main("    - collect_input: { name: A, notice: true }"), "5:41: a notice needs a prompt"},
		"consent no prompt":  {main(`    - collect_input: { name: A, consent: { granted: 1, declined: 2 } }`), "a consent question needs a prompt"},
		"consent two digits": {main(`    - collect_input: { name: A, prompt: a, digits: 2, consent: { granted: 1, declined: 2 } }`), "5:52: a consent is one key; digits: 1"},
		"consent terminator": {main(`    - collect_input: { name: A, prompt: a, terminator: "#", consent: { granted: 1, declined: 2 } }`), "a consent has no terminator"},
		"consent one-sided":  {main(`    - collect_input: { name: A, prompt: a, consent: { granted: "1" } }`), `consent needs "declined"; the key that refuses`},
		"consent same key":   {main(`    - collect_input: { name: A, prompt: a, consent: { granted: "1", declined: "1" } }`), "the same key agrees and refuses"},
		"consent no key":     {main(`    - collect_input: { name: A, prompt: a, consent: { granted: yes, declined: "1" } }`), "5:64: granted is not one key"},
		"consent outcome":    {main(`    - collect_input: { name: A, prompt: a, consent: { granted: 1, declined: 2 }, outcomes: { "3": main } }`), `collect_input has no outcome "3"; 1, 2, no_input or invalid: any other key is invalid`},
		"menu no choices":    {main("    - menu: { name: A, prompt: a }"), "the menu has no choices"},
		"menu choice":        {main(`    - menu: { name: A, prompt: a, choices: { "12": main } }`), `5:46: menu has no choice "12"`},
		"menu no prompt":     {main(`    - menu: { name: A, choices: { "1": main } }`), `menu needs "prompt"`},
		"outcomes a list":    {main("    - detect_silence: { name: A, outcomes: [a] }"), "5:44: outcomes is a list; a map to the names of tasks"},
		"outcome unknown":    {main("    - detect_silence: { name: A, outcomes: { timout: main } }"), `detect_silence has no outcome "timout"; did you mean timeout?`},
		"silence too long":   {main("    - detect_silence: { name: A, silence: 30s, timeout: 10s }"), "the timeout is shorter than the silence"},
		"language":           {main("    - set_language: { name: A, language: ../etc }"), "5:42: that is not a language"},
		"lookup source":      {main("    - data_lookup: { name: A, source: crm, url: x }"), `5:39: there is no source "crm"; consent or http`},
		"lookup consent url": {main("    - data_lookup: { name: A, source: consent, url: x }"), "url is for an HTTP service"},
		"lookup no url":      {main("    - data_lookup: { name: A, source: http }"), `data_lookup needs "url"`},
		"lookup scheme":      {main("    - data_lookup: { name: A, source: http, url: file:///etc/passwd }"), "the URL is neither http nor https"},
		"lookup no host":     {main("    - data_lookup: { name: A, source: http, url: http:/x }"), "the URL has no host"},
		"lookup not a URL":   {main(`    - data_lookup: { name: A, source: http, url: "http://a b" }`), "that is not a URL"},
		"lookup fragment":    {main(`    - data_lookup: { name: A, source: http, url: "http://a/#b" }`), "the URL has a fragment"},
		"lookup host":        {main(`    - data_lookup: { name: A, source: http, url: "http://${call.from}/x" }`), "a variable stands in the URL's host"},
		"lookup host end":    {main(`    - data_lookup: { name: A, source: http, url: "http://crm${call.from}.example/x" }`), "a variable stands in the URL's host"},
		"lookup method":      {main("    - data_lookup: { name: A, source: http, url: http://a, method: DELETE }"), "there is no such method here; GET, POST, HEAD"},
		"lookup head saves":  {main("    - data_lookup: { name: A, source: http, url: http://a, method: HEAD, save: a }"), "HEAD brings nothing to save"},
		"set nothing":        {main("    - set: { name: A }"), "set has no values"},
		"set a list":         {main("    - set: { name: A, values: [a] }"), "5:31: values is a list; a map"},
		"set bad name":       {main("    - set: { name: A, values: { a.b: c } }"), `"a.b" can't name a variable`},
		"set a map":          {main("    - set: { name: A, values: { a: { b: c } } }"), "a is a map; a single value"},
		"switch nothing":     {main("    - switch: { name: A, value: a }"), "switch has no cases"},
		"switch no value":    {main("    - switch: { name: A, cases: { a: main } }"), `switch needs "value"`},
		"open variable":      {main(`    - switch: { name: A, value: "${call.from", cases: { a: main } }`), "5:33: a ${ that no } closes"},
		"unknown variable":   {main(`    - switch: { name: A, value: "${vars.acount}", cases: { a: main } }` + "\n    - set: { name: B, values: { account: x } }"), "5:33: nothing sets ${vars.acount}; did you mean vars.account?"},
		"unknown fact":       {main(`    - switch: { name: A, value: "${call.form}", cases: { a: main } }`), "nothing sets ${call.form}; did you mean call.from?"},
		"secret":             {main(`    - switch: { name: A, value: "${env:HOME}", cases: { a: main } }`), "nothing sets ${env:HOME}"},
		"field of a text":    {main(`    - switch: { name: A, value: "${vars.a.b}", cases: { a: main } }` + "\n    - set: { name: B, values: { a: x } }"), "nothing sets ${vars.a.b}"},
		"station":            {main("    - transfer_to_station: { name: A, station: agent-2 }"), `there is no station "agent-2"; did you mean agent-1?`},
		"station missing":    {main("    - transfer_to_station: { name: A }"), `transfer_to_station needs "station"`},
		"trunk":              {main(`    - transfer_to_number: { name: A, number: "1", trunk: carrier-b }`), `there is no trunk "carrier-b"; did you mean carrier-a?`},
		"number":             {main(`    - transfer_to_number: { name: A, number: "sip:x@y" }`), "that is not a number"},
		"bot":                {main("    - call_bot: { name: A, bot: lex, outcomes: { granted: main } }"), "5:7: call_bot needs a speech bot, which this version can't reach; collect_input with consent"},
		"missing prompt":     {main("    - play_audio: { name: A, prompt: welcom }"), `5:38: there is no prompt "welcom" in the language "en"; did you mean welcome?`},
	} {
		t.Run(name, func(t *testing.T) {
			if got := check(t, test.text, world()); !strings.Contains(got, test.want) {
				t.Errorf("got\n%s\n\nwant %s", got, test.want)
			}
		})
	}
}

func TestFlowThatIsTooLargeIsRefused(t *testing.T) {
	var tasks, actions strings.Builder
	tasks.WriteString("flow: a\nstart: a\ntasks:\n  a: [ goto: a ]\n")
	for i := range 500 {
		fmt.Fprintf(&tasks, "  a%d: [ goto: a ]\n", i)
	}
	if got := check(t, tasks.String(), world()); !strings.Contains(got, "501 tasks; 500 at most") {
		t.Errorf("got %.300s", got)
	}
	for range 2001 {
		actions.WriteString("    - goto: main\n")
	}
	if got := check(t, main(actions.String()), world()); !strings.Contains(got, "too many actions; 2000 at most") {
		t.Errorf("got %.300s", got)
	}
}

func TestSuppressIsKept(t *testing.T) {
	flow := compile(t, "flow: a\nstart: a\nsuppress: [hold, consult]\ntasks:\n  a: [ goto: a ]", world())
	if len(flow.Suppress) != 2 || flow.Suppress[0] != "hold" || flow.Suppress[1] != "consult" {
		t.Errorf("suppress %v", flow.Suppress)
	}
	if got := flow.Tasks(); len(got) != 1 || got[0] != "a" {
		t.Errorf("tasks %v", got)
	}
}
