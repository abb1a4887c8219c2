// Package bench measures the built service: calls per core bridged and recorded,
// delay, loss, CPU and memory a call, what recordings lack and how far their
// channels lie apart, and the rate of call set-ups.
//
// The service runs as the built binary (`make build`), pinned to one core with
// GOMAXPROCS=1; the generator, package load, on another. `make bench` runs it:
//
//	go test -run '^$' -bench . -benchtime 1x -timeout 600s ./test/bench
//	go test -run '^$' -bench Calls/recorded -benchtime 1x ./test/bench -args -calls 400,800,1200 -window 15s
//
// Rows grow until one fails (loss of 0.1 % or more, or a delay of 20 ms or more
// at the 99th percentile). A row in which the generator itself was late by more
// than 10 ms at the 99th percentile is invalid and says nothing, neither good nor
// bad: the machine had other work. Nothing here asserts a time: figures are
// printed, and read.
package bench
