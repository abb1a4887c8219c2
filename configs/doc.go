// Package configs loads, checks and documents the configuration.
//
// [Load] reads one YAML file, lays it over the defaults, applies the environment
// (ASSENT_SIP__LISTEN), resolves secrets (${env:NAME}, ${file:PATH}), checks
// everything that can be checked without starting anything, and returns a
// [Snapshot]. All that is wrong comes at once, each with file, line and column,
// the line with a caret, and what would be right.
//
// Each section's type, defaults and meaning belong to the package that uses it;
// this package adds them up and checks what spans them: names that point from one
// section to another, the flows' names, files that must be there. It does not
// compile flows: flowexec does.
//
// The package starts no goroutine and changes no file. A Snapshot does not change;
// a reload makes a new one.
//
// The YAML beside the code is what `assent init` prints; a test loads it, and
// another compares docs/configuration.md with the code.
package configs
