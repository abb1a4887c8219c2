package media

import "runtime"

// ProbeURing returns nil where this system lets a driver use io_uring, else why not.
func ProbeURing() error {
	n, err := newNudge()
	if err != nil {
		return err
	}
	defer n.close()
	result := make(chan error, 1)
	go func() { // a ring belongs to a thread, which need not be the caller's
		u, err := openURing(n)
		if err == nil {
			u.close()
		}
		runtime.KeepAlive(u) // the kernel may write to it until it is closed
		result <- err
	}()
	return <-result
}

// PortRange returns the first and the last of Ports.
func (c Config) PortRange() (first, last uint16, err error) { return parsePorts(c.Ports) }
