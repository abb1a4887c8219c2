package event_test

import (
	"fmt"

	"assent/event"
)

func ExampleBus() {
	bus, record := event.New(), event.NewFolder()
	defer bus.Subscribe(record.Add)()
	bus.Publish(event.Event{Type: event.CallStarted, From: "+4930123456"})
	bus.Publish(event.Event{Type: event.ConsentDeclined, Consent: &event.Consent{Method: "rfc4733"}})
	bus.Publish(event.Event{Type: event.CallEnded, By: event.ByCaller})
	cdr := record.CDR()
	fmt.Println(event.Mask(cdr.From), cdr.Consent.State, cdr.Ending.By, cdr.Recording.Result)
	// Output: +49…56 declined caller none
}
