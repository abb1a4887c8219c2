// Command assent is the service and its tools; see the verbs below.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/alecthomas/kong"

	"assent/source"
	"assent/store"
)

// Exit codes, the same for every verb.
const (
	exitOK        = 0
	exitFailed    = 1
	exitUsage     = 2
	exitInvalid   = 3 // the configuration or a flow is invalid
	exitNotFound  = 4
	exitForbidden = 5
	exitTimeout   = 6
)

// verbs is the whole command line.
type verbs struct {
	Run       runVerb       `cmd:"" help:"Start the service. SIGHUP reloads, SIGTERM drains, a second one ends."`
	Demo      demoVerb      `cmd:"" help:"Start on loopback, place real calls, check what came out."`
	Init      initVerb      `cmd:"" help:"Print a commented configuration."`
	Check     checkVerb     `cmd:"" help:"Load and validate everything, start nothing."`
	Doctor    doctorVerb    `cmd:"" help:"Check this machine against the configuration: addresses, ports, limits, clock, disk, files."`
	Explain   explainVerb   `cmd:"" help:"Say why."`
	Flow      flowVerb      `cmd:"" help:"Work on flows."`
	Call      callVerb      `cmd:"" help:"List, show and end running calls."`
	Trunk     trunkVerb     `cmd:"" help:"Look at trunks."`
	Queue     queueVerb     `cmd:"" help:"Look at queues."`
	Station   stationVerb   `cmd:"" help:"Look at stations."`
	Recording recordingVerb `cmd:"" help:"List, show and verify recordings."`
	Consent   consentVerb   `cmd:"" help:"List, show and verify the consent ledger."`
	Key       keyVerb       `cmd:"" help:"Make and rotate the key that recordings are encrypted by."`
	Caller    callerVerb    `cmd:"" help:"Erase what is kept of a caller."`
	Retention retentionVerb `cmd:"" help:"Look at what the rules of retention will delete."`
	Audit     auditVerb     `cmd:"" help:"Look at who used which recording."`
	Version   versionVerb   `cmd:"" help:"Print the version."`
}

// streams are where a verb writes; tests replace them.
type streams struct{ out, err io.Writer }

func main() { os.Exit(run(os.Args[1:], streams{os.Stdout, os.Stderr})) }

// run executes one command line and returns its exit code.
func run(args []string, io streams) int {
	var v verbs
	code := -1
	parser, err := kong.New(&v, kong.Name("assent"), kong.Writers(io.out, io.err),
		kong.Description("A SIP back-to-back user agent that records phone calls lawfully, and proves it."),
		kong.Exit(func(c int) { code = c }))
	if err != nil {
		fmt.Fprintln(io.err, "assent:", err)
		return exitFailed
	}
	ctx, err := parser.Parse(args)
	if code >= 0 { // --help has printed itself
		return code
	}
	if err != nil {
		printVerbs(parser, err, io.err)
		fmt.Fprintln(io.err, "assent:", err)
		return exitUsage
	}
	return report(ctx.Run(io), io.err)
}

// printVerbs prints what there is to choose from where no verb was reached.
func printVerbs(parser *kong.Kong, err error, w io.Writer) {
	wrong, ok := errors.AsType[*kong.ParseError](err)
	if !ok || wrong.Context.Selected() != nil && wrong.Context.Selected().Leaf() {
		return
	}
	parser.Stdout = w
	_ = wrong.Context.PrintUsage(false) // the error itself follows
}

// report prints an error and finds its exit code.
func report(err error, w io.Writer) int {
	if err == nil {
		return exitOK
	}
	var problems source.Problems
	if errors.As(err, &problems) {
		fmt.Fprintln(w, problems.Error())
		return exitInvalid
	}
	fmt.Fprintln(w, "assent:", err)
	switch {
	case errors.Is(err, store.ErrNotFound), errors.Is(err, errNotFound):
		return exitNotFound
	case errors.Is(err, os.ErrPermission):
		return exitForbidden
	case errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, context.DeadlineExceeded):
		return exitTimeout
	}
	return exitFailed
}

// errNotFound chooses its exit code.
var errNotFound = errors.New("not found")
