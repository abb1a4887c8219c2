package sip

import "testing"

func TestAUserPartCanNameNoOtherHost(t *testing.T) {
	got, err := WithUser("sip:192.0.2.1:5070;transport=tcp", "+49@evil;x\r\n")
	if want := "sip:+49%40evil%3Bx%0D%0A@192.0.2.1:5070;transport=tcp"; err != nil || got != want {
		t.Fatalf("%q %v, want %q", got, err, want)
	}
	if _, err := WithUser("", "x"); err == nil {
		t.Fatal("an empty URI was taken")
	}
}
