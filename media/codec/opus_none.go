//go:build !cgo || !nolibopusfile

package codec

// HasOpus tells whether this build has Opus.
const HasOpus = false

// OpusVersion returns what libopus calls itself: nothing.
func OpusVersion() string { return "" }

// OpusEncoder is of no use in a build without Opus.
type OpusEncoder struct{}

// NewOpusEncoder returns ErrNoOpus.
func NewOpusEncoder(OpusConfig) (*OpusEncoder, error) { return nil, ErrNoOpus }

// Encode returns ErrNoOpus.
func (*OpusEncoder) Encode([]byte, []int16) (int, error) { return 0, ErrNoOpus }

func newOpusDecoder(int) (Decoder, error) { return nil, ErrNoOpus }
