package audit

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.uber.org/zap"

	"assent/consent"
)

// ErrUnavailable says that a use could not be written down, and so may not be.
var ErrUnavailable = errors.New("the audit log can't be written")

// The actions of uses.
const (
	Listen   = "listen"
	Show     = "show"
	Export   = "export" // its detail says as what
	Pause    = "pause"
	Resume   = "resume"
	Hold     = "hold"
	Release  = "release"
	Delete   = "delete"
	Withdraw = "withdraw"
	Grant    = "grant"
	Erase    = "erase" // of a caller
	Hangup   = "hangup"
	Trace    = "trace" // looked at what was said in SIP
)

// OK is the result of a use that went well.
const OK = "ok"

// Use is one use of a recording.
type Use struct {
	By        string // a token's name, loopback, shell, station NAME, or system
	Action    string // one of the constants
	Call      string // the recording's call
	Recording string // empty where the call has none
	Result    string // OK, or why not
	Detail    string // a reason that was given, a range that was read
}

// Log is the open audit log; safe for concurrent use.
type Log struct{ ledger *consent.Ledger }

// Open opens the log in dir for appending, and makes it if it is not there.
// One that is damaged opens too, and then takes nothing: Ready says why. The
// error is of a folder that can't be used, or that another service has open.
func Open(dir string, log *zap.Logger) (*Log, error) {
	ledger, err := consent.Open(dir, log)
	var bad *consent.BadLine
	if errors.As(err, &bad) {
		log.Error("audit log damaged; recordings can't be used", zap.Error(err))
		ledger, err = consent.Broken(dir, err)
	}
	if err != nil {
		return nil, fmt.Errorf("audit log: %w", err)
	}
	return &Log{ledger}, nil
}

// Write appends a use and waits until it is on disk, or ctx ends.
func (l *Log) Write(ctx context.Context, u Use) error {
	pending := l.ledger.Append(consent.Entry{Type: consent.TypeUsed, Call: u.Call, Time: time.Now(),
		Data: consent.UsedData{By: u.By, Action: u.Action, Recording: u.Recording, Result: u.Result, Detail: u.Detail}})
	if err := pending.Wait(ctx); err != nil {
		return fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	return nil
}

// Ready returns nil while uses can be written, else why not.
func (l *Log) Ready() error { return l.ledger.Ready() }

// Close brings everything to the disk.
func (l *Log) Close() error { return l.ledger.Close() }

// Verify reads the log in dir from its first entry and checks every link.
func Verify(dir string) (consent.Report, error) { return consent.Verify(dir) }
