package api

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"go.uber.org/zap"

	"assent/event"
)

// Config is the section api of the configuration.
type Config struct {
	Listen string   // host:port; empty serves nothing
	Tokens []string // bearer tokens, each TOKEN or NAME:TOKEN; without one only loopback may ask
}

// Deps is what the server asks. All of it must be safe for concurrent use.
type Deps struct {
	Log     *zap.Logger
	Ready   func() Readiness
	Metrics http.Handler
	Version string // of the program, for /openapi.json

	Calls   Calls
	Records Records
	Archive Archive
	Ledger  Ledger
	Lines   Lines
	Events  *event.Bus
}

// Readiness is what /readyz tells: whether the node may have calls, and the
// state of every part, recording included, which never makes it unready.
type Readiness struct {
	Ready bool              `json:"ready"`
	Parts map[string]string `json:"parts"` // "ok", or what is wrong
}

// Server is the HTTP side of the service.
type Server struct {
	// set once
	cfg      Config
	deps     Deps
	bearers  []bearer
	server   *http.Server
	listener net.Listener
	done     chan struct{}
	closing  context.Context // ended by Close: streams that would never end do then
	close    context.CancelFunc
	streams  chan struct{} // one place for each stream of events
}

// New makes a server; Start binds it.
func New(cfg Config, deps Deps) *Server {
	s := &Server{cfg: cfg, deps: deps, bearers: bearers(cfg.Tokens), done: make(chan struct{}), streams: make(chan struct{}, maxStreams)}
	s.closing, s.close = context.WithCancel(context.Background())
	s.server = &http.Server{
		Handler: http.NewCrossOriginProtection().Handler(s.routes()), ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second,
		WriteTimeout: 30 * time.Second, IdleTimeout: time.Minute, MaxHeaderBytes: 16 << 10,
		ErrorLog: zap.NewStdLog(deps.Log),
	}
	return s
}

// routes leaves no answer to the mux itself, whose errors are plain text.
func (s *Server) routes() http.Handler {
	v1, description := s.v1()
	mux := http.NewServeMux()
	for path, h := range map[string]http.Handler{
		"/healthz":      http.HandlerFunc(healthz),
		"/readyz":       http.HandlerFunc(s.readyz),
		"/metrics":      s.guarded(s.deps.Metrics),
		"/openapi.json": s.guarded(description),
	} {
		mux.Handle("GET "+path, h) // HEAD too
		mux.HandleFunc(path, onlyGet)
	}
	mux.Handle("/v1/", s.guarded(v1))
	mux.Handle("/", s.guarded(http.HandlerFunc(nothing)))
	return mux
}

// Start binds api.listen and serves until Close.
func (s *Server) Start() error {
	if s.cfg.Listen == "" {
		close(s.done)
		return nil
	}
	l, err := net.Listen("tcp", s.cfg.Listen)
	if err != nil {
		close(s.done)
		return fmt.Errorf("api.listen %s: %w", s.cfg.Listen, err)
	}
	s.listener = l
	go func() {
		defer close(s.done)
		if err := s.server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			s.deps.Log.Error("api stopped", zap.Error(err))
		}
	}()
	return nil
}

// Addr is the bound address, port 0 resolved; empty before Start.
func (s *Server) Addr() string {
	if s.listener == nil {
		return ""
	}
	return s.listener.Addr().String()
}

// Close ends requests that run, at the latest when ctx ends.
func (s *Server) Close(ctx context.Context) error {
	s.close()
	err := s.server.Shutdown(ctx)
	if err != nil {
		err = errors.Join(err, s.server.Close())
	}
	<-s.done
	return err
}

func healthz(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, map[string]string{"status": "ok"})
}

func onlyGet(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Allow", "GET, HEAD")
	problem(w, http.StatusMethodNotAllowed, r.URL.Path+" can only be read: GET or HEAD")
}

func nothing(w http.ResponseWriter, r *http.Request) {
	problem(w, http.StatusNotFound, "there is no "+r.URL.Path)
}

func (s *Server) readyz(w http.ResponseWriter, _ *http.Request) {
	r := s.deps.Ready()
	status := http.StatusOK
	if !r.Ready {
		status = http.StatusServiceUnavailable
	}
	writeJSON(w, status, r)
}
