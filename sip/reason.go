package sip

import (
	"strconv"
	"strings"
	"time"
)

// reasonHeader renders c as a Reason header value (RFC 3326), or "" if it has no Q.850 cause.
func reasonHeader(c Cause) string {
	if c.Q850 <= 0 || c.Q850 > 127 {
		return ""
	}
	v := "Q.850;cause=" + strconv.Itoa(c.Q850)
	if c.Text != "" {
		v += ";text=" + quote(c.Text)
	}
	return v
}

// parseQ850 finds the Q.850 cause in the Reason headers of m, 0 if there is none (RFC 3326, section 2).
func parseQ850(m *message) int {
	for _, h := range m.headers {
		if h.name != "reason" {
			continue
		}
		for _, v := range splitList(h.value) {
			proto, params, _ := strings.Cut(v, ";")
			if !strings.EqualFold(strings.TrimSpace(proto), "Q.850") {
				continue
			}
			n, err := strconv.Atoi(strings.TrimSpace(param(params, "cause")))
			if err == nil && n > 0 && n <= 127 {
				return n
			}
		}
	}
	return 0
}

// maxRetryAfter bounds how long a peer may ask to be left alone.
const maxRetryAfter = time.Hour

// retryAfter reads the Retry-After header (RFC 3261 section 20.33), at most maxRetryAfter; 0 if there is none.
func retryAfter(m *message) time.Duration {
	v, _ := m.value("retry-after")
	v = strings.TrimSpace(v)
	if i := strings.IndexFunc(v, func(r rune) bool { return r < '0' || r > '9' }); i >= 0 {
		v = v[:i] // a comment or parameters
	}
	seconds, err := strconv.ParseUint(v, 10, 31)
	if err != nil {
		return 0
	}
	return min(time.Duration(seconds)*time.Second, maxRetryAfter)
}

// param finds the value of a parameter in "a=b;c=d" (case-insensitive name), unquoted.
func param(params, name string) string {
	for _, p := range splitOutside(params, ';') {
		k, v, _ := strings.Cut(p, "=")
		if strings.EqualFold(strings.TrimSpace(k), name) {
			return strings.Trim(strings.TrimSpace(v), `"`)
		}
	}
	return ""
}

// statusText is the reason phrase of a status that we send.
func statusText(status int) string {
	if t, ok := statusTexts[status]; ok {
		return t
	}
	switch status / 100 {
	case 1:
		return "Progress"
	case 2:
		return "OK"
	case 3:
		return "Redirection"
	case 4:
		return "Request Failure"
	case 5:
		return "Server Failure"
	}
	return "Global Failure"
}

var statusTexts = map[int]string{
	100: "Trying", 180: "Ringing", 181: "Call Is Being Forwarded", 182: "Queued", 183: "Session Progress",
	200: "OK", 202: "Accepted", 302: "Moved Temporarily",
	400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found", 405: "Method Not Allowed",
	406: "Not Acceptable", 408: "Request Timeout", 410: "Gone", 413: "Request Entity Too Large",
	415: "Unsupported Media Type", 416: "Unsupported URI Scheme", 420: "Bad Extension",
	421: "Extension Required", 422: "Session Interval Too Small",
	428: "Use Identity Header", 436: "Bad Identity Info", 437: "Unsupported Credential", 438: "Invalid Identity Header", // RFC 8224
	480: "Temporarily Unavailable", 481: "Call/Transaction Does Not Exist", 482: "Loop Detected",
	483: "Too Many Hops", 484: "Address Incomplete", 486: "Busy Here", 487: "Request Terminated",
	488: "Not Acceptable Here", 491: "Request Pending",
	500: "Server Internal Error", 501: "Not Implemented", 502: "Bad Gateway", 503: "Service Unavailable",
	504: "Server Time-out", 505: "Version Not Supported", 513: "Message Too Large",
	600: "Busy Everywhere", 603: "Decline", 604: "Does Not Exist Anywhere", 606: "Not Acceptable",
}
