package consent

import (
	"bytes"
	"fmt"
	"hash/crc32"
	"slices"
	"testing"
	"time"
)

// FuzzParseLine puts a right checksum behind anything: a line that is taken must be the one form of what it says.
func FuzzParseLine(f *testing.F) {
	for _, line := range lines(readFile(f, filled(f, 2))) {
		f.Add(line[:len(line)-1-crcLen])
	}
	f.Add([]byte(`{"v":1,"index":0`))
	f.Add([]byte(``))
	f.Fuzz(func(t *testing.T, body []byte) {
		if _, err := parseLine(body); err == nil {
			return // it brought a checksum of its own
		}
		line := fmt.Appendf(nil, `%s%s%08x"}`, body, crcField, crc32.Checksum(body, castagnoli))
		e, err := parseLine(line)
		if err != nil {
			return
		}
		again := appendLine(nil, e.index, e.prev, Entry{Type: e.typ, Call: e.call, Time: e.time}, e.data)
		if !bytes.Equal(again, append(slices.Clone(line), '\n')) {
			t.Errorf("%q was taken, and would be written as %q", line, again)
		}
	})
}

// FuzzEveryAcceptedEntryCanBeReadBack keeps the writer from writing what the reader refuses.
func FuzzEveryAcceptedEntryCanBeReadBack(f *testing.F) {
	f.Add("01JDCALL", "consent_question", int64(1_795_000_000_000))
	f.Add("a\"\\\n<&>\u2028\x00é", "\xff\n", int64(0))
	f.Add("\xff", "", int64(-1))
	f.Add("c", "", int64(1)<<52)
	f.Fuzz(func(t *testing.T, call, prompt string, ms int64) {
		e := Entry{Type: TypeConsent, Call: call, Time: time.UnixMilli(ms), Data: ConsentData{State: "granted", Prompt: prompt}}
		data, err := e.encode()
		if err != nil {
			return
		}
		line := appendLine(nil, 7, genesis, e, data)
		if bytes.Count(line, []byte("\n")) != 1 {
			t.Fatalf("%q is not one line", line)
		}
		got, err := parseLine(line[:len(line)-1])
		if err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		if got.call != call || got.index != 7 || got.prev != genesis || !got.time.Equal(e.Time) {
			t.Errorf("%q came back as %+v", line, got)
		}
	})
}
