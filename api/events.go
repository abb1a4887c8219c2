package api

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"assent/event"
)

const (
	// maxStreams bounds the streams of events that are open at once.
	maxStreams = 64
	// streamBacklog is how many events may wait for a client that reads slowly;
	// beyond, events are lost to it, and it is told how many.
	streamBacklog = 1024
	// heartbeat keeps proxies from closing a quiet stream, and finds clients that left.
	heartbeat = 15 * time.Second
)

type eventQuery struct {
	Types string `query:"types" maxLength:"1000" doc:"Only these types, by commas; call. is all that begin so" example:"recording.,consent.granted"`
	Call  string `query:"call" maxLength:"64" doc:"Only of this call"`
}

func (q eventQuery) matches(e event.Event) bool {
	if q.Call != "" && q.Call != e.Call {
		return false
	}
	if q.Types == "" {
		return true
	}
	return slices.ContainsFunc(strings.Split(q.Types, ","), func(want string) bool {
		return want == string(e.Type) || strings.HasSuffix(want, ".") && strings.HasPrefix(string(e.Type), want)
	})
}

func (s *Server) eventRoutes(api huma.API) {
	stream := get("stream-events", "/v1/events", "What happens, from now on, as Server-Sent Events")
	stream.Responses = map[string]*huma.Response{"200": {
		Description: "One message an event: its type as event, the event as data. A message `lost` says how many a slow reader missed.",
		Content:     map[string]*huma.MediaType{"text/event-stream": {}},
	}}
	huma.Register(api, stream, s.streamEvents)
}

func (s *Server) streamEvents(_ context.Context, q *eventQuery) (*huma.StreamResponse, error) {
	select {
	case s.streams <- struct{}{}:
	default:
		return nil, huma.Error503ServiceUnavailable(fmt.Sprintf("%d streams of events are open already", maxStreams))
	}
	return &huma.StreamResponse{Body: func(hctx huma.Context) {
		defer func() { <-s.streams }()
		r, w := humago.Unwrap(hctx)
		w.Header().Set("Content-Type", "text/event-stream")
		w.Header().Set("Cache-Control", "no-store")
		s.send(r.Context(), newPatient(w), *q)
	}}, nil
}

// send writes events until the client leaves, ctx ends or the server closes.
func (s *Server) send(ctx context.Context, w *patient, q eventQuery) {
	events := s.deps.Events.Stream(streamBacklog)
	defer events.Close()
	beat := time.NewTicker(heartbeat)
	defer beat.Stop()
	lost, message := uint64(0), []byte(": assent\n\n") // a first byte: the client knows that it listens
	for {
		if message != nil {
			if _, err := w.Write(message); err != nil || w.control.Flush() != nil {
				return
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-s.closing.Done():
			return
		case <-beat.C:
			message = []byte(":\n\n")
		case e := <-events.Events():
			message = nil
			if q.matches(e) {
				message = sse(string(e.Type), e)
			}
		}
		if missed := events.Lost(); missed > lost {
			message = append(sse("lost", map[string]uint64{"events": missed - lost}), message...)
			lost = missed
		}
	}
}

// sse renders one message of a text/event-stream.
func sse(name string, v any) []byte {
	data, err := json.Marshal(v)
	if err != nil {
		return fmt.Appendf(nil, ": an event can't be shown: %q\n\n", err)
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "event: %s\ndata: %s\n\n", name, data)
	return b.Bytes()
}

var _ http.ResponseWriter = (*patient)(nil)
