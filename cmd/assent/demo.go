package main

import (
	"context"
	"os/signal"
	"syscall"

	"assent/demo"
)

type demoVerb struct {
	Keep bool `help:"Keep the service up after the calls, until Ctrl-C." env:"KEEP"`
}

// Run places the demonstration's calls and prints their table.
func (v demoVerb) Run(io streams) error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	o := demo.Options{Out: io.out}
	if v.Keep {
		keep := make(chan struct{})
		go func() { // ends with the first signal
			<-ctx.Done()
			close(keep)
		}()
		o.Keep = keep
	}
	return demo.Run(ctx, o)
}
