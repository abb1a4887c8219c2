package sockfilter

import (
	"encoding/binary"
	"net/netip"
	"slices"

	"golang.org/x/net/bpf"
)

const (
	// maxProgram is the longest program that the kernel takes (BPF_MAXINSNS).
	maxProgram = 4096
	// networkHeader is where a filter finds the IP header, whatever its socket sees as the packet (SKF_NET_OFF).
	networkHeader = 0xfff00000
)

// Offsets in IP headers (RFC 791, RFC 8200).
const (
	source4 = 12
	source6 = 8
)

var (
	take = bpf.RetConstant{Val: 0xffffffff}
	drop = bpf.RetConstant{}
)

// compile makes the program that takes packets from networks and drops all others; header is where the IP header lies.
// Networks that are too many are widened until they fit.
func compile(networks []netip.Prefix, header uint32) []bpf.Instruction {
	for {
		four, six := split(networks)
		v4, v6 := tree(ranges(four), header), chain(six, header)
		program := append([]bpf.Instruction{
			bpf.LoadAbsolute{Off: header, Size: 1},
			bpf.ALUOpConstant{Op: bpf.ALUOpShiftRight, Val: 4},
			bpf.JumpIf{Cond: bpf.JumpEqual, Val: 6, SkipTrue: 1},
			bpf.Jump{Skip: uint32(len(v6))},
		}, v6...)
		program = append(program, v4...)
		if len(program) <= maxProgram {
			return program
		}
		networks = widened(networks)
	}
}

// split sorts networks by family, without those that lie in another.
func split(networks []netip.Prefix) (four, six []netip.Prefix) {
	networks = slices.Clone(networks)
	slices.SortFunc(networks, func(a, b netip.Prefix) int { return a.Bits() - b.Bits() })
	for _, n := range networks {
		list := &six
		if n.Addr().Is4() {
			list = &four
		}
		if !slices.ContainsFunc(*list, func(wider netip.Prefix) bool { return wider.Contains(n.Addr()) }) {
			*list = append(*list, n.Masked())
		}
	}
	return four, six
}

// widened makes each network twice as large, but for those that are everything.
func widened(networks []netip.Prefix) []netip.Prefix {
	out := make([]netip.Prefix, len(networks))
	for i, n := range networks {
		out[i] = netip.PrefixFrom(n.Addr(), max(n.Bits()-1, 0)).Masked()
	}
	return out
}

// span is a range of IPv4 addresses, both ends included.
type span struct{ low, high uint32 }

// ranges returns the addresses of networks that do not overlap, in order; neighbours are one.
func ranges(networks []netip.Prefix) []span {
	var out []span
	slices.SortFunc(networks, func(a, b netip.Prefix) int { return a.Addr().Compare(b.Addr()) })
	for _, n := range networks {
		a := n.Addr().As4()
		low := binary.BigEndian.Uint32(a[:])
		high := low | uint32(1<<(32-n.Bits())-1)
		if last := len(out) - 1; last >= 0 && out[last].high+1 == low {
			out[last].high = high
			continue
		}
		out = append(out, span{low, high})
	}
	return out
}

// tree takes an IPv4 source in one of spans, by halving them.
func tree(spans []span, header uint32) []bpf.Instruction {
	return append([]bpf.Instruction{bpf.LoadAbsolute{Off: header + source4, Size: 4}}, halves(spans)...)
}

func halves(spans []span) []bpf.Instruction {
	switch len(spans) {
	case 0:
		return []bpf.Instruction{drop}
	case 1:
		return []bpf.Instruction{
			bpf.JumpIf{Cond: bpf.JumpGreaterOrEqual, Val: spans[0].low, SkipFalse: 2},
			bpf.JumpIf{Cond: bpf.JumpGreaterThan, Val: spans[0].high, SkipTrue: 1},
			take,
			drop,
		}
	}
	middle := len(spans) / 2
	below, above := halves(spans[:middle]), halves(spans[middle:])
	program := []bpf.Instruction{
		bpf.JumpIf{Cond: bpf.JumpGreaterOrEqual, Val: spans[middle].low, SkipFalse: 1},
		bpf.Jump{Skip: uint32(len(below))}, // further than a condition can
	}
	return append(append(program, below...), above...)
}

// chain takes an IPv6 source in one of networks, by asking for one after the other, a word of 32 bits at a time.
func chain(networks []netip.Prefix, header uint32) []bpf.Instruction {
	var program []bpf.Instruction
	for _, n := range networks {
		program = append(program, within(n, header)...)
	}
	return append(program, drop)
}

func within(n netip.Prefix, header uint32) []bpf.Instruction {
	a := n.Addr().As16()
	var program []bpf.Instruction
	for word := 0; word*32 < n.Bits(); word++ {
		program = append(program, bpf.LoadAbsolute{Off: header + source6 + uint32(4*word), Size: 4})
		if rest := n.Bits() - 32*word; rest < 32 {
			program = append(program, bpf.ALUOpConstant{Op: bpf.ALUOpAnd, Val: ^uint32(0) << (32 - rest)})
		}
		program = append(program, bpf.JumpIf{Cond: bpf.JumpEqual, Val: binary.BigEndian.Uint32(a[4*word:])})
	}
	for i, step := range program { // who differs goes on behind the whole
		if jump, ok := step.(bpf.JumpIf); ok {
			jump.SkipFalse = uint8(len(program) - i)
			program[i] = jump
		}
	}
	return append(program, take)
}
