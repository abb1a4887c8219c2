package main

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"assent/app"
)

func TestSignalsDuringTheStartAreServedAfterIt(t *testing.T) {
	config, _ := state(t)
	reload, end := make(chan os.Signal, 1), make(chan os.Signal, 2)
	reload <- syscall.SIGHUP
	end <- syscall.SIGTERM
	end <- syscall.SIGTERM
	must(t, serve(app.Options{Config: config, Env: []string{
		`ASSENT_SIP__LISTEN=["udp://127.0.0.1:0"]`, "ASSENT_API__LISTEN=127.0.0.1:0", "ASSENT_MEDIA__PORTS=19800-19839", "ASSENT_LOG__LEVEL=error",
	}}, reload, end))
	if _, err := os.Stat(filepath.Join(filepath.Dir(config), "data", "cdr.jsonl")); err != nil {
		t.Errorf("nothing was opened: %v", err)
	}
}
