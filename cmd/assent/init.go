package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"assent/configs"
	"assent/prompts"
)

type initVerb struct {
	Dir string `arg:"" optional:"" help:"Write it into this folder instead, with the example flows and prompts."`
}

// Run prints a configuration to start from, or writes all that it needs.
func (v initVerb) Run(io streams) error {
	if v.Dir == "" {
		_, err := fmt.Fprint(io.out, configs.Init())
		return err
	}
	err := errors.Join(unpack(configs.Files(), v.Dir, "."), unpack(prompts.Files, filepath.Join(v.Dir, "prompts"), "en", "calm.wav"))
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(io.out, "wrote %s with its flows and prompts; next: assent check %[1]s\n", filepath.Join(v.Dir, defaultConfig))
	return err
}

// unpack writes the named files and folders of from below dir; a file that is
// there already stays as it is, and is an error.
func unpack(from fs.FS, dir string, names ...string) error {
	for _, name := range names {
		err := fs.WalkDir(from, name, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			text, err := fs.ReadFile(from, path)
			if err != nil {
				return err
			}
			return writeNew(filepath.Join(dir, filepath.FromSlash(path)), text)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// writeNew writes a file that may not exist yet. The configuration may come to
// hold secrets, so it is for its owner alone.
func writeNew(path string, text []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	mode := fs.FileMode(0o644)
	if strings.HasSuffix(path, defaultConfig) {
		mode = 0o600
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, mode)
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	return errors.Join(err, f.Close())
}
