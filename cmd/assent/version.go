package main

import (
	"fmt"
	"runtime/debug"
)

// version is set by the linker.
var version = "devel"

type versionVerb struct{ outputFlag }

// Run prints the version that the build stamped, and the toolchain.
func (v versionVerb) Run(io streams) error {
	build := struct {
		Version string `json:"version"`
		Go      string `json:"go"`
	}{Version: version}
	if info, ok := debug.ReadBuildInfo(); ok {
		build.Go = info.GoVersion
	}
	if v.Output == "json" {
		return v.print(io.out, build, nil, nil)
	}
	_, err := fmt.Fprintf(io.out, "assent %s %s\n", build.Version, build.Go)
	return err
}
