package actions_test

import (
	"testing"

	"assent/flowexec/flowtest"
)

const account = `    - collect_input:
        name: Account
        prompt: account
        digits: 4-6
        no_entry_timeout: 7s
        inter_digit_timeout: 2s
        repeats: 1
        save: account
        outcomes: { "1234": one, "*": two, no_input: three }
    - set: { name: See, values: { seen: "entry_${vars.account}" } }
    - play_audio: { name: Say, prompt: "${vars.seen}" }
`

func TestCollectInputTakesARangeOfDigits(t *testing.T) {
	const asked = "drain | play account | heard account | drain | wait 7s | "
	for name, test := range map[string]struct {
		press []string
		want  string
	}{
		"as many as it takes": {[]string{"987654321"},
			asked + "wait 2s | wait 2s | wait 2s | wait 2s | wait 2s | play entry_987654 | heard entry_987654"},
		"fewer, then a pause": {[]string{"9876", ""},
			asked + "wait 2s | wait 2s | wait 2s | wait 2s | play entry_9876 | heard entry_9876"},
		"fewer, then the terminator": {[]string{"9876#"},
			asked + "wait 2s | wait 2s | wait 2s | wait 2s | play entry_9876 | heard entry_9876"},
		"an outcome of its own": {[]string{"1234#"},
			asked + "wait 2s | wait 2s | wait 2s | wait 2s | play one | heard one"},
		"a key that is an outcome": {[]string{"*"},
			asked + "play two | heard two"},
		"nothing, twice": {nil,
			asked + asked + "play three | heard three"},
		"too few, twice: invalid falls through": {[]string{"98", "", "9#"},
			asked + "wait 2s | wait 2s | " + asked + "wait 2s | play entry_ | heard entry_"},
		"a wrong key spoils the entry": {[]string{"9*876#", "9#"},
			asked + "wait 2s | wait 2s | wait 2s | wait 2s | wait 2s | " + asked + "wait 2s | play entry_ | heard entry_"},
	} {
		t.Run(name, func(t *testing.T) { did(t, account, &flowtest.Fake{Press: test.press}, test.want) })
	}
}

func TestCollectInputOfOneDigit(t *testing.T) {
	const flow = `    - collect_input: { name: A, prompt: a, outcomes: { "1": one, no_input: two, invalid: three } }` + "\n"
	const asked = "drain | play a | heard a | drain | wait 5s"
	did(t, flow, &flowtest.Fake{Press: []string{"1"}}, asked+" | play one | heard one")
	did(t, flow, &flowtest.Fake{Press: []string{"5"}}, asked)
	did(t, flow, &flowtest.Fake{}, asked+" | play two | heard two")
	did(t, flow, &flowtest.Fake{Press: []string{"#"}}, asked+" | play three | heard three")
	did(t, flow, &flowtest.Fake{Press: []string{"A"}}, asked+" | play three | heard three")
}

func TestCollectInputWithoutTerminatorTakesItForAWrongKey(t *testing.T) {
	did(t, `    - collect_input: { name: A, digits: 2-3, terminator: none, outcomes: { invalid: three } }`+"\n",
		&flowtest.Fake{Press: []string{"12#"}}, "drain | drain | wait 5s | wait 3s | wait 3s | play three | heard three")
}

func TestCollectInputMayHaveADigitAsTerminator(t *testing.T) {
	did(t, `    - collect_input: { name: A, digits: 2-3, terminator: "0", outcomes: { "12": one } }`+"\n",
		&flowtest.Fake{Press: []string{"120"}}, "drain | drain | wait 5s | wait 3s | wait 3s | play one | heard one")
}

func TestCollectInputHearsTheTerminatorAloneWhereABranchNamesIt(t *testing.T) {
	did(t, `    - collect_input: { name: A, digits: 2-3, outcomes: { "#": one } }`+"\n",
		&flowtest.Fake{Press: []string{"#"}}, "drain | drain | wait 5s | play one | heard one")
}

func TestKeysTypedAheadAnswerTheNextInputAndSkipItsPrompt(t *testing.T) {
	did(t, `    - play_audio: { name: W, prompt: welcome }
    - menu: { name: M, prompt: menu, choices: { "1": ask } }
  ask:
    - collect_input: { name: A, prompt: account, digits: 3, outcomes: { "456": one } }
`, &flowtest.Fake{While: map[string][]string{"welcome": {"1456"}}},
		"play welcome | cut welcome | drain | drain | wait 3s | wait 3s | play one | heard one")
}

func TestKeyDuringAPromptInterruptsAndCounts(t *testing.T) {
	did(t, `    - menu: { name: M, prompt: menu, choices: { "1": one } }`+"\n",
		&flowtest.Fake{While: map[string][]string{"menu": {"1"}}},
		"drain | play menu | cut menu | drain | wait 10s | play one | heard one")
}

func TestInputWithANoticeForgetsEveryKeyBeforeItsEnd(t *testing.T) {
	did(t, `    - play_audio: { name: W, prompt: welcome }
    - collect_input: { name: A, prompt: terms, notice: true, outcomes: { "1": one, "2": two } }
`, &flowtest.Fake{While: map[string][]string{"welcome": {"1"}, "terms": {"1"}}, Press: []string{"2"}},
		"play welcome | play terms | cut welcome | heard terms | drain | clear | wait 5s | play two | heard two")
}

func TestMenuRepeatsAndBranches(t *testing.T) {
	const flow = `    - menu: { name: M, prompt: menu, timeout: 4s, repeats: 1, choices: { "1": one, "*": two }, outcomes: { no_input: three } }` + "\n"
	const asked = "drain | play menu | heard menu | drain | wait 4s"
	did(t, flow, &flowtest.Fake{Press: []string{"1"}}, asked+" | play one | heard one")
	did(t, flow, &flowtest.Fake{Press: []string{"9", "*"}}, asked+" | "+asked+" | play two | heard two")
	did(t, flow, &flowtest.Fake{}, asked+" | "+asked+" | play three | heard three")
	did(t, flow, &flowtest.Fake{Press: []string{"", "#"}}, asked+" | "+asked)
}

func TestMenuIsHeardFourTimesAtMostByDefault(t *testing.T) {
	const asked = "drain | play menu | heard menu | drain | wait 10s"
	did(t, `    - menu: { name: M, prompt: menu, choices: { "1": one } }`+"\n", &flowtest.Fake{},
		asked+" | "+asked+" | "+asked+" | "+asked)
}

func TestHangUpEndsAnInputWithoutError(t *testing.T) {
	for name, flow := range map[string]string{
		"menu":          `    - menu: { name: M, prompt: p, choices: { "1": one } }`,
		"collect_input": `    - collect_input: { name: M, prompt: p }`,
	} {
		caller := &flowtest.Fake{Press: []string{"!"}}
		if err := run(t, flow+"\n", caller); err != nil || caller.Ended {
			t.Errorf("%s: error %v, disconnected %v", name, err, caller.Ended)
		}
	}
}
