package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"assent/app"
	"assent/configs"
	"assent/source"
)

// defaultConfig is the file that every verb reads unless told otherwise.
const defaultConfig = "assent.yaml"

// configFlag is the flag that names the configuration.
type configFlag struct {
	Config string `help:"The configuration." default:"assent.yaml" placeholder:"FILE"`
}

func (f configFlag) options() app.Options { return app.Options{Config: f.Config, Env: os.Environ()} }

func (f configFlag) load() (*configs.Snapshot, error) {
	return configs.Load(f.Config, os.Environ())
}

type runVerb struct{ configFlag }

// Run serves until SIGTERM or SIGINT has drained it; a second one ends it.
func (v runVerb) Run() error {
	a, err := app.New(v.options())
	if err != nil {
		return err
	}
	ctx := context.Background()
	if err := a.Start(ctx); err != nil {
		return err
	}
	signals := make(chan os.Signal, 4)
	signal.Notify(signals, syscall.SIGHUP, syscall.SIGTERM, syscall.SIGINT)
	defer signal.Stop(signals)
	for s := range signals {
		if s == syscall.SIGHUP {
			_ = a.Reload() // told in the log and as an event; the old configuration stays
			continue
		}
		break
	}
	draining, end := context.WithCancel(ctx)
	defer end()
	go func() { // ends with the process
		for s := range signals {
			if s != syscall.SIGHUP {
				end()
			}
		}
	}()
	return a.Stop(draining)
}

type checkVerb struct {
	Files []string `arg:"" optional:"" help:"Configurations; assent.yaml where none is given."`
}

// Run validates; warnings are printed and do not fail.
func (v checkVerb) Run(io streams) error {
	files := v.Files
	if len(files) == 0 {
		files = []string{defaultConfig}
	}
	for _, file := range files {
		warnings, err := app.Check(app.Options{Config: file, Env: os.Environ()})
		if err != nil {
			return err
		}
		printWarnings(io, warnings)
		fmt.Fprintf(io.out, "%s: valid\n", file)
	}
	return nil
}

func printWarnings(io streams, warnings []source.Problem) {
	for _, w := range warnings {
		fmt.Fprintln(io.err, w.Error())
	}
}

type versionVerb struct{}

// Run prints the version that the build stamped, and the toolchain.
func (versionVerb) Run(io streams) error {
	v, goVersion := version, ""
	if info, ok := debug.ReadBuildInfo(); ok {
		goVersion = info.GoVersion
	}
	_, err := fmt.Fprintf(io.out, "assent %s %s\n", v, goVersion)
	return err
}

// version is set by the linker.
var version = "devel"
