package main

import (
	"fmt"
	"runtime/debug"
	"strings"

	"assent/media/codec"
)

// version is set by the linker.
var version = "devel"

type versionVerb struct{ outputFlag }

// Run prints the version that the build stamped, and the toolchain.
func (v versionVerb) Run(io streams) error {
	build := struct {
		Version string `json:"version"`
		Go      string `json:"go"`
		Opus    string `json:"opus,omitempty"`
	}{Version: version, Opus: codec.OpusVersion()}
	if info, ok := debug.ReadBuildInfo(); ok {
		build.Go = info.GoVersion
	}
	if v.Output == "json" {
		return v.print(io.out, build, nil, nil)
	}
	_, err := fmt.Fprintln(io.out, strings.TrimSpace("assent "+build.Version+" "+build.Go+" "+build.Opus))
	return err
}
