package app

import (
	"context"
	"fmt"
	"slices"

	"go.uber.org/zap"

	"assent/configs"
	"assent/sip"
	"assent/trunk"
)

// accounts are those who prove by digest who they are, as the configuration has them now.
type accounts struct{ app *App }

// Account implements sip.Accounts.
func (a accounts) Account(user string) (sip.Account, bool) {
	account, ok := a.app.current.Load().accounts[user]
	return account, ok
}

// Any implements sip.Accounts.
func (a accounts) Any() bool { return len(a.app.current.Load().accounts) > 0 }

// accountsOf collects the user names of a configuration.
func accountsOf(cfg configs.Config) map[string]sip.Account {
	all := map[string]sip.Account{}
	for name, s := range cfg.Stations {
		if s.Register.Given() {
			all[s.Register.User] = sip.Account{Station: name, Password: s.Register.Password}
		}
	}
	for name, t := range cfg.Trunks {
		if t.Digest.Given() && slices.Contains(t.Sources, trunk.SourceDigest) {
			all[t.Digest.User] = sip.Account{Trunk: name, Password: t.Digest.Password}
		}
	}
	return all
}

// registers reports whether a station is one that registers.
func (a *App) registers(station string) bool {
	return a.current.Load().snapshot.Config.Stations[station].Register.Given()
}

// restoreBindings brings back where stations were registered when the service stopped.
func (a *App) restoreBindings(ctx context.Context) error {
	bindings, err := a.store.Bindings(ctx)
	if err != nil {
		return fmt.Errorf("store: %w", err)
	}
	a.registrar.Restore(bindings)
	a.registrar.Forget(a.registers)
	return nil
}

func (a *App) stationChanged(station string, reachable bool) {
	a.log.Info("station registered, or left", zap.String("station", station), zap.Bool("reachable", reachable))
}
