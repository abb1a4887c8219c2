package load

// muLaw maps 16-bit samples back to the PCMU byte that they were decoded from
// (ITU-T G.711); others map to 0xff, silence.
var muLaw = func() *[65536]byte {
	table := new([65536]byte)
	for i := range table {
		table[i] = 0xff
	}
	for code := range 256 {
		table[uint16(linear(byte(code)))] = byte(code)
	}
	return table
}()

// linear decodes one PCMU byte.
func linear(code byte) int16 {
	code = ^code
	magnitude := (int(code&15)<<3+132)<<(code>>4&7) - 132
	if code&0x80 != 0 {
		return int16(-magnitude)
	}
	return int16(magnitude)
}
