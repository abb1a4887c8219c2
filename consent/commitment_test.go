package consent

import (
	"bytes"
	"strings"
	"testing"
)

func TestCommitmentHidesTheNumberAndIsBoundToTheSalt(t *testing.T) {
	const number = "+4980012345"
	salt, other := bytes.Repeat([]byte{1}, 32), bytes.Repeat([]byte{2}, 32)
	c := Commitment(salt, number)
	if strings.Contains(c, number[1:]) {
		t.Errorf("commitment %s shows the number", c)
	}
	if c != Commitment(salt, number) {
		t.Error("the same number and salt give two commitments")
	}
	if c == Commitment(other, number) {
		t.Error("another salt gives the same commitment: who tries all numbers finds the caller")
	}
	if c != Commitment(salt, "+49 (800) 12-345") {
		t.Error("separators change the commitment")
	}
	if c == Commitment(salt, "+4980012346") {
		t.Error("two numbers share a commitment")
	}
}

func TestAnonymousCallerOrErasedSaltHasNoCommitment(t *testing.T) {
	if c := Commitment([]byte("salt"), ""); c != "" {
		t.Errorf("commitment of an anonymous caller is %q", c)
	}
	if c := Commitment(nil, "+4980012345"); c != "" {
		t.Errorf("commitment without a salt is %q", c)
	}
}
