package call

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"strings"
	"testing"

	"assent/event"
	"assent/flowexec"
	"assent/media"
	"assent/media/sdp"
	"assent/sip"
)

// exported are the errors that a call can end with, by the names that their
// packages export them under. Those that a call handles itself are in handled.
var exported = map[string]map[string]error{
	".": {
		"ErrCallerLeft": ErrCallerLeft, "ErrAgentLeft": ErrAgentLeft, "ErrDraining": ErrDraining, "ErrShutdown": ErrShutdown,
		"ErrUnknownNumber": ErrUnknownNumber, "ErrUnknownSource": ErrUnknownSource, "ErrTrunkFull": ErrTrunkFull, "ErrTrunkRate": ErrTrunkRate,
		"ErrNodeFull": ErrNodeFull, "ErrTooManyHops": ErrTooManyHops, "ErrRecorderRequired": ErrRecorderRequired, "ErrMaxDuration": ErrMaxDuration,
		"ErrNoMedia": ErrNoMedia, "ErrNoAck": ErrNoAck, "ErrSignalling": ErrSignalling, "ErrBadOffer": ErrBadOffer,
		"ErrHungUp": ErrHungUp, "ErrTrunkDraining": ErrTrunkDraining, "ErrNotConfirmed": ErrNotConfirmed, "ErrPanic": ErrPanic,
		"ErrBlocked": ErrBlocked, "ErrOutboundFull": ErrOutboundFull, "ErrSpent": ErrSpent, "ErrNoRoute": ErrNoRoute,
		"ErrNoIdentity": ErrNoIdentity, "ErrStaleIdentity": ErrStaleIdentity, "ErrIdentityInfo": ErrIdentityInfo,
		"ErrCredential": ErrCredential, "ErrInvalidIdentity": ErrInvalidIdentity,
		"ErrSessionExpired": ErrSessionExpired, "ErrTransferFailed": ErrTransferFailed, "ErrTakeover": ErrTakeover,
	},
	"../sip":   {"ErrReliableOff": sip.ErrReliableOff, "ErrNotReliable": sip.ErrNotReliable, "ErrTooBrief": sip.ErrTooBrief},
	"../media": {"ErrNoPorts": media.ErrNoPorts, "ErrClosed": media.ErrClosed},
	"../media/sdp": {"ErrNoCodec": sdp.ErrNoCodec, "ErrNoAudio": sdp.ErrNoAudio, "ErrAddress": sdp.ErrAddress, "ErrMismatch": sdp.ErrMismatch,
		"ErrUnencrypted": sdp.ErrUnencrypted, "ErrCrypto": sdp.ErrCrypto},
	"../flowexec": {"ErrFailed": flowexec.ErrFailed},
}

// handled are branched on inside a call and never end it.
var handled = map[string]bool{
	"..ErrNoCall": true, "..ErrBusyCall": true, "..ErrNotNow": true, // told to who works on calls from outside
	"../media/sdp.ErrMalformed": true,                                                     // always within ErrBadOffer
	"../sip.ErrOver":            true, "../sip.ErrState": true, "../sip.ErrPending": true, // told to who uses a leg too late
	"../flowexec.ErrOver": true, "../flowexec.ErrTimeout": true, // a flow's good end; no key in time
}

func TestEveryExportedErrorHasARowOfItsOwn(t *testing.T) {
	for dir, errs := range exported {
		for _, name := range errorsOf(t, dir) {
			err, known := errs[name]
			if !known {
				if !handled[dir+"."+name] {
					t.Errorf("%s.%s is not in this test's list: give it a row, or say why it ends no call", dir, name)
				}
				continue
			}
			if !hasRow(err) {
				t.Errorf("%s.%s has no row in causes", dir, name)
			}
		}
	}
}

func hasRow(err error) bool {
	for _, row := range causes {
		if row.err == err {
			return true
		}
	}
	return false
}

// errorsOf lists the exported error variables of a package.
func errorsOf(t *testing.T, dir string) (names []string) {
	t.Helper()
	packages, err := parser.ParseDir(token.NewFileSet(), dir, func(f fs.FileInfo) bool { return !strings.HasSuffix(f.Name(), "_test.go") }, 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range packages {
		ast.Inspect(p, func(n ast.Node) bool {
			if spec, ok := n.(*ast.ValueSpec); ok {
				for _, name := range spec.Names {
					if strings.HasPrefix(name.Name, "Err") {
						names = append(names, name.Name)
					}
				}
			}
			return true
		})
	}
	if len(names) == 0 {
		t.Errorf("no errors found in %s: this test looks in the wrong place", dir)
	}
	return names
}

func TestEveryRowIsAnEndingThatSignallingCanTell(t *testing.T) {
	reasons := map[string]error{}
	for _, row := range causes {
		if row.status < 400 || row.status > 699 || row.q850 < 1 || row.q850 > 127 || row.reason == "" || strings.ToLower(row.reason) != row.reason {
			t.Errorf("%v: %+v", row.err, row.cause)
		}
		switch row.by {
		case byCaller, byAgent, bySystem, byFlow:
		default:
			t.Errorf("%v: ended by %q", row.err, row.by)
		}
		reasons[row.by+row.reason] = row.err
	}
}

func TestWrappedErrorsFindTheirRowAndOthersAreInternal(t *testing.T) {
	if got := causeOf(fmt.Errorf("open: %w", media.ErrNoPorts)).reason; got != "no_ports" {
		t.Errorf("no ports is %q", got)
	}
	if got := causeOf(errors.New("a surprise")); got != internal {
		t.Errorf("a surprise is %+v", got)
	}
	if got := causeOf(nil).ending(); got != (event.Ending{By: "flow", SIP: 480, Q850: 16, Reason: "normal"}) {
		t.Errorf("no error is %+v", got)
	}
	if got := causeOf(errors.Join(flowexec.ErrFailed, ErrPanic)); got != internal {
		t.Errorf("a panic in a flow is %+v", got)
	}
}
