package speech

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

const (
	// maxOutput bounds what a command may answer: six minutes of 16-bit samples at 22 kHz.
	maxOutput = 16 << 20
	// commandNice is the priority of commands: a packet of a call goes first.
	commandNice = 10
	// killWait is how long what a killed command has started may hold its output open.
	killWait = time.Second
)

// errOutput says that a command never stops.
var errOutput = fmt.Errorf("it writes more than %d bytes", maxOutput)

// run gives text to a command and returns what it writes. Whatever ends ctx ends the command, and what it has started.
// What it complains of on standard error is not kept: it may quote the text.
func run(ctx context.Context, command []string, text string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, command[0], command[1:]...)
	out := &bounded{}
	cmd.Stdin, cmd.Stdout = strings.NewReader(text+"\n"), out
	cmd.Env, cmd.Dir, cmd.WaitDelay = environment(), "/", killWait
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return unix.Kill(-cmd.Process.Pid, unix.SIGKILL) }
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("tts.command %q: %w", command[0], err)
	}
	_ = unix.Setpriority(unix.PRIO_PGRP, cmd.Process.Pid, commandNice) // a favour to others; it works without
	err := cmd.Wait()
	switch {
	case ctx.Err() != nil:
		err = context.Cause(ctx)
	case out.full:
		err = errOutput
	case errors.Is(err, syscall.EPIPE):
		err = nil // it did not want all of its input, and its answer counts
	}
	if err != nil {
		return nil, fmt.Errorf("tts.command %q: %w", command[0], err)
	}
	return out.b, nil
}

// environment is what a command gets of ours.
func environment() []string {
	var env []string
	for _, name := range []string{"PATH", "HOME", "LANG", "LC_ALL", "LC_CTYPE"} {
		if value, ok := os.LookupEnv(name); ok {
			env = append(env, name+"="+value)
		}
	}
	return env
}

// bounded keeps what is written up to maxOutput, and fails beyond, which ends the command by SIGPIPE.
type bounded struct {
	b    []byte
	full bool
}

func (w *bounded) Write(p []byte) (int, error) {
	if len(w.b)+len(p) > maxOutput {
		w.full = true
		return 0, errOutput
	}
	w.b = append(w.b, p...)
	return len(p), nil
}
