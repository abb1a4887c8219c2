package main

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"assent/app"
	"assent/trunk"
)

type explainInviteVerb struct {
	configFlag
	outputFlag
	From     string        `help:"The caller's number; of a station its name in front of the @." required:""`
	To       string        `help:"The called number." required:""`
	SourceIP sourceAddress `help:"Where the INVITE comes from." required:"" name:"source-ip" placeholder:"IP[:PORT]"`
	// Certificate is a name in the certificate that the caller shows over TLS.
	Certificate []string `help:"A name in the caller's TLS certificate; may be given several times." placeholder:"NAME"`
}

// Run says which trunk, flow and queues take the call, why the other trunks do
// not, and whether the caller's stored consent would count.
func (v explainInviteVerb) Run(io streams) error {
	e, err := app.Explain(v.options(), trunk.Origin{Addr: netip.AddrPort(v.SourceIP), Certified: v.Certificate}, v.From, v.To)
	if err != nil {
		return invalid(err)
	}
	if e.Station != "" {
		return v.routes(io, e)
	}
	rows := make([][]string, 0, len(e.Trunks))
	for _, r := range e.Trunks {
		takes := "no"
		if r.Chosen {
			takes = "YES"
		}
		rows = append(rows, []string{r.Trunk, takes, r.Flow, cmp.Or(strings.Join(r.Queues, ", "), "none"), r.Why})
	}
	if err := v.print(io.out, e, []string{"TRUNK", "TAKES IT", "FLOW", "QUEUES", "WHY"}, rows); err != nil {
		return err
	}
	switch {
	case e.Consent != nil:
		return v.consent(io, *e.Consent)
	case slices.ContainsFunc(e.Trunks, func(r app.Route) bool { return r.Source != "" }):
		return fmt.Errorf("%w: the number is served by no trunk of this source, the caller gets 404", errNotFound)
	}
	return fmt.Errorf("%w: no trunk has this source, the caller gets silence", errNotFound)
}

// routes tells where the call of a station goes.
func (v explainInviteVerb) routes(io streams, e app.Explanation) error {
	rows, found := make([][]string, 0, len(e.Routes)), false
	for _, r := range e.Routes {
		takes := "no"
		if r.Chosen {
			takes, found = "YES", true
		}
		rows = append(rows, []string{r.Route, takes, r.Leads, r.Why})
	}
	if v.Output != "json" {
		if _, err := fmt.Fprintf(io.out, "station %s calls %s\n\n", e.Station, e.Number); err != nil {
			return err
		}
	}
	if err := v.print(io.out, e, []string{"ROUTE", "TRIED", "LEADS TO", "WHY"}, rows); err != nil {
		return err
	}
	if !found {
		return fmt.Errorf("%w: no route leads to the number, the station gets 404", errNotFound)
	}
	return nil
}

// consent tells people what programs have read already.
func (v explainInviteVerb) consent(io streams, c app.StoredConsent) error {
	if v.Output == "json" {
		return nil
	}
	answer := "not looked up"
	if c.LookedUp {
		answer = "looked up"
	}
	_, err := fmt.Fprintf(io.out, "\nstored consent of %q: %s; %s\n", v.From, answer, c.Why)
	return err
}

// sipPort is where an INVITE comes from unless told otherwise.
const sipPort = 5060

// sourceAddress is an IP address, with a port or without.
type sourceAddress netip.AddrPort

// UnmarshalText reads IP or IP:port.
func (a *sourceAddress) UnmarshalText(text []byte) error {
	if src, err := netip.ParseAddrPort(string(text)); err == nil {
		*a = sourceAddress(src)
		return nil
	}
	addr, err := netip.ParseAddr(string(text))
	if err != nil {
		return fmt.Errorf("%q: an IP address is wanted, or IP:port", text)
	}
	*a = sourceAddress(netip.AddrPortFrom(addr, sipPort))
	return nil
}
