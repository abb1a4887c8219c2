package api

import (
	"context"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"go.uber.org/zap"
)

// Config is the section api of the configuration.
type Config struct {
	Listen string   // host:port; empty serves nothing
	Tokens []string // bearer tokens; without one only loopback may ask
}

// Deps is what the server asks. All of it must be safe for concurrent use.
type Deps struct {
	Log     *zap.Logger
	Ready   func() Readiness
	Metrics http.Handler
}

// Readiness is what /readyz tells: whether the node may have calls, and the
// state of every part, recording included, which never makes it unready.
type Readiness struct {
	Ready bool              `json:"ready"`
	Parts map[string]string `json:"parts"` // "ok", or what is wrong
}

// Server is the HTTP side of the service.
type Server struct {
	cfg      Config
	deps     Deps
	server   *http.Server
	listener net.Listener
	done     chan struct{}
}

// New makes a server; Start binds it.
func New(cfg Config, deps Deps) *Server {
	s := &Server{cfg: cfg, deps: deps, done: make(chan struct{})}
	s.server = &http.Server{
		Handler: s.routes(), ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second,
		WriteTimeout: 30 * time.Second, IdleTimeout: time.Minute, MaxHeaderBytes: 16 << 10,
		ErrorLog: zap.NewStdLog(deps.Log),
	}
	return s
}

// routes leaves no answer to the mux itself, whose errors are plain text.
func (s *Server) routes() http.Handler {
	mux := http.NewServeMux()
	for path, h := range map[string]http.Handler{
		"/healthz": http.HandlerFunc(healthz),
		"/readyz":  http.HandlerFunc(s.readyz),
		"/metrics": s.guarded(s.deps.Metrics),
	} {
		mux.Handle("GET "+path, h) // HEAD too
		mux.HandleFunc(path, onlyGet)
	}
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

// guarded lets a request through that has a token, or comes from this machine
// where no tokens are configured.
func (s *Server) guarded(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !s.allowed(r) {
			w.Header().Set("WWW-Authenticate", `Bearer realm="assent"`)
			problem(w, http.StatusUnauthorized, "a bearer token from api.tokens is needed")
			return
		}
		next.ServeHTTP(w, r)
	})
}

func (s *Server) allowed(r *http.Request) bool {
	if len(s.cfg.Tokens) == 0 {
		from, err := netip.ParseAddrPort(r.RemoteAddr)
		return err == nil && from.Addr().Unmap().IsLoopback()
	}
	scheme, got, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	allowed := 0
	for _, token := range s.cfg.Tokens {
		allowed |= subtle.ConstantTimeCompare([]byte(got), []byte(token))
	}
	return strings.EqualFold(scheme, "Bearer") && allowed == 1 // the scheme in any case: RFC 9110 section 11.1
}

// problem answers as RFC 9457 says.
func problem(w http.ResponseWriter, status int, detail string) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{ // a client that left gets nothing
		"type": "about:blank", "title": http.StatusText(status), "status": status, "detail": detail,
	})
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // a client that left gets nothing
}
