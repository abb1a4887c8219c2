package phone

import (
	"encoding/binary"
	"strings"
)

const (
	keyFrames = 5 // a press lasts 100 ms
	keyGap    = 5 // and rests as long
	keyEnds   = 3 // the last packet is sent three times (RFC 4733 section 2.5.1.4)
	keyVolume = 10
)

// keyPress is one key on its way out, frame by frame.
type keyPress struct {
	key       byte
	timestamp uint32
	step      int
}

type eventPacket struct {
	marker  bool
	payload []byte
}

func (k *keyPress) active() bool { return k.key != 0 && k.step < keyFrames+keyGap }

// packets are those of the current frame, which lasts so many ticks; none while the key rests.
func (k *keyPress) packets(ticks uint32) []eventPacket {
	if k.step >= keyFrames {
		return nil
	}
	end := k.step == keyFrames-1
	payload := []byte{byte(strings.IndexByte("0123456789*#ABCD", k.key)), keyVolume, 0, 0}
	if end {
		payload[1] |= 0x80
	}
	binary.BigEndian.PutUint16(payload[2:], uint16(uint32(k.step+1)*ticks))
	list := []eventPacket{{marker: k.step == 0, payload: payload}}
	if end {
		for len(list) < keyEnds {
			list = append(list, list[0])
		}
	}
	return list
}
