package sip

import (
	"net"
	"strings"
	"testing"
)

func TestAnEndpointIsReadyWhileAllItsListenersServe(t *testing.T) {
	for network, end := range map[string]func(*Endpoint) error{
		"udp": func(e *Endpoint) error { return e.udp[0].conn.Close() },
		"tcp": func(e *Endpoint) error { return e.tcp[0].ln.(*net.TCPListener).Close() },
	} {
		t.Run(network, func(t *testing.T) {
			h := startHost(t, quick())
			if err := h.Ready(); err != nil {
				t.Fatalf("not ready: %v", err)
			}
			if err := end(h.Endpoint); err != nil {
				t.Fatal(err)
			}
			if err := h.Ready(); err == nil || !strings.Contains(err.Error(), network+"://127.0.0.1") {
				t.Errorf("%v, want an error that names the %s listener", err, network)
			}
		})
	}
}

func TestAClosedEndpointIsNotReady(t *testing.T) {
	h := startHost(t, quick())
	if err := h.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if h.Ready() == nil {
		t.Error("ready")
	}
}
