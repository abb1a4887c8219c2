//go:build race

package media

// raceDetector: the compiler optimises less for it, and the SHA-1 suites' library code allocates once a packet.
const raceDetector = true
