package sip_test

import (
	"context"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"go.uber.org/zap"

	"assent/sip"
)

// An endpoint that answers every call from loopback, and one that calls it.
func Example() {
	start := func(invite func(*sip.Invite)) *sip.Endpoint {
		e, err := sip.New(sip.Config{Listen: []string{"udp://127.0.0.1:0"}, DSCP: 24}, sip.Deps{
			Log:    zap.NewNop(),
			Known:  func(src netip.AddrPort) bool { return src.Addr().IsLoopback() },
			Invite: invite,
		})
		if err != nil {
			panic(err)
		}
		if err := e.Start(context.Background()); err != nil {
			panic(err)
		}
		return e
	}
	agent := start(func(i *sip.Invite) {
		fmt.Println("call for", i.Called, "from", i.From.User)
		i.Leg.Listen(func(sip.Event) {}, nil)
		i.Leg.Ring()
		if err := i.Leg.Answer([]byte("v=0\r\n")); err != nil {
			fmt.Println(err)
		}
	})
	caller := start(func(*sip.Invite) {})

	answered, ended := make(chan struct{}), make(chan sip.Ended, 1)
	leg, err := caller.Dial(sip.DialSpec{
		Target: "sip:agent@" + strings.TrimPrefix(agent.Addrs()[0], "udp://"),
		From:   sip.Party{User: "alice"}, Offer: []byte("v=0\r\n"), MaxForwards: 69, Timeout: 5 * time.Second,
	}, func(ev sip.Event) {
		switch e := ev.(type) {
		case sip.Answered:
			close(answered)
		case sip.Ended:
			ended <- e
		}
	})
	if err != nil {
		panic(err)
	}
	<-answered
	leg.Hangup(sip.Cause{Q850: 16})
	fmt.Println("ended by", (<-ended).By)

	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	fmt.Println(caller.Close(ctx), agent.Close(ctx))
	// Output:
	// call for agent from alice
	// ended by local
	// <nil> <nil>
}
