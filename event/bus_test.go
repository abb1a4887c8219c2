package event

import (
	"slices"
	"sync"
	"sync/atomic"
	"testing"
)

func TestSubscribersAreCalledInTheirOrder(t *testing.T) {
	b := New()
	var heard []string
	for _, name := range []string{"first", "second", "third"} {
		b.Subscribe(func(e Event) { heard = append(heard, name+" "+string(e.Type)) })
	}
	b.Publish(Event{Type: CallStarted})
	b.Publish(Event{Type: CallEnded})
	want := []string{"first call.started", "second call.started", "third call.started", "first call.ended", "second call.ended", "third call.ended"}
	if !slices.Equal(heard, want) {
		t.Errorf("%v", heard)
	}
}

func TestCancelledSubscriberIsNotCalled(t *testing.T) {
	b := New()
	count := 0
	keep := func(Event) { count++ }
	b.Subscribe(keep)
	cancel := b.Subscribe(keep)
	cancel()
	cancel()
	b.Publish(Event{Type: CallStarted})
	if count != 1 {
		t.Errorf("called %d times", count)
	}
}

func TestSubscriberMayPublishSubscribeAndCancel(t *testing.T) {
	b := New()
	var heard []Type
	var cancel func()
	cancel = b.Subscribe(func(e Event) {
		heard = append(heard, e.Type)
		if e.Type == CallStarted {
			cancel()
			b.Subscribe(func(e Event) { heard = append(heard, "again "+e.Type) })
			b.Publish(Event{Type: CallEnded})
		}
	})
	b.Publish(Event{Type: CallStarted})
	if want := []Type{CallStarted, "again call.ended"}; !slices.Equal(heard, want) {
		t.Errorf("%v, want %v", heard, want)
	}
}

func TestSlowReaderLosesEventsAndIsCounted(t *testing.T) {
	b := New()
	slow, quick := b.Stream(2), b.Stream(10)
	for range 5 {
		b.Publish(Event{Type: CallStarted})
	}
	if slow.Lost() != 3 || quick.Lost() != 0 || len(slow.Events()) != 2 || len(quick.Events()) != 5 {
		t.Errorf("slow lost %d of 5, quick lost %d", slow.Lost(), quick.Lost())
	}
	slow.Close()
	slow.Close()
	b.Publish(Event{Type: CallEnded})
	if slow.Lost() != 3 {
		t.Error("a closed stream goes on losing")
	}
	read := 0
	for range slow.Events() {
		read++
	}
	if read != 2 {
		t.Errorf("read %d events from the closed stream", read)
	}
}

func TestBusServesManyPublishersWhileSubscribersComeAndGo(t *testing.T) {
	b := New()
	var heard atomic.Int64
	b.Subscribe(func(Event) { heard.Add(1) })
	const publishers, each = 8, 200
	var wg sync.WaitGroup
	for range publishers {
		wg.Go(func() {
			for range each {
				b.Publish(Event{Type: CallStarted})
			}
		})
		wg.Go(func() {
			for range each {
				s := b.Stream(1)
				s.Close()
			}
		})
	}
	wg.Wait()
	if heard.Load() != publishers*each {
		t.Errorf("heard %d of %d", heard.Load(), publishers*each)
	}
	if left := len(*b.subscribers.Load()); left != 1 {
		t.Errorf("%d subscribers are left", left)
	}
}

func BenchmarkPublish(b *testing.B) {
	bus := New()
	for range 4 {
		bus.Subscribe(func(Event) {})
	}
	b.ReportAllocs()
	for b.Loop() {
		bus.Publish(Event{Type: CallStarted})
	}
}
