package configs

import (
	"embed"
	"io/fs"
)

//go:embed assent.yaml flows/*.yaml flows/tests/*.yaml
var files embed.FS

// Init returns the commented configuration that `assent init` prints. It works as
// it stands, on loopback, beside the flows of [Files] and prompts of their names.
func Init() string {
	text, err := files.ReadFile("assent.yaml")
	if err != nil {
		panic("configs: the embedded configuration is missing: " + err.Error())
	}
	return string(text)
}

// Files holds assent.yaml and the flows that it names, as "flows/consent.yaml".
func Files() fs.FS { return files }
