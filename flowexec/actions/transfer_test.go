package actions_test

import (
	"errors"
	"testing"

	"assent/flowexec/flowtest"
)

func TestTransferToQueueDrainsAndBranches(t *testing.T) {
	const flow = `    - play_audio: { name: A, prompt: a }
    - transfer_to_queue: { name: Q, queue: support, outcomes: { timeout: one, full: two } }
`
	const asked = "play a | heard a | drain | queue support"
	did(t, flow, &flowtest.Fake{}, asked)
	did(t, flow, &flowtest.Fake{Outcomes: []string{"timeout"}}, asked+" | play one | heard one")
	did(t, flow, &flowtest.Fake{Outcomes: []string{"full"}}, asked+" | play two | heard two")
	did(t, flow, &flowtest.Fake{Outcomes: []string{"failure"}}, asked)
}

func TestTransferToStationDrainsAndBranches(t *testing.T) {
	const flow = `    - transfer_to_station: { name: S, station: agent-1, timeout: 15s, outcomes: { busy: one, no_answer: two, failure: three } }` + "\n"
	for outcome, want := range map[string]string{"busy": "one", "no_answer": "two", "failure": "three"} {
		did(t, flow, &flowtest.Fake{Outcomes: []string{outcome}}, "drain | station agent-1 15s | play "+want+" | heard "+want)
	}
}

func TestTransferToNumberDrainsAndBranches(t *testing.T) {
	const flow = `    - transfer_to_number: { name: N, number: "+49 (800) 12-34.5", trunk: carrier-a, outcomes: { busy: one } }` + "\n"
	did(t, flow, &flowtest.Fake{}, `drain | number +4980012345 "carrier-a" 30s`)
	did(t, flow, &flowtest.Fake{Outcomes: []string{"busy"}}, `drain | number +4980012345 "carrier-a" 30s | play one | heard one`)
}

func TestTransferToAVariableDialsNumbersOnly(t *testing.T) {
	const flow = `    - transfer_to_number: { name: N, number: "${call.from}", outcomes: { failure: one } }` + "\n"
	did(t, flow, &flowtest.Fake{Known: map[string]string{"call.from": "0800 1234"}}, `drain | number 08001234 "" 30s`)
	for _, hostile := range []string{
		"", "anonymous", "sip:evil@example.com", "123;transport=tcp", "12\r\nVia: x", "1234567890123456789012345678901234", "１２３", "+",
	} {
		did(t, flow, &flowtest.Fake{Known: map[string]string{"call.from": hostile}}, "drain | play one | heard one")
	}
}

func TestTransferThatBreaksTakesTheErrorPath(t *testing.T) {
	caller := &flowtest.Fake{Fail: map[string]error{"queue support": flowtest.ErrBroken}}
	if err := run(t, "    - transfer_to_queue: { name: Q, queue: support }\n", caller); !errors.Is(err, flowtest.ErrBroken) {
		t.Errorf("error %v", err)
	}
	caller = &flowtest.Fake{Outcomes: []string{"answered"}}
	if err := run(t, "    - transfer_to_queue: { name: Q, queue: support }\n", caller); err == nil {
		t.Error("an outcome that no transfer has was accepted")
	}
}
