package configs

import (
	"strings"

	"assent/source"
)

// notYet reports what the configuration may say, and this version can't do: better
// refused than ignored.
func (l *loader) notYet() source.Problems {
	var ps source.Problems
	add := func(n *source.Node, msg, want string) {
		ps = append(ps, n.Problem(msg+", which this version does not have", want))
	}
	texts(l.doc.Find("sip.listen"), func(n *source.Node, text string) {
		if notYetListen(text) {
			add(n, "tls needs certificates", "use udp:// or tcp://")
		}
	})
	texts(l.doc.Find("store"), func(n *source.Node, text string) {
		if notYetStore(text) {
			add(n, "the URL needs PostgreSQL", "use sqlite:PATH")
		}
	})
	return append(append(ps, l.notYetTrunks()...), l.notYetStations()...)
}

func (l *loader) notYetTrunks() source.Problems {
	var ps source.Problems
	inEntries(l.doc.Find("trunks"), func(t *source.Node) {
		texts(t.Child("sources"), func(n *source.Node, text string) {
			if strings.HasPrefix(text, "certificate") {
				ps = append(ps, n.Problem("trunks that authenticate by certificate need what this version does not have", "write the IP address or the network that calls come from, or digest"))
			}
		})
		texts(t.Child("gateways"), func(n *source.Node, text string) { ps = append(ps, tlsURI(n, text)...) })
		if gateways := t.Child("gateways"); gateways != nil {
			for _, g := range gateways.Items() {
				texts(g.Child("address"), func(n *source.Node, text string) { ps = append(ps, tlsURI(n, text)...) })
			}
		}
	})
	return ps
}

func (l *loader) notYetStations() source.Problems {
	var ps source.Problems
	inEntries(l.doc.Find("stations"), func(s *source.Node) {
		texts(s.Child("address"), func(n *source.Node, text string) { ps = append(ps, tlsURI(n, text)...) })
	})
	return ps
}

// tlsURI reports an address that is dialled by TLS.
func tlsURI(n *source.Node, uri string) source.Problems {
	uri = strings.ToLower(uri)
	if !strings.HasPrefix(uri, "sips:") && !strings.Contains(uri, "transport=tls") {
		return nil
	}
	return source.Problems{n.Problem("tls needs certificates, which this version does not have", "use sip: with UDP, or ;transport=tcp")}
}

func notYetListen(text string) bool { return strings.HasPrefix(text, "tls://") }

func notYetStore(text string) bool {
	return strings.HasPrefix(text, "postgres://") || strings.HasPrefix(text, "postgresql://")
}

// texts calls f for a single value, or for each of a list's.
func texts(n *source.Node, f func(n *source.Node, text string)) {
	if n == nil {
		return
	}
	if text, ok := n.Scalar(); ok {
		f(n, text)
	}
	for _, item := range n.Items() {
		if text, ok := item.Scalar(); ok {
			f(item, text)
		}
	}
}

// inEntries calls f for each entry of a map of names.
func inEntries(n *source.Node, f func(entry *source.Node)) {
	if n == nil {
		return
	}
	for _, key := range n.Keys() {
		f(n.Child(key.Name))
	}
}
