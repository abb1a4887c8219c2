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

func TestTheAddressOfAURIIsThatOfItsHost(t *testing.T) {
	for uri, want := range map[string]string{
		"sip:agent-1@198.51.100.7:5060": "198.51.100.7", "sip:[2001:db8::7]:5060;transport=tcp": "2001:db8::7",
		"sip:agent@pbx.example": "invalid IP", "nonsense": "invalid IP",
	} {
		if got := HostAddr(uri).String(); got != want {
			t.Errorf("%s: %s, want %s", uri, got, want)
		}
	}
}
