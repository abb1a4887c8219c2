// Package load is a generator of calls for the benchmark and the soak test: it
// plays the carrier and the agents, sets calls up by real SIP, talks in both
// directions, and knows of each 20 ms frame when it left, whether and when it
// arrived, and where it stands in the recording.
//
// It is built to cost far less than what it measures. All callers share one
// socket for audio and one for signalling, all agents likewise; legs are told
// apart by the port of the service that a packet comes from. One thread sends
// and receives all audio: every millisecond it sends a twentieth of the calls,
// eight at a time (sendmmsg), and takes in what has arrived (recvmmsg); nobody
// sleeps on these sockets, as delays come from the kernel's receive stamps.
//
// It shares no code with the service (RFC 3261, 3264, 3550 and 4733 as far as a
// clean loopback needs them, PCMU only) and runs on Linux.
package load
