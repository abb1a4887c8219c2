package main

import (
	"context"

	"go.uber.org/zap"

	"assent/configs"
	"assent/consent/merkle"
	"assent/store"
)

// open opens the configured store beside a running service.
func (f configFlag) open() (*store.Store, error) {
	snapshot, err := f.load()
	if err != nil {
		return nil, err
	}
	return store.OpenReadOnly(context.Background(), snapshot.Config.Store, zap.NewNop())
}

// trusting loads the configuration and the keys of what is to be proved by it.
func (f configFlag) trusting(t trustFlags) (*configs.Snapshot, merkle.Keys, error) {
	snapshot, err := f.load()
	if err != nil {
		return nil, merkle.Keys{}, err
	}
	keys, err := t.keys(f)
	return snapshot, keys, err
}
