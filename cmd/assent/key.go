package main

import (
	"context"
	"fmt"

	"assent/app"
	"assent/vault"
)

type keyVerb struct {
	New    keyNewVerb    `cmd:"" help:"Print a fresh key-encryption key, for recordings.encryption.key."`
	Rotate keyRotateVerb `cmd:"" help:"Wrap the keys of all recordings by the configured key, so that old_keys are not needed any more."`
}

type keyNewVerb struct{}

// Run prints a key. Whoever sees it can hear what it wraps.
func (keyNewVerb) Run(io streams) error {
	fmt.Fprintln(io.out, vault.NewKeyText())
	return nil
}

type keyRotateVerb struct {
	configFlag
	outputFlag
}

// Run rewraps; it can be repeated, and the service may run meanwhile.
func (v keyRotateVerb) Run(io streams) error {
	snapshot, err := v.load()
	if err != nil {
		return err
	}
	rotated, err := app.RotateKeys(context.Background(), snapshot.Config)
	if printed := v.print(io.out, rotated, []string{"KEY", "RECORDINGS", "REWRAPPED"},
		[][]string{{rotated.KEK, fmt.Sprint(rotated.Recordings), fmt.Sprint(rotated.Rewrapped)}}); printed != nil {
		return printed
	}
	return err
}
