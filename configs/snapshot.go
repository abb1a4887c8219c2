package configs

import (
	"strings"

	"assent/source"
)

// Snapshot is a configuration as it was loaded. It does not change, and may be
// read by many goroutines; calls keep the one that they began with.
type Snapshot struct {
	Config

	// File is the path that the configuration was read from.
	File string
	// Version names the content: the same file, flows and environment give the same.
	Version string
	// Warnings are what is doubtful but can be run, in the file's order.
	Warnings source.Problems

	doc   *source.Document
	flows []flowFile
}

// The words of Source for values that stand in no file.
const (
	SourceDefault     = "default"
	SourceEnvironment = "environment"
)

// Source says where the value of a key comes from: "assent.yaml:20",
// [SourceEnvironment] or [SourceDefault]. key is a path such as
// "trunks.carrier-a.recording.enabled", or "flows.NAME.KEY" for a key of a flow.
func (s *Snapshot) Source(key string) string {
	if pos, ok := s.doc.At(key); ok {
		return origin(pos)
	}
	if rest, ok := strings.CutPrefix(key, "flows."); ok {
		for _, flow := range s.flows {
			inner, ok := strings.CutPrefix(rest, flow.name+".")
			if !ok || flow.doc == nil {
				continue
			}
			if pos, ok := flow.doc.At(inner); ok {
				return origin(pos)
			}
		}
	}
	return SourceDefault
}

func origin(pos source.Position) string {
	if strings.HasPrefix(pos.File, environmentFile) {
		return SourceEnvironment
	}
	pos.Column = 0
	return strings.TrimSuffix(pos.String(), ":0")
}
