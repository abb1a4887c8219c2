package media

import "time"

// Config is the part `media` of the configuration.
type Config struct {
	// Address is the local IP address where RTP is received.
	Address string `yaml:"address"`
	// PublicAddress is the IP address that stands in SDP where it differs; empty: Address, or the local
	// address from which the peer is reached.
	PublicAddress string `yaml:"public_address"`
	// Ports is the range of the local ports, "20000-29999", both included.
	Ports string `yaml:"ports"`
	// Codecs are offered and accepted in this order: "PCMA", "PCMU", "G722", "opus", "L16"; "CN" is comfort noise.
	Codecs []string `yaml:"codecs"`
	// DSCP marks outgoing RTP and RTCP (RFC 2474); 46 is EF.
	DSCP int `yaml:"dscp"`
	// Drivers is how many loops share the calls; 0 is one for each processor.
	Drivers int `yaml:"drivers"`
	// Jitter bounds how long audio that is sent on in another codec waits for packets that are late.
	Jitter Jitter `yaml:"jitter"`
	// IO is the way to the kernel: IOAuto, IOURing or IOEpoll.
	IO string `yaml:"io"`
}

// Jitter bounds a delay that follows the measured jitter.
type Jitter struct {
	Min time.Duration `yaml:"min"`
	Max time.Duration `yaml:"max"`
}

// Default returns every local address, ports 20000 to 29999, PCMA before PCMU, DSCP 46, the best way to the kernel.
func Default() Config {
	return Config{
		Address: "0.0.0.0", Ports: "20000-29999", Codecs: []string{"PCMA", "PCMU"}, DSCP: 46, IO: IOAuto,
		Jitter: Jitter{defaultJitter.minDelay, defaultJitter.maxDelay},
	}
}
