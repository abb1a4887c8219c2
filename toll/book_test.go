package toll

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var noon = time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)

func station(l Limits) Owner { return Owner{"station agent-1", l} }

func code(r *Refusal) string {
	if r == nil {
		return ""
	}
	return r.Code
}

func TestOnlyAllowedNumbersAreCalledAndNeverBlockedOnes(t *testing.T) {
	b := New(nil, nil)
	o := station(Limits{Allow: []string{"+49*", "112"}, Block: []string{"+49900*"}})
	for number, want := range map[string]string{"+4930": "", "112": "", "+49900123": Blocked, "+44": Blocked, "": Blocked} {
		ticket, refusal := b.Open(number, noon, o)
		if code(refusal) != want {
			t.Errorf("%s: %v, want %q", number, refusal, want)
		}
		ticket.Close()
	}
}

func TestCallsAtOnceAreLimitedForEachOwner(t *testing.T) {
	b := New(nil, nil)
	agent, carrier := station(Limits{Calls: 2}), Owner{"trunk carrier", Limits{Calls: 3}}
	first, _ := b.Open("1", noon, agent, carrier)
	second, _ := b.Open("1", noon, agent, carrier)
	if _, r := b.Open("1", noon, agent, carrier); code(r) != CallsLimit || r.Owner != "station agent-1" {
		t.Error(r)
	}
	third, r := b.Open("1", noon, Owner{Name: "station agent-2"}, carrier)
	if r != nil {
		t.Error(r)
	}
	if _, r := b.Open("1", noon, Owner{Name: "station agent-2"}, carrier); code(r) != CallsLimit || r.Owner != "trunk carrier" {
		t.Error(r)
	}
	for _, ticket := range []*Ticket{first, first, second, third} {
		ticket.Close()
	}
	if len(b.up) != 0 {
		t.Errorf("%v after the end", b.up)
	}
}

func TestABudgetOfCallsIsSpentAndComesBackWithTheNextPeriod(t *testing.T) {
	b := New(nil, nil)
	o := station(Limits{Budgets: []Budget{{Numbers: []string{"+4915*"}, Per: PerHour, Calls: 2}}})
	for range 2 {
		ticket, r := b.Open("+49151", noon, o)
		if r != nil {
			t.Fatal(r)
		}
		ticket.Close()
	}
	if _, r := b.Open("+49151", noon.Add(59*time.Minute), o); code(r) != Spent || r.Limit != "hour +4915*" {
		t.Error(r)
	}
	if _, r := b.Open("+4930", noon, o); r != nil {
		t.Errorf("%v: the number is not of that class", r)
	}
	if _, r := b.Open("+49151", noon.Add(time.Hour), o); r != nil {
		t.Error(r)
	}
}

func TestMinutesAreNeverOverdrawnHoweverManyCallsShareThem(t *testing.T) {
	b := New(nil, nil)
	o := station(Limits{Budgets: []Budget{{Per: PerDay, Minutes: 10}}})
	var calls []*Ticket
	for range 4 {
		ticket, r := b.Open("1", noon, o)
		if r != nil || !ticket.Metered() {
			t.Fatal(r)
		}
		calls = append(calls, ticket)
	}
	bought := 0
	for minute := range 10 {
		for _, c := range calls {
			if c.Minute(noon.Add(time.Duration(minute)*time.Minute)) == nil {
				bought++
			}
		}
	}
	if bought != 10 {
		t.Errorf("%d minutes were talked, of 10", bought)
	}
	if _, r := b.Open("1", noon, o); code(r) != Spent {
		t.Errorf("%v: nothing is left", r)
	}
	if ticket, _ := b.Open("1", noon, Owner{Name: "station free"}); ticket.Metered() {
		t.Error("a call without budget is metered")
	}
}

// shelf is a store in memory.
type shelf struct {
	mu   sync.Mutex
	kept map[key]Account
	fail bool
}

func (s *shelf) Accounts(_ context.Context, since time.Time) (list []Account, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, a := range s.kept {
		if !a.Period.Before(since) {
			list = append(list, a)
		}
	}
	return list, nil
}

func (s *shelf) PutAccount(_ context.Context, a Account) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fail {
		s.fail = false
		return errors.New("disk full")
	}
	s.kept[key{a.Owner, a.Class, a.Period}] = a
	return nil
}

func TestWhatWasSpentOutlivesARestart(t *testing.T) {
	s := &shelf{kept: map[key]Account{}}
	o := station(Limits{Budgets: []Budget{{Per: PerDay, Calls: 1, Minutes: 5}}})
	b := New(s, nil)
	if err := b.Start(t.Context(), noon); err != nil {
		t.Fatal(err)
	}
	ticket, _ := b.Open("1", noon, o)
	if r := ticket.Minute(noon); r != nil {
		t.Fatal(r)
	}
	b.Close()
	again := New(s, nil)
	if err := again.Start(t.Context(), noon.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	if _, r := again.Open("1", noon.Add(time.Hour), o); code(r) != Spent {
		t.Errorf("%v: the day's call was placed before the restart", r)
	}
	if a := s.kept[key{o.Name, "day *", noon.Truncate(24 * time.Hour)}]; a.Calls != 1 || a.Minutes != 1 {
		t.Errorf("%+v", a)
	}
}

func TestAnAccountThatCouldNotBeStoredIsStoredLater(t *testing.T) {
	s := &shelf{kept: map[key]Account{}, fail: true}
	failed := make(chan error, 1)
	b := New(s, func(err error) { failed <- err })
	if err := b.Start(t.Context(), noon); err != nil {
		t.Fatal(err)
	}
	o := station(Limits{Budgets: []Budget{{Per: PerDay, Calls: 9}}})
	ticket, _ := b.Open("1", noon, o)
	ticket.Close()
	<-failed
	b.Close()
	if len(s.kept) != 1 {
		t.Errorf("%+v", s.kept)
	}
}

func TestAccountsOfPeriodsThatAreOverAreForgotten(t *testing.T) {
	b := New(nil, nil)
	o := station(Limits{Budgets: []Budget{{Per: PerHour, Calls: 1000}}})
	for hour := range 100 {
		ticket, _ := b.Open("1", noon.Add(time.Duration(hour)*time.Hour), o)
		ticket.Close()
		clear(b.dirty) // stored
	}
	if len(b.accounts) > 27 {
		t.Errorf("%d accounts are kept", len(b.accounts))
	}
}
