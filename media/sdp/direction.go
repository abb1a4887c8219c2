package sdp

// Direction says which way audio flows (RFC 8866 section 6.7). The zero value means SendRecv, as a description that
// says nothing does.
type Direction string

// The four directions.
const (
	SendRecv Direction = "sendrecv"
	SendOnly Direction = "sendonly"
	RecvOnly Direction = "recvonly"
	Inactive Direction = "inactive"
)

// Sends tells whether the side that says d sends.
func (d Direction) Sends() bool { return d == SendRecv || d == SendOnly || d == "" }

// Receives tells whether the side that says d receives.
func (d Direction) Receives() bool { return d == SendRecv || d == RecvOnly || d == "" }

// Reverse returns the same flow as the other side names it.
func (d Direction) Reverse() Direction { return direction(d.Receives(), d.Sends()) }

// And returns what both d and other allow.
func (d Direction) And(other Direction) Direction {
	return direction(d.Sends() && other.Sends(), d.Receives() && other.Receives())
}

func direction(sends, receives bool) Direction {
	switch {
	case sends && receives:
		return SendRecv
	case sends:
		return SendOnly
	case receives:
		return RecvOnly
	}
	return Inactive
}
