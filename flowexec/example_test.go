package flowexec_test

import (
	"context"
	"fmt"

	"go.uber.org/zap"

	"assent/flowexec"
	"assent/flowexec/actions"
	"assent/flowexec/flowtest"
	"assent/source"
)

// A flow is compiled once and run for each call.
func ExampleFlow_Run() {
	flow, problems := flowexec.LoadFile("../configs/flows/consent.yaml", actions.All(), flowexec.World{Language: "en"})
	if flow == nil {
		fmt.Println(source.Problems(problems))
		return
	}
	caller := &flowtest.Fake{Press: []string{"", "1"}} // nothing at first, then a yes
	if err := flow.Run(context.Background(), caller, zap.NewNop()); err != nil {
		fmt.Println(err)
	}
	fmt.Println(caller.Answers[0].State, caller.Answers[0].Action, caller.Gate)
	// Output: granted Ask for consent true
}

// Problems come with their place, the line, and what would be right.
func ExampleCompile() {
	text := "flow: hello\nstart: main\ntasks:\n  main:\n    - play_adio: { name: Hello, prompt: hello }\n"
	_, problems := flowexec.Compile("hello.yaml", []byte(text), actions.All(), flowexec.World{})
	fmt.Println(source.Problems(problems))
	// Output:
	// hello.yaml:5:7: there is no action "play_adio"; did you mean play_audio?
	//       - play_adio: { name: Hello, prompt: hello }
	//         ^
}
