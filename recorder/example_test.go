package recorder_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"assent/recorder"
)

func Example() {
	dir, err := os.MkdirTemp("", "recordings")
	if err != nil {
		panic(err)
	}
	defer func() { _ = os.RemoveAll(dir) }() // a folder of the example alone
	cfg := recorder.Default()
	cfg.Dir = dir
	r, err := recorder.New(cfg, recorder.Deps{})
	if err != nil {
		panic(err)
	}
	if err := r.Start(); err != nil {
		panic(err)
	}
	durable := make(chan error, 1)
	rec := r.Open(recorder.Spec{ID: "01JEXAMPLE", Call: "call-1", DualChannel: true}, durable)
	rec.Place(0, 0, make([]int16, 8000)) // the caller, one second
	rec.Place(1, 0, make([]int16, 8000)) // the agent
	durable <- nil                       // the ledger entry is safe
	rec.Finish(recorder.Final{Position: 8000})
	<-rec.Done()
	res := rec.Result()
	report, err := recorder.Verify(res.File)
	fmt.Println(filepath.Base(res.File), res.Result, res.DurationMS, report.OK(), err)
	if err := r.Close(context.Background()); err != nil {
		panic(err)
	}
	// Output: 01JEXAMPLE.wav ok 1000 true <nil>
}
