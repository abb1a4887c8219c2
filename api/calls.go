package api

import (
	"context"
	"encoding/json"
	"reflect"

	"github.com/danielgtaylor/huma/v2"

	"assent/audit"
	"assent/call"
	"assent/ladder"
)

// Calls are the running calls, and what may be done with them. An id is the
// call's, or that of its recording; by is the name of who asks.
type Calls interface {
	Views() []call.View
	View(id string) (call.View, bool)
	Change(ctx context.Context, by, action, id string) (call.View, error)
	// Trace is what was said in SIP in a call that runs, or ended of late; its phone numbers are masked unless asked for.
	Trace(ctx context.Context, by, id string, numbers bool) (ladder.Trace, error)
}

type callID struct {
	ID string `path:"id" maxLength:"64" doc:"The call's id, or that of its recording"`
}

type runningCalls struct {
	Page
	Trunk   string `query:"trunk" doc:"Only of this trunk"`
	Queue   string `query:"queue" doc:"Only in this queue"`
	Station string `query:"station" doc:"Only with this station"`
}

func (q runningCalls) matches(v call.View) bool {
	return (q.Trunk == "" || q.Trunk == v.Trunk) && (q.Queue == "" || q.Queue == v.Queue) &&
		(q.Station == "" || q.Station == v.Station) && v.ID > q.Cursor
}

type oneCall struct{ Body call.View }

func (s *Server) callRoutes(api huma.API) {
	huma.Register(api, get("list-calls", "/v1/calls", "The calls that run, oldest first"), s.listCalls)
	huma.Register(api, get("show-call", "/v1/calls/{id}", "A call that runs"), s.showCall)
	trace := get("trace-call", "/v1/calls/{id}/trace", "What was said in SIP in a call that runs, or ended of late; each time is written down")
	trace.Responses = map[string]*huma.Response{"200": {Description: "The messages of all legs in the order of time; as text with a drawing of them",
		Content: map[string]*huma.MediaType{"application/json": {Schema: api.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[ladder.Trace](), true, "Trace")}, "text/plain": {}}}}
	huma.Register(api, trace, s.traceCall)
	for _, action := range []struct{ word, summary string }{
		{audit.Hangup, "End a call"},
		{audit.Pause, "Pause its recording, as before card data is told; ends by itself after control.pause_timeout"},
		{audit.Resume, "Resume its recording"},
		{audit.Withdraw, "Take the caller's consent back"},
		{audit.Grant, "Enter a consent that the caller gave to the agent"},
	} {
		huma.Register(api, post(action.word+"-call", "/v1/calls/{id}/"+action.word, action.summary), func(ctx context.Context, q *callID) (*oneCall, error) {
			return s.changeCall(ctx, action.word, q.ID)
		})
	}
}

func (s *Server) listCalls(_ context.Context, q *runningCalls) (*list[call.View], error) {
	var items []call.View
	for _, v := range s.deps.Calls.Views() {
		if q.matches(v) && len(items) <= q.Limit {
			items = append(items, v)
		}
	}
	return paged(items, q.Limit, func(v call.View) string { return v.ID }), nil
}

func (s *Server) showCall(_ context.Context, q *callID) (*oneCall, error) {
	v, ok := s.deps.Calls.View(q.ID)
	if !ok {
		return nil, failed(call.ErrNoCall)
	}
	return &oneCall{v}, nil
}

func (s *Server) changeCall(ctx context.Context, action, id string) (*oneCall, error) {
	ctx, end := context.WithTimeout(ctx, workTimeout)
	defer end()
	v, err := s.deps.Calls.Change(ctx, who(ctx), action, id)
	if err != nil {
		return nil, failed(err)
	}
	return &oneCall{v}, nil
}

type traceQuery struct {
	ID      string `path:"id" maxLength:"512" doc:"The call's id, or the Call-ID of one of its legs"`
	Format  string `query:"format" enum:"json,text" default:"json" doc:"text is to be read here, and sent to a carrier"`
	Numbers bool   `query:"numbers" doc:"Show phone numbers; else they are masked"`
}

// drawn is an answer in a form of its own.
type drawn struct {
	ContentType  string `header:"Content-Type"`
	CacheControl string `header:"Cache-Control"`
	Body         []byte
}

// traceCall hands out what was said. Keys, credentials and digits are not in it, whoever asks.
func (s *Server) traceCall(ctx context.Context, q *traceQuery) (*drawn, error) {
	ctx, end := context.WithTimeout(ctx, workTimeout)
	defer end()
	t, err := s.deps.Calls.Trace(ctx, who(ctx), q.ID, q.Numbers)
	if err != nil {
		return nil, failed(err)
	}
	if q.Format == "text" {
		return &drawn{"text/plain; charset=utf-8", "no-store", []byte(t.Draw())}, nil
	}
	body, err := json.Marshal(t)
	return &drawn{"application/json", "no-store", body}, failed(err)
}
