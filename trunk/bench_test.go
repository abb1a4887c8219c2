package trunk

import (
	"fmt"
	"testing"
)

// bigTable has 1,000 trunks with three sources of several lengths each.
func bigTable(t testing.TB) *Table {
	cfg := map[string]Config{}
	for i := range 1000 {
		cfg[fmt.Sprint("t", i)] = trunkOf(
			fmt.Sprintf("10.%d.%d.0/24 172.16.%d.%d:5060 [2001:db8:%x::/48]:5060", i/250, i%250, i/250, i%250, i), "+4980* +4970012345")
	}
	return mustNew(t, cfg, nil)
}

func TestLookupsAllocateNothing(t *testing.T) {
	table := bigTable(t)
	v4, v6, mapped, stranger := from("10.3.9.4:5060"), from("[2001:db8:3::1]:5060"), from("[::ffff:10.3.9.4]:5060"), from("198.51.100.1:5060")
	for name, look := range map[string]func(){
		"known v4":     func() { table.Known(v4) },
		"known v6":     func() { table.Known(v6) },
		"known mapped": func() { table.Known(mapped) },
		"stranger":     func() { table.Known(stranger) },
		"find":         func() { table.index.find(At(v4), Number("+4980012345")) },
		"allows":       func() { table.Allows("t5", v4) },
		"refuse":       func() { table.index.find(At(stranger), "1") },
	} {
		if n := testing.AllocsPerRun(100, look); n != 0 {
			t.Errorf("%s allocates %v times", name, n)
		}
	}
}

func BenchmarkKnown(b *testing.B) {
	table := bigTable(b)
	for name, src := range map[string]string{"trunk": "10.3.9.4:5060", "stranger": "198.51.100.1:5060"} {
		b.Run(name, func(b *testing.B) {
			addr := from(src)
			b.ReportAllocs()
			for b.Loop() {
				table.Known(addr)
			}
		})
	}
}

func BenchmarkAdmit(b *testing.B) {
	table := bigTable(b)
	src := from("10.3.9.4:5060")
	b.ReportAllocs()
	for b.Loop() {
		seat, _ := table.Admit(At(src), "+4980012345", noon)
		seat.Release()
	}
}
