package toll

import (
	"sync"
	"time"

	"assent/numbering"
)

// Codes of refusals.
const (
	Blocked    = "destination_blocked"
	CallsLimit = "outbound_calls_limit"
	Spent      = "outbound_budget"
)

// Refusal says why a call may not be placed, or not go on.
type Refusal struct {
	Code  string // one of the codes above
	Owner string // whose limit it is, as in Owner.Name
	Limit string // the limit, in words
}

// Error implements error.
func (r *Refusal) Error() string { return r.Code + ": " + r.Owner + ": " + r.Limit }

// Owner is a station or a trunk with its limits, as the call's configuration has them.
type Owner struct {
	Name   string // "station agent-1", "trunk carrier-a"
	Limits Limits
}

// Account is one period of one budget, and what was spent in it.
type Account struct {
	Owner, Class   string
	Period         time.Time // its beginning, UTC
	Calls, Minutes int
}

// key finds an account.
type key struct {
	owner, class string
	period       time.Time
}

// Book counts the calls and what they spend. All its methods are safe for concurrent use.
type Book struct {
	store Store // set once; nil keeps nothing
	wake  chan struct{}
	stop  chan struct{}
	done  chan struct{}
	log   func(error)

	// shared, guarded by mu
	mu       sync.Mutex
	up       map[string]int // calls by owner
	accounts map[key]*Account
	dirty    map[key]bool // to be stored
}

// Ticket is one call's leave to be placed. Close ends it.
type Ticket struct {
	book   *Book
	owners []Owner
	number string
	closed bool // guarded by the book's mu
}

// Open takes a place for a call to number at each of the owners, and counts it in their budgets. Exactly one of the
// results is not nil; nothing is taken where it is refused.
func (b *Book) Open(number string, now time.Time, owners ...Owner) (*Ticket, *Refusal) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, o := range owners {
		if r := b.refusal(o, number, now); r != nil {
			return nil, r
		}
	}
	for _, o := range owners {
		b.up[o.Name]++
		for _, budget := range o.budgetsFor(number) {
			b.spend(o, budget, now, 1, 0)
		}
	}
	return &Ticket{book: b, owners: owners, number: number}, nil
}

// refusal needs mu.
func (b *Book) refusal(o Owner, number string, now time.Time) *Refusal {
	no := func(code, limit string) *Refusal { return &Refusal{code, o.Name, limit} }
	l := o.Limits
	switch {
	case numbering.Matches(l.Block, number):
		return no(Blocked, "block")
	case len(l.Allow) > 0 && !numbering.Matches(l.Allow, number):
		return no(Blocked, "allow")
	case l.Calls > 0 && b.up[o.Name] >= l.Calls:
		return no(CallsLimit, "calls")
	}
	for _, budget := range o.budgetsFor(number) {
		if a := b.account(o, budget, now); budget.Calls > 0 && a.Calls >= budget.Calls || budget.Minutes > 0 && a.Minutes >= budget.Minutes {
			return no(Spent, budget.class())
		}
	}
	return nil
}

// budgetsFor are the owner's budgets that a number falls under.
func (o Owner) budgetsFor(number string) (list []Budget) {
	for _, budget := range o.Limits.Budgets {
		if len(budget.Numbers) == 0 || numbering.Matches(budget.Numbers, number) {
			list = append(list, budget)
		}
	}
	return list
}

// account needs mu; it returns an empty one where nothing was spent.
func (b *Book) account(o Owner, budget Budget, now time.Time) Account {
	k := key{o.Name, budget.class(), budget.period(now)}
	if a := b.accounts[k]; a != nil {
		return *a
	}
	return Account{Owner: k.owner, Class: k.class, Period: k.period}
}

// spend needs mu.
func (b *Book) spend(o Owner, budget Budget, now time.Time, calls, minutes int) {
	a := b.account(o, budget, now)
	a.Calls += calls
	a.Minutes += minutes
	k := key{a.Owner, a.Class, a.Period}
	b.accounts[k] = &a
	b.dirty[k] = true
	b.forget(now)
	select {
	case b.wake <- struct{}{}:
	default: // it is on its way
	}
}

// forget needs mu; accounts of periods that are over go, once they are stored.
func (b *Book) forget(now time.Time) {
	for k := range b.accounts {
		if now.Sub(k.period) > 25*time.Hour && !b.dirty[k] {
			delete(b.accounts, k)
		}
	}
}

// Metered reports whether the call has to buy its minutes.
func (t *Ticket) Metered() bool {
	for _, o := range t.owners {
		for _, budget := range o.budgetsFor(t.number) {
			if budget.Minutes > 0 {
				return true
			}
		}
	}
	return false
}

// Minute buys one minute of talk; a refusal says which budget has none left. It is called when the call is answered,
// and at the beginning of each further minute.
func (t *Ticket) Minute(now time.Time) *Refusal {
	b := t.book
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, o := range t.owners {
		for _, budget := range o.budgetsFor(t.number) {
			if a := b.account(o, budget, now); budget.Minutes > 0 && a.Minutes >= budget.Minutes {
				return &Refusal{Spent, o.Name, budget.class()}
			}
		}
	}
	for _, o := range t.owners {
		for _, budget := range o.budgetsFor(t.number) {
			b.spend(o, budget, now, 0, 1)
		}
	}
	return nil
}

// Close gives the call's places back. It may be called repeatedly, and on nil.
func (t *Ticket) Close() {
	if t == nil {
		return
	}
	b := t.book
	b.mu.Lock()
	defer b.mu.Unlock()
	if t.closed {
		return
	}
	t.closed = true
	for _, o := range t.owners {
		if b.up[o.Name]--; b.up[o.Name] <= 0 {
			delete(b.up, o.Name)
		}
	}
}
