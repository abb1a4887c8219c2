package media

import (
	"runtime"
	"sync"
)

// brought are the processors that the engines of this process have brought to the runtime. A busy driver keeps its
// processor while it naps, as a thread of its own would; the rest of the program has as many as without media, and one
// more: where none is idle, the runtime's monitor takes the processor of whoever waits for the disk, and stays awake at
// 20 µs for it, for a twelfth of all CPU time with 400 recorded calls.
var brought processors

// processors counts what was added to the runtime's number of them (GOMAXPROCS).
type processors struct {
	mu sync.Mutex
	n  int
}

// others returns how many there are without those that were added.
func (p *processors) others() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return max(runtime.GOMAXPROCS(0)-p.n, 1)
}

// add adds n, or takes them back.
func (p *processors) add(n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	runtime.GOMAXPROCS(max(runtime.GOMAXPROCS(0)+n, 1))
	p.n += n
}
