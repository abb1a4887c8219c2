package sip

import (
	"net/netip"
	"sync"
)

// dialled are the addresses that we have called and that may answer though nobody lists them as a source: stations.
// They may speak in their dialogs and open none.
type dialled struct {
	screen *screen // set once: it lets them through

	mu sync.RWMutex
	n  map[netip.Addr]int
}

func (d *dialled) has(a netip.Addr) bool {
	d.mu.RLock()
	defer d.mu.RUnlock()
	return d.n[a] > 0
}

func (d *dialled) add(a netip.Addr) {
	d.mu.Lock()
	d.n[a]++
	d.mu.Unlock()
	d.screen.admit(a, d.has)
}

func (d *dialled) remove(a netip.Addr) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.n[a]--; d.n[a] <= 0 {
		delete(d.n, a)
	}
}
