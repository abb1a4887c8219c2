package recorder

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

const (
	// oggHeaderBytes is a page's header without its lacing values (RFC 3533 section 6).
	oggHeaderBytes = 27
	// maxSegments bounds the lacing values of a page, maxSegment the bytes of one.
	maxSegments, maxSegment = 255, 255
	// The flags of a page's header.
	oggContinued, oggFirst, oggLast = 1, 2, 4
	// noGranule says that no packet ends on a page.
	noGranule = ^uint64(0)
)

// oggCRC is the table of the page's checksum: polynomial 0x04c11db7, most
// significant bit first, from zero (RFC 3533 section 6).
var oggCRC = oggTable()

func oggTable() (table [256]uint32) {
	for i := range table {
		r := uint32(i) << 24
		for range 8 {
			if r&(1<<31) != 0 {
				r = r<<1 ^ 0x04c11db7
			} else {
				r <<= 1
			}
		}
		table[i] = r
	}
	return table
}

// oggChecksum returns the checksum of a page whose checksum field is zero.
func oggChecksum(page []byte) (sum uint32) {
	for _, b := range page {
		sum = sum<<8 ^ oggCRC[byte(sum>>24)^b]
	}
	return sum
}

// oggWriter puts packets of one stream on pages. Every packet must fit on a page.
type oggWriter struct {
	// set once
	to     io.Writer
	serial uint32

	sequence uint32
	flags    byte
	lacing   []byte
	body     []byte
	granule  uint64
}

func newOggWriter(to io.Writer, serial uint32) *oggWriter {
	return &oggWriter{to: to, serial: serial, flags: oggFirst, granule: noGranule}
}

// add puts a packet, which ends at granule, on the page; it begins a new page
// where it does not fit.
func (w *oggWriter) add(packet []byte, granule uint64) error {
	need := len(packet)/maxSegment + 1
	if need > maxSegments {
		return fmt.Errorf("ogg: a packet of %d bytes does not fit on a page", len(packet))
	}
	if len(w.lacing)+need > maxSegments {
		if err := w.flush(false); err != nil {
			return err
		}
	}
	for left := len(packet); left >= 0; left -= maxSegment {
		w.lacing = append(w.lacing, byte(min(left, maxSegment)))
	}
	w.body = append(w.body, packet...)
	w.granule = granule
	return nil
}

// flush writes the page, if there is anything on it or it is the last one.
func (w *oggWriter) flush(last bool) error {
	if len(w.lacing) == 0 && !last {
		return nil
	}
	if last {
		w.flags |= oggLast
	}
	le := binary.LittleEndian
	page := make([]byte, 0, oggHeaderBytes+len(w.lacing)+len(w.body))
	page = append(page, "OggS\x00"...)
	page = append(page, w.flags)
	page = le.AppendUint64(page, w.granule)
	page = le.AppendUint32(page, w.serial)
	page = le.AppendUint32(page, w.sequence)
	page = le.AppendUint32(page, 0)
	page = append(page, byte(len(w.lacing)))
	page = append(append(page, w.lacing...), w.body...)
	le.PutUint32(page[22:], oggChecksum(page))
	w.sequence++
	w.flags, w.granule = 0, noGranule
	w.lacing, w.body = w.lacing[:0], w.body[:0]
	_, err := w.to.Write(page)
	return err
}

// oggPage is a page of a stored file.
type oggPage struct {
	flags    byte
	granule  uint64
	serial   uint32
	sequence uint32
	body     []byte // borrowed until the next page
	packets  int    // that end on it
}

// oggReader reads pages of one stream, and believes none that is damaged.
type oggReader struct {
	from io.Reader
	buf  [oggHeaderBytes + maxSegments + maxSegments*maxSegment]byte
}

// errOgg says that a file is no whole Ogg stream.
var errOgg = errors.New("damaged Ogg page")

// next returns the next page, io.EOF behind the last one.
func (r *oggReader) next() (oggPage, error) {
	h := r.buf[:oggHeaderBytes]
	if n, err := io.ReadFull(r.from, h); err != nil {
		if n > 0 && errors.Is(err, io.ErrUnexpectedEOF) {
			err = fmt.Errorf("%w: cut in its header", errOgg)
		}
		return oggPage{}, err
	}
	if string(h[:5]) != "OggS\x00" {
		return oggPage{}, fmt.Errorf("%w: it does not begin with OggS", errOgg)
	}
	segments := int(h[26])
	lacing := r.buf[oggHeaderBytes : oggHeaderBytes+segments]
	if _, err := io.ReadFull(r.from, lacing); err != nil {
		return oggPage{}, fmt.Errorf("%w: cut in its header", errOgg)
	}
	size, packets := 0, 0
	for _, n := range lacing {
		size += int(n)
		if n < maxSegment {
			packets++
		}
	}
	whole := r.buf[:oggHeaderBytes+segments+size]
	if _, err := io.ReadFull(r.from, whole[oggHeaderBytes+segments:]); err != nil {
		return oggPage{}, fmt.Errorf("%w: cut in its body", errOgg)
	}
	le := binary.LittleEndian
	sum := le.Uint32(h[22:])
	le.PutUint32(h[22:], 0)
	if oggChecksum(whole) != sum {
		return oggPage{}, fmt.Errorf("%w: its checksum does not hold", errOgg)
	}
	return oggPage{
		flags: h[5], granule: le.Uint64(h[6:]), serial: le.Uint32(h[14:]), sequence: le.Uint32(h[18:]),
		body: whole[oggHeaderBytes+segments:], packets: packets,
	}, nil
}
