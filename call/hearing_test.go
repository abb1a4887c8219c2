package call

import (
	"testing"

	"assent/media"
)

func TestQuestionCountsAsHeardUnlessSomethingSpeaksAgainstIt(t *testing.T) {
	for name, c := range map[string]struct {
		d    media.Delivery
		hold bool
		want string
	}{
		"no report of the other side":    {media.Delivery{Sent: 200}, false, ""},
		"a good report":                  {media.Delivery{Sent: 200, Reported: 200, Lost: 3, Complete: true}, false, ""},
		"at the threshold":               {media.Delivery{Sent: 200, Reported: 100, Lost: 20}, false, ""},
		"beyond it":                      {media.Delivery{Sent: 200, Reported: 100, Lost: 21}, false, "loss"},
		"the other side hears nothing":   {media.Delivery{Sent: 200, Unheard: 1}, false, "one_way"},
		"it heard nothing at first":      {media.Delivery{Sent: 200, Unheard: 1, Reported: 100}, false, ""},
		"nothing left":                   {media.Delivery{}, false, "not_sent"},
		"held, whatever the report says": {media.Delivery{Sent: 200, Reported: 200}, true, "hold"},
	} {
		n := weigh(c.d, c.hold, 20)
		if n.Why != c.want || n.Heard != (c.want == "") || n.Packets != c.d.Sent {
			t.Errorf("%s: %+v, want %q", name, n, c.want)
		}
	}
	if n := weigh(media.Delivery{Sent: 9, Reported: 9, Lost: 9}, false, 0); !n.Heard {
		t.Errorf("a threshold of 0 asks for nothing: %+v", n)
	}
}
