package phone

import (
	"context"
	"crypto/md5"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"time"
)

// Login is a user name of digest and its password.
type Login struct{ User, Password string }

// Register registers the phone with a registrar for a while; 0 ends it. A refusal is an error that names the status.
func (p *Phone) Register(ctx context.Context, registrar netip.AddrPort, login Login, life time.Duration) error {
	r := &registration{phone: p, registrar: registrar, id: token() + "@phone", tag: token(), answers: make(chan message, 16)}
	p.mu.Lock()
	p.registrations[r.id] = r
	p.mu.Unlock()
	defer func() {
		p.mu.Lock()
		delete(p.registrations, r.id)
		p.mu.Unlock()
	}()
	final, err := r.ask(ctx, life, "")
	if err == nil && final.status() == 401 {
		var proof string
		if proof, err = login.proof(final.all("www-authenticate"), "REGISTER", r.uri()); err == nil {
			final, err = r.ask(ctx, life, "Authorization: "+proof)
		}
	}
	if err == nil && final.status() != 200 {
		err = fmt.Errorf("refused with %s", strings.TrimPrefix(final.start, "SIP/2.0 "))
	}
	return err
}

// registration is a REGISTER under way.
type registration struct {
	phone     *Phone
	registrar netip.AddrPort
	id, tag   string
	cseq      int
	answers   chan message
}

func (r *registration) uri() string { return "sip:" + r.registrar.String() }

// ask sends one REGISTER, again and again until its answer comes.
func (r *registration) ask(ctx context.Context, life time.Duration, more string) (message, error) {
	r.cseq++
	p := r.phone
	headers := []string{
		"Via: SIP/2.0/UDP " + p.addr.String() + ";branch=z9hG4bK" + token() + ";rport", "Max-Forwards: 70",
		fmt.Sprintf("From: <sip:%s@%s>;tag=%s", p.User, r.registrar, r.tag), fmt.Sprintf("To: <sip:%s@%s>", p.User, r.registrar),
		"Call-ID: " + r.id, fmt.Sprintf("CSeq: %d REGISTER", r.cseq), "Contact: <" + p.URI() + ">",
		fmt.Sprintf("Expires: %d", int(life/time.Second)),
	}
	if more != "" {
		headers = append(headers, more)
	}
	request := render("REGISTER "+r.uri()+" SIP/2.0", headers, "")
	for {
		p.send(request, r.registrar)
		select {
		case m := <-r.answers:
			if n, _ := m.cseq(); n == r.cseq && m.status() >= 200 {
				return m, nil
			}
		case <-time.After(repeat):
		case <-ctx.Done():
			return message{}, fmt.Errorf("no answer to REGISTER: %w", context.Cause(ctx))
		}
	}
}

// proof answers the first challenge of MD5 or SHA-256 (RFC 7616 section 3.4).
func (l Login) proof(challenges []string, method, uri string) (string, error) {
	for _, text := range challenges {
		sum, algorithm := md5Hex, param(text, "algorithm")
		switch strings.ToUpper(algorithm) {
		case "SHA-256":
			sum = sha256Hex
		case "MD5", "":
		default:
			continue
		}
		realm, nonce, ours := param(text, "realm"), param(text, "nonce"), token()
		response := sum(strings.Join([]string{sum(l.User + ":" + realm + ":" + l.Password), nonce, "00000001", ours, "auth", sum(method + ":" + uri)}, ":"))
		return fmt.Sprintf(`Digest username=%q, realm=%q, nonce=%q, uri=%q, response=%q, algorithm=%s, cnonce=%q, qop=auth, nc=00000001`,
			l.User, realm, nonce, uri, response, algorithm, ours), nil
	}
	return "", errors.New("no challenge of MD5 or SHA-256")
}

func md5Hex(s string) string    { return fmt.Sprintf("%x", md5.Sum([]byte(s))) }
func sha256Hex(s string) string { return fmt.Sprintf("%x", sha256.Sum256([]byte(s))) }

// param is a parameter of a challenge, "" if it has none of that name.
func param(challenge, name string) string {
	for part := range strings.SplitSeq(strings.TrimPrefix(challenge, "Digest "), ",") {
		if key, value, _ := strings.Cut(strings.TrimSpace(part), "="); strings.EqualFold(key, name) {
			return strings.Trim(value, `"`)
		}
	}
	return ""
}
