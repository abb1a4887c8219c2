package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	"assent/api"
	"assent/archive"
	"assent/audit"
	"assent/call"
	"assent/configs"
	"assent/consent"
	"assent/consent/merkle"
	"assent/depot"
	"assent/event"
	"assent/gateway"
	"assent/ladder"
	"assent/media"
	"assent/queue"
	"assent/recorder"
	"assent/registrar"
	"assent/sip"
	"assent/store"
	"assent/toll"
	"assent/vault"
)

// Options say where the service's configuration comes from.
type Options struct {
	Config string   // the YAML file
	Env    []string // overrides, as os.Environ gives them
	Log    *zap.Logger
	// Version is the program's, as the API tells it; empty is "devel".
	Version string
}

// App is the running service.
type App struct {
	// set once
	opts    Options
	first   *configs.Snapshot // what it was started with; listeners and stores stay so
	log     *zap.Logger
	events  *event.Bus
	metrics *api.Metrics

	// opened by Start, closed by Stop
	store    *store.Store
	ledger   *consent.Ledger
	signer   merkle.Signer   // of the ledger's checkpoints
	notary   *consent.Notary // nil while the ledger is not trusted
	audit    *auditor
	vault    *vault.Vault // nil: recordings are in clear
	uses     *audit.Log   // who used which recording
	archive  *archive.Archive
	recorder *recorder.Recorder
	depot    *depot.Depot
	cdr      *cdrFile
	media    *media.Engine
	board    *queue.Board
	gateways *gateway.Book
	toll     *toll.Book
	calls    *call.Manager
	ladder   *ladder.Book
	sip      *sip.Endpoint

	registrar  *registrar.Registrar
	enrolments *enrolments
	health     *health
	api        *api.Server
	closers    []closer

	current   atomic.Pointer[setup] // swapped by Reload
	listening atomic.Bool
	reloadMu  sync.Mutex
}

// closer ends one part; they run newest first.
type closer struct {
	name  string
	close func(context.Context) error
}

// New loads and checks the configuration; nothing is opened yet.
func New(opts Options) (*App, error) {
	s, err := load(opts, nil)
	if err != nil {
		return nil, err
	}
	if opts.Log == nil {
		if opts.Log, err = newLogger(s.snapshot.Config.Log); err != nil {
			return nil, err
		}
	}
	a := &App{opts: opts, first: s.snapshot, log: opts.Log, events: event.New()}
	a.current.Store(s)
	return a, nil
}

// Start opens every part in order. On an error all that was opened is closed.
func (a *App) Start(ctx context.Context) error {
	for _, problem := range a.current.Load().warnings {
		a.log.Warn("configuration", zap.String("problem", problem.Error()))
	}
	for _, step := range []func(context.Context) error{
		a.openVault, a.openEvidence, a.openMedia, a.openSIP, a.restoreBindings, a.openCalls, a.openArchive, a.recover, a.startDepot, a.openNotary, a.startSweeps, a.openAPI, a.startSIP, a.startAudit,
	} {
		if err := step(ctx); err != nil {
			return errors.Join(err, a.close(ctx))
		}
	}
	a.log.Info("ready", zap.Strings("sip", a.sip.Addrs()), zap.String("api", a.api.Addr()),
		zap.String("config_version", a.current.Load().snapshot.Version))
	return nil
}

// openEvidence opens what a call leaves behind: store, ledger, recorder, CDRs.
func (a *App) openEvidence(ctx context.Context) (err error) {
	cfg := a.first.Config
	if a.store, err = store.Open(ctx, cfg.Store, a.log.Named("store")); err != nil {
		return fmt.Errorf("store: %w", err)
	}
	a.closing("store", func(context.Context) error { return a.store.Close() })
	if a.ledger, err = openLedger(cfg.Consent.Ledger, a.log.Named("ledger")); err != nil {
		return fmt.Errorf("consent.ledger: %w", err)
	}
	a.closing("ledger", func(context.Context) error { return a.ledger.Close() })
	if a.signer, err = consent.LoadSigner(cfg.Consent.Key, cfg.Consent.Origin); err != nil {
		return err
	}
	a.closing("notary", a.closeNotary)
	a.closing("calls", func(ctx context.Context) error {
		if a.calls == nil {
			return nil
		}
		return a.calls.Settled(ctx) // those refused while the rest drained, and recordings sealed late
	})
	if a.uses, err = audit.Open(cfg.Audit.Dir, a.log.Named("audit")); err != nil {
		return fmt.Errorf("audit.dir: %w", err)
	}
	a.closing("audit log", func(context.Context) error { return a.uses.Close() })
	if err = a.openDepot(); err != nil {
		return err
	}
	a.recorder, err = recorder.New(cfg.Recordings, recorder.Deps{
		Log: a.log.Named("recorder"), Keys: a.keys(), Room: a.depot.Room, SpaceChanged: a.spaceChanged,
	})
	if err != nil {
		return fmt.Errorf("recordings: %w", err)
	}
	if a.cdr, err = openCDRFile(cfg.CDR.File); err != nil {
		return fmt.Errorf("cdr.file: %w", err)
	}
	a.closing("cdr", func(context.Context) error { return a.cdr.Close() })
	return nil
}

func (a *App) openMedia(context.Context) (err error) {
	if err := a.recorder.Start(); err != nil {
		return fmt.Errorf("recordings: %w", err)
	}
	a.closing("recorder", a.recorder.Close)
	if a.media, err = media.New(a.first.Config.Media, a.log.Named("media")); err != nil {
		return fmt.Errorf("media: %w", err)
	}
	if err = a.media.Start(); err != nil {
		return fmt.Errorf("media: %w", err)
	}
	a.closing("media", func(context.Context) error { a.media.Close(); return nil })
	return nil
}

// openSIP makes the endpoint; it listens once there is a manager for its calls.
func (a *App) openSIP(context.Context) (err error) {
	a.ladder = ladder.New(a.first.Config.SIP.Trace)
	a.registrar = registrar.New(a.first.Config.Registrar, registrar.Deps{Store: a.store, Changed: a.stationChanged})
	a.sip, err = sip.New(a.first.Config.SIP, sip.Deps{
		Log: a.log.Named("sip"), Known: a.known, Accounts: accounts{a}, Registrar: a.registrar, Ladder: a.ladder,
		Networks:  a.networks,
		Certified: func(names []string) bool { return a.current.Load().rules.Trunks.Certified(names) },
		Invite:    func(inv *sip.Invite) { a.calls.Accept(inv) },
		Ready:     func() bool { return !a.calls.Draining() },
	})
	if err != nil {
		return fmt.Errorf("sip: %w", err)
	}
	a.closing("sip", a.sip.Close)
	return nil
}

// openCalls makes the manager; Stop drains it before anything is closed.
func (a *App) openCalls(ctx context.Context) error {
	cfg := a.first.Config
	a.toll = toll.New(a.store, func(err error) { a.log.Error("spent budget not stored", zap.Error(err)) })
	if err := a.toll.Start(ctx, now()); err != nil {
		return fmt.Errorf("store: %w", err)
	}
	a.closing("budgets", func(context.Context) error { a.toll.Close(); return nil })
	a.board = queue.New(cfg.Queues, cfg.Stations)
	a.health = newHealth(a.events.Publish)
	a.enrolments = &enrolments{app: a, kept: map[string]*enrolment{}}
	a.metrics = api.NewMetrics(a.gauges())
	a.gateways = a.newGateways()
	a.events.Subscribe(a.metrics.Observe)
	a.events.Subscribe(logEvents(a.log))
	a.audit = newAuditor(a)
	a.closing("stir", func(context.Context) error { a.current.Load().rules.STIR.Close(); return nil })
	a.calls = call.New(&call.Deps{
		Log: a.log, Rules: func() *call.Rules { return &a.current.Load().rules }, Dialer: a.sip, Gateways: a.gateways, Toll: a.toll, Media: a.media, Board: a.board, Stations: a.registrar,
		Recorder: a.recorder, Spool: a.spool(), Ledger: a.ledger, Store: a.store, CDR: a.cdr, Events: a.events, Ladder: a.ladder,
		Unconsented: a.audit.Unconsented, Barred: a.audit.Barred,
	})
	return nil
}

func (a *App) startSIP(ctx context.Context) error {
	if err := a.sip.Start(ctx); err != nil {
		return fmt.Errorf("sip.listen: %w", err)
	}
	a.listening.Store(true)
	a.gateways.Start()
	a.closing("gateways", func(context.Context) error { a.gateways.Close(); return nil })
	a.enrolments.update(a.current.Load().snapshot.Config.Trunks)
	return nil
}

func (a *App) openAPI(context.Context) error {
	a.api = api.New(api.Config(a.first.Config.API), api.Deps{
		Log: a.log.Named("api"), Ready: a.ready, Metrics: a.metrics.Handler(), Version: cmp.Or(a.opts.Version, "devel"),
		Calls: desk{a}, Records: a.store, Lines: lines{a}, Events: a.events,
		Archive: a.archive, Ledger: proofs{a},
	})
	if err := a.api.Start(); err != nil {
		return err
	}
	a.closing("api", a.api.Close)
	return nil
}

// startAudit begins to re-check what is stored.
func (a *App) startAudit(context.Context) error {
	a.audit.start(a.first.Config.Consent.Audit)
	a.closing("audit", a.audit.Close)
	return nil
}

// known is the first question asked of any byte from outside: is its sender one
// of the trunks' sources, or a station at a fixed address that may call, which takes no lock, or one that is registered?
func (a *App) known(src netip.AddrPort) bool {
	rules := &a.current.Load().rules
	return rules.Trunks.Known(src) || rules.Callers.Known(src) || a.registrar.At(src) != ""
}

// networks are those from which somebody may call, for the kernel to drop all else;
// nil where somebody proves by digest who it is, and may be anywhere.
func (a *App) networks() []netip.Prefix {
	s := a.current.Load()
	if len(s.accounts) > 0 {
		return nil
	}
	return append(s.rules.Trunks.Networks(), s.rules.Callers.Networks()...)
}

func (a *App) closing(name string, f func(context.Context) error) {
	a.closers = append(a.closers, closer{name, f})
}

// closeTimeout is what each part has for its own end, after the calls' drain.
const closeTimeout = 10 * time.Second

// Stop refuses new calls, waits for the running ones until ctx ends, then hangs
// them up, and closes every part.
func (a *App) Stop(ctx context.Context) error {
	a.log.Info("draining", zap.Int("calls", a.calls.Count()))
	a.calls.Drain(ctx)
	fresh, done := context.WithTimeout(context.Background(), closeTimeout)
	defer done()
	err := a.close(fresh)
	a.log.Info("stopped")
	return err
}

func (a *App) close(ctx context.Context) (err error) {
	for i := len(a.closers) - 1; i >= 0; i-- {
		if e := a.closers[i].close(ctx); e != nil {
			err = errors.Join(err, fmt.Errorf("close %s: %w", a.closers[i].name, e))
		}
	}
	a.closers = nil
	return err
}

// Log is where the service tells what it does.
func (a *App) Log() *zap.Logger { return a.log }

// SIPAddrs are the bound SIP listeners, such as "udp://127.0.0.1:5060".
func (a *App) SIPAddrs() []string { return a.sip.Addrs() }

// APIAddr is the bound HTTP address.
func (a *App) APIAddr() string { return a.api.Addr() }

// Calls is the number of running calls.
func (a *App) Calls() int { return a.calls.Count() }

// CDRs hands out every call's record, from now on; f must not block.
func (a *App) CDRs(f func(event.CDR)) { a.cdr.Watch(f) }

// Events hands out what happens, from now on; see event.Bus.Subscribe.
func (a *App) Events(f func(event.Event)) (cancel func()) { return a.events.Subscribe(f) }
