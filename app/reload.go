package app

import (
	"fmt"
	"reflect"

	"go.uber.org/zap"

	"assent/configs"
	"assent/event"
)

// Reload reads the configuration again, all or nothing: what is wrong, or can't
// change while running, rejects it whole and the old one stays. Running calls
// keep what they began with.
func (a *App) Reload() error {
	a.reloadMu.Lock()
	defer a.reloadMu.Unlock()
	next, err := load(a.opts, a.current.Load())
	if err == nil {
		err = fixed(a.first.Config, next.snapshot.Config)
	}
	if err == nil {
		err = a.sip.ReloadCertificates()
	}
	if err == nil {
		err = a.cdr.Reopen()
	}
	if err != nil {
		a.log.Warn("configuration rejected", zap.Error(err))
		a.events.Publish(event.Event{Time: now(), Type: event.ConfigRejected, Detail: err.Error()})
		return err
	}
	a.current.Store(next)
	a.sip.NetworksChanged()
	a.registrar.Forget(a.registers)
	a.enrolments.update(next.snapshot.Config.Trunks)
	a.health.retain(next.snapshot.Config.Trunks)
	a.board.Update(next.snapshot.Config.Queues, next.snapshot.Config.Stations)
	a.gateways.Update(linesOf(next.snapshot.Config.Trunks))
	for _, problem := range next.warnings {
		a.log.Warn("configuration", zap.String("problem", problem.Error()))
	}
	a.events.Publish(event.Event{Time: now(), Type: event.ConfigReloaded, ConfigVersion: next.snapshot.Version})
	return nil
}

// fixed tells which of the keys changed that only a restart can change.
func fixed(before, after configs.Config) error {
	for _, part := range []struct {
		key        string
		was, wants any
	}{
		{"sip", before.SIP, after.SIP},
		{"registrar", before.Registrar, after.Registrar},
		{"media", before.Media, after.Media},
		{"store", before.Store, after.Store},
		{"recordings", before.Recordings, after.Recordings},
		{"consent.ledger", before.Consent.Ledger, after.Consent.Ledger},
		{"consent.key", before.Consent.Key, after.Consent.Key},
		{"consent.origin", before.Consent.Origin, after.Consent.Origin},
		{"consent.audit", before.Consent.Audit, after.Consent.Audit},
		{"consent.checkpoint", before.Consent.Checkpoint, after.Consent.Checkpoint},
		{"audit", before.Audit, after.Audit},
		{"cdr", before.CDR, after.CDR},
		{"api", before.API, after.API},
		{"log", before.Log, after.Log},
	} {
		if !reflect.DeepEqual(part.was, part.wants) {
			return fmt.Errorf("%s can't change while the service runs: restart it, or put the old value back", part.key)
		}
	}
	return nil
}
