package app_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"assent/api"
	"assent/event"
)

// carrierDesk is a registrar on a socket of its own. It takes every REGISTER as its status says.
type carrierDesk struct {
	t    *testing.T
	conn net.PacketConn
	seen chan string
}

func openCarrier(t *testing.T) *carrierDesk {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	must(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	return &carrierDesk{t: t, conn: conn, seen: make(chan string, 64)}
}

// serve answers each REGISTER with what status returns, until the test ends.
func (c *carrierDesk) serve(status func() string) {
	buffer := make([]byte, 65535)
	for {
		n, from, err := c.conn.ReadFrom(buffer)
		if err != nil {
			return
		}
		request := string(buffer[:n])
		if !strings.HasPrefix(request, "REGISTER ") {
			continue
		}
		c.seen <- request
		answer := "SIP/2.0 " + status() + "\r\n"
		for line := range strings.SplitSeq(request, "\r\n") {
			for _, name := range []string{"Via:", "From:", "To:", "Call-ID:", "CSeq:"} {
				if strings.HasPrefix(line, name) {
					answer += line + "\r\n"
				}
			}
		}
		_, _ = c.conn.WriteTo([]byte(answer+"Expires: 300\r\nContent-Length: 0\r\n\r\n"), from) // asked again where it is lost
	}
}

// next is the next REGISTER that came and has a line.
func (c *carrierDesk) next(with string) string {
	c.t.Helper()
	for {
		select {
		case request := <-c.seen:
			if strings.Contains(request, with) {
				return request
			}
		case <-time.After(patience):
			c.t.Fatalf("no REGISTER with %q came", with)
		}
	}
}

func TestATrunkThatRegistersIsUpAsLongAsItsRegistrationStands(t *testing.T) {
	t.Parallel()
	s := prepare(t)
	c := openCarrier(t)
	status := make(chan string, 1)
	status <- "403 Forbidden"
	go c.serve(func() string {
		select {
		case once := <-status:
			return once
		default:
			return "200 OK"
		}
	})
	s.edit("assent.yaml", "    flow: main\n", fmt.Sprintf("    flow: main\n    register: { server: \"sip:%s\", user: acme, password: \"%s\" }\n", c.conn.LocalAddr(), agentPass))
	s.start()
	first := c.next("Expires: 3600")
	if !strings.Contains(first, "Contact: <sip:acme@"+s.peer.String()+">") {
		t.Errorf("we register as\n%s", first)
	}
	if e := s.saw(event.TrunkDown); e.Trunk != "carrier" || e.Detail != "registration: refused with 403" {
		t.Errorf("%+v", e)
	}
	s.saw(event.TrunkUp)
	_, body := s.get("/v1/trunks")
	var list struct{ Items []api.Trunk }
	must(t, json.Unmarshal([]byte(body), &list))
	if r := list.Items[0].Registration; r == nil || !r.Up || r.Status != 200 || time.Until(r.Until) > 5*time.Minute {
		t.Errorf("%s", body)
	}
	if _, metrics := s.get("/metrics"); !strings.Contains(metrics, "assent_registrations_down 0") {
		t.Error("the metric does not say that all stand")
	}
	s.edit("assent.yaml", "user: acme", "user: other")
	must(t, s.app.Reload())
	for taken, begun := false, false; !taken || !begun; { // each by itself, in any order
		r := c.next("REGISTER")
		taken = taken || strings.Contains(r, "Contact: <sip:acme@") && strings.Contains(r, "Expires: 0")
		begun = begun || strings.Contains(r, "Contact: <sip:other@")
	}
	ctx, done := context.WithTimeout(context.Background(), patience)
	defer done()
	must(t, s.app.Stop(ctx))
	s.app = nil
	c.next("Expires: 0")
}
