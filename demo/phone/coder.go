package phone

import "fmt"

// Coder is a codec that a phone is lent: by itself it has G.711 and no other.
type Coder struct {
	PayloadType uint8
	RTPMap      string // as SDP says it: "opus/48000/2"
	ClockHz     uint32
	// Encode returns the payload of a frame of 160 samples at 8 kHz.
	Encode func(samples []int16) []byte
	// Decode returns the samples, at 8 kHz, of a payload.
	Decode func(payload []byte) []int16
}

// lend gives the phone a codec in place of its own; nil leaves it.
func (a *Audio) lend(c *Coder) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.coder = c; c != nil {
		a.pt = c.PayloadType
	}
}

// clockHz is the rate of the phone's timestamps; mu is held.
func (a *Audio) clockHz() uint32 {
	if a.coder != nil {
		return a.coder.ClockHz
	}
	return 8000
}

// ticks is the RTP time of a frame; mu is held.
func (a *Audio) ticks() uint32 { return a.clockHz() / 50 }

// rtpmap names the phone's codec as SDP does; mu is held.
func (a *Audio) rtpmap() string {
	if a.coder != nil {
		return a.coder.RTPMap
	}
	return fmt.Sprintf("%s/8000", map[uint8]string{ptPCMU: "PCMU", ptPCMA: "PCMA"}[a.pt])
}

// encode returns the payload of a frame; mu is held.
func (a *Audio) encode(samples []int16) []byte {
	if a.coder != nil {
		return a.coder.Encode(samples)
	}
	return encode(a.pt, samples)
}
