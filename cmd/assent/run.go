package main

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"go.uber.org/zap"

	"assent/app"
	"assent/configs"
)

// defaultConfig is the file that every verb reads unless told otherwise.
const defaultConfig = "assent.yaml"

// configFlag is the flag that names the configuration.
type configFlag struct {
	Config string `help:"The configuration." default:"assent.yaml" placeholder:"FILE"`
}

func (f configFlag) options() app.Options {
	return app.Options{Config: f.Config, Env: os.Environ(), Version: version}
}

// optional is options for work on files that stand by themselves: without a
// configuration where none was named and none is there.
func (f configFlag) optional() (opts app.Options, alone bool) {
	opts = f.options()
	if _, err := os.Stat(f.Config); f.Config == defaultConfig && errors.Is(err, os.ErrNotExist) {
		opts.Config, alone = "", true
	}
	return opts, alone
}

func (f configFlag) load() (*configs.Snapshot, error) {
	return configs.Load(f.Config, os.Environ())
}

// garbagePercent is how much garbage the heap may hold, in percent of what is live, unless GOGC says otherwise. What lives
// is small, packets make no garbage, and so a collection costs little; with Go's own 100 a call would take a third more
// memory.
const garbagePercent = 40

type runVerb struct{ configFlag }

// Run serves until SIGTERM or SIGINT has drained it; a second one ends it.
func (v runVerb) Run() error {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(garbagePercent)
	}
	reload, end := make(chan os.Signal, 1), make(chan os.Signal, 2)
	signal.Notify(reload, syscall.SIGHUP) // before anything is open: a signal waits until it can be served
	signal.Notify(end, syscall.SIGTERM, syscall.SIGINT)
	defer signal.Stop(reload)
	defer signal.Stop(end)
	return serve(v.options(), reload, end)
}

// serve runs the service by two kinds of signals.
func serve(opts app.Options, reload, end <-chan os.Signal) error {
	a, err := app.New(opts)
	if err != nil {
		return invalid(err)
	}
	if err := a.Start(context.Background()); err != nil {
		return err
	}
	tell := func(state string) {
		if err := notify(state); err != nil {
			a.Log().Warn("service manager not told", zap.String("state", state), zap.Error(err))
		}
	}
	tell(nowReady)
	for {
		select {
		case <-reload:
			_ = a.Reload() // told in the log and as an event; the old configuration stays
		case <-end:
			tell(nowDraining)
			return drain(a, end)
		}
	}
}

// drain waits for the running calls, or for another signal.
func drain(a *app.App, end <-chan os.Signal) error {
	draining, hurry := context.WithCancel(context.Background())
	defer hurry()
	go func() { // ends with the drain
		select {
		case <-end:
			hurry()
		case <-draining.Done():
		}
	}()
	return a.Stop(draining)
}
