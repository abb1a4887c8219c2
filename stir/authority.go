package stir

import (
	"encoding/asn1"
	"errors"
	"fmt"
	"strconv"
)

// tnAuthList is the extension that says which numbers a certificate is for (RFC
// 8226 section 9).
var tnAuthList = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 1, 26}

// authority is a TNAuthList: for whose numbers a certificate's holder signs.
type authority struct {
	codes   []string // service provider codes; a holder of one signs for any number
	numbers []span
}

// span is a range of numbers of one length.
type span struct {
	digits      int
	first, last uint64
}

// covers reports whether the holder may sign for a number, canonical. Which
// numbers a service provider has is not in its certificate.
func (a authority) covers(tn string) bool {
	if len(a.codes) > 0 {
		return true
	}
	n, err := strconv.ParseUint(tn, 10, 64)
	if err != nil {
		return false
	}
	for _, s := range a.numbers {
		if s.digits == len(tn) && s.first <= n && n <= s.last {
			return true
		}
	}
	return false
}

// parseAuthority reads the extension's value: a SEQUENCE OF CHOICE { spc [0]
// IA5String, range [1] SEQUENCE { start IA5String, count INTEGER }, one [2]
// IA5String }, all tags explicit.
func parseAuthority(der []byte) (a authority, err error) {
	var entries []asn1.RawValue
	if rest, err := asn1.Unmarshal(der, &entries); err != nil || len(rest) > 0 {
		return a, errors.New("the TNAuthList can't be read")
	}
	if len(entries) == 0 || len(entries) > maxNumberRanges {
		return a, fmt.Errorf("the TNAuthList has %d entries", len(entries))
	}
	for _, e := range entries {
		if e.Class != asn1.ClassContextSpecific || !e.IsCompound {
			return a, errors.New("an entry of the TNAuthList can't be read")
		}
		if err := a.add(e.Tag, e.Bytes); err != nil {
			return a, err
		}
	}
	return a, nil
}

func (a *authority) add(kind int, der []byte) error {
	switch kind {
	case 0:
		code, err := ia5(der)
		if err != nil || !providerCode(code) {
			return errors.New("a service provider code of the TNAuthList can't be read")
		}
		a.codes = append(a.codes, code)
	case 1:
		var r struct {
			Start string `asn1:"ia5"`
			Count int64
		}
		if rest, err := asn1.Unmarshal(der, &r); err != nil || len(rest) > 0 || r.Count < 1 {
			return errors.New("a range of the TNAuthList can't be read")
		}
		return a.addSpan(r.Start, uint64(r.Count))
	case 2:
		one, err := ia5(der)
		if err != nil {
			return errors.New("a number of the TNAuthList can't be read")
		}
		return a.addSpan(one, 1)
	default:
		return fmt.Errorf("the TNAuthList has an entry of kind %d", kind)
	}
	return nil
}

// addSpan adds count numbers from start on; those that would need another digit
// are not in it.
func (a *authority) addSpan(start string, count uint64) error {
	tn, ok := TN(start)
	first, err := strconv.ParseUint(tn, 10, 63)
	if !ok || err != nil {
		return errors.New("a number of the TNAuthList has other signs than digits")
	}
	a.numbers = append(a.numbers, span{len(tn), first, first + count - 1}) // both below 2^63
	return nil
}

func ia5(der []byte) (s string, err error) {
	rest, err := asn1.UnmarshalWithParams(der, &s, "ia5")
	if err == nil && len(rest) > 0 {
		err = errors.New("trailing bytes")
	}
	return s, err
}

// providerCode reports whether s can be shown as a service provider code.
func providerCode(s string) bool { return origID(s) && len(s) <= 16 }
