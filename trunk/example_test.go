package trunk_test

import (
	"fmt"
	"net/netip"
	"time"

	"assent/trunk"
)

func ExampleTable_Admit() {
	cfg := trunk.DefaultConfig()
	cfg.Sources, cfg.Numbers, cfg.Flow = []string{"192.0.2.0/24"}, []string{"+4980012345*"}, "consent"
	table, err := trunk.New(map[string]trunk.Config{"carrier-a": cfg}, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	src := netip.MustParseAddrPort("192.0.2.7:5060")
	if seat, refusal := table.Admit(trunk.At(src), "+49-800-12345-67", time.Now()); refusal == nil {
		fmt.Println(seat.Trunk(), seat.Config().Flow)
		seat.Release()
	}
	_, refusal := table.Admit(trunk.At(src), "112", time.Now())
	fmt.Println(refusal)
	fmt.Println(table.Explain(trunk.At(src), "112")[0].Why)
	// Output:
	// carrier-a consent
	// unknown_number: trunk carrier-a
	// source 192.0.2.0/24 matches, but it does not serve 112: its numbers are +4980012345*
}
