package queue

import (
	"strings"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// queueOf returns a queue of stations, separated by blanks, without limits.
func queueOf(strategy, stations string) Config {
	return Config{Strategy: strategy, Stations: strings.Fields(stations)}
}

// stationsOf returns stations that take one call each, or as many as "name*n" says.
func stationsOf(names string) map[string]StationConfig {
	stations := map[string]StationConfig{}
	for _, name := range strings.Fields(names) {
		cfg := DefaultStationConfig()
		if before, many, found := strings.Cut(name, "*"); found {
			name, cfg.Calls = before, int(many[0]-'0')
		}
		cfg.Address = "sip:" + name + "@192.0.2.1"
		stations[name] = cfg
	}
	return stations
}

// desk is a board, and the rules that the next call begins with.
type desk struct {
	*Board
	rules Rules
}

// open returns a desk for a configuration.
func open(queues map[string]Config, stations map[string]StationConfig) *desk {
	return &desk{New(queues, stations), Rules{queues, stations}}
}

// board returns a desk with one queue q.
func board(strategy, stations string) *desk {
	return open(map[string]Config{"q": queueOf(strategy, strings.ReplaceAll(stations, "*2", ""))}, stationsOf(stations))
}

// reload replaces the configuration and returns a desk for the calls that begin now;
// d is left to those that began before.
func (d *desk) reload(queues map[string]Config, stations map[string]StationConfig) *desk {
	d.Update(queues, stations)
	return &desk{d.Board, Rules{queues, stations}}
}

func join(t *testing.T, d *desk, queue string) *Ticket {
	t.Helper()
	ticket, err := d.Join(d.rules, queue, "call")
	if err != nil {
		t.Fatal(err)
	}
	return ticket
}

func seize(t *testing.T, d *desk, station string) *Offer {
	t.Helper()
	o, err := d.Seize(d.rules, station)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// wantEmpty fails the test if the board keeps anything.
func wantEmpty(t *testing.T, b *Board) {
	t.Helper()
	if len(b.queues)+len(b.stations)+len(b.waiting) != 0 {
		t.Errorf("left over: %d queues, %d stations, %d callers", len(b.queues), len(b.stations), len(b.waiting))
	}
}

// offered returns the offer that the ticket was just told of.
func offered(t *testing.T, ticket *Ticket) *Offer {
	t.Helper()
	select {
	case e := <-ticket.Events():
		if o, ok := e.(Offered); ok {
			return o.Offer
		}
		t.Fatalf("told %#v, want an offer", e)
	default:
		t.Fatal("told nothing, want an offer")
	}
	return nil
}

// wantStation fails the test unless the ticket was just offered that station.
func wantStation(t *testing.T, ticket *Ticket, station string) *Offer {
	t.Helper()
	o := offered(t, ticket)
	if o.Station() != station {
		t.Fatalf("offered %s, want %s", o.Station(), station)
	}
	return o
}

func wantNothing(t *testing.T, ticket *Ticket) {
	t.Helper()
	select {
	case e := <-ticket.Events():
		t.Fatalf("told %#v, want nothing", e)
	default:
	}
}

func wantFailed(t *testing.T, ticket *Ticket) Failed {
	t.Helper()
	select {
	case e := <-ticket.Events():
		if f, ok := e.(Failed); ok {
			return f
		}
		t.Fatalf("told %#v, want failure", e)
	default:
		t.Fatal("told nothing, want failure")
	}
	return Failed{}
}

func wantAnswered(t *testing.T, o *Offer) {
	t.Helper()
	if !o.Answered() {
		t.Fatalf("the offer of %s did not stand any more", o.Station())
	}
}

func withdrawnNow(o *Offer) bool {
	select {
	case <-o.Withdrawn():
		return true
	default:
		return false
	}
}
