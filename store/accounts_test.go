package store

import (
	"testing"
	"time"

	"assent/toll"
)

func TestWhatWasSpentIsKeptByPeriod(t *testing.T) {
	s, _ := newStore(t)
	day := time.Date(2026, 11, 25, 0, 0, 0, 0, time.UTC)
	for _, a := range []toll.Account{
		{Owner: "station a", Class: "day *", Period: day, Calls: 1, Minutes: 2},
		{Owner: "station a", Class: "day *", Period: day, Calls: 2, Minutes: 5},
		{Owner: "station a", Class: "day *", Period: day.Add(-24 * time.Hour), Calls: 9},
	} {
		if err := s.PutAccount(t.Context(), a); err != nil {
			t.Fatal(err)
		}
	}
	list, err := s.Accounts(t.Context(), day)
	if err != nil || len(list) != 1 || list[0] != (toll.Account{Owner: "station a", Class: "day *", Period: day, Calls: 2, Minutes: 5}) {
		t.Errorf("%+v, %v", list, err)
	}
	if err := s.PutAccount(t.Context(), toll.Account{Owner: "x", Period: day.Add(60 * 24 * time.Hour)}); err != nil {
		t.Fatal(err)
	}
	if list, _ := s.Accounts(t.Context(), time.Time{}.Add(time.Second)); len(list) != 1 {
		t.Errorf("%+v: periods long over are kept", list)
	}
}
