package api

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
)

const (
	// maxBody bounds what a request may carry: a reason and a few words.
	maxBody = 64 << 10
	// pageSize and maxPage are how long a list is, and may be.
	pageSize = 50
	maxPage  = 500
	// workTimeout bounds what one request may wait for: a call, the store, a disk.
	workTimeout = 10 * time.Second
)

// v1 returns what serves /v1, and its description.
func (s *Server) v1() (routes, description http.Handler) {
	mux := http.NewServeMux()
	api := humago.New(mux, described(s.deps.Version))
	s.callRoutes(api)
	s.recordRoutes(api)
	s.recordingRoutes(api)
	s.proofRoutes(api)
	s.lineRoutes(api)
	s.stationRoutes(api)
	s.eventRoutes(api)
	mux.Handle("/", elsewhere(mux))
	return mux, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		writeJSON(w, http.StatusOK, api.OpenAPI())
	})
}

// described is the frame of the description: one security scheme for all.
func described(version string) huma.Config {
	cfg := huma.DefaultConfig("assent", version)
	cfg.CreateHooks = nil // no $schema in answers
	cfg.OpenAPIPath, cfg.DocsPath, cfg.SchemasPath = "", "", ""
	cfg.RejectUnknownQueryParameters = true
	cfg.Info.Description = "Control of a running assent: calls, recordings, consents, queues, trunks and events."
	cfg.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		"token": {Type: "http", Scheme: "bearer", Description: "An entry of api.tokens. Without one only loopback may ask."},
	}
	cfg.Security = []map[string][]string{{"token": {}}}
	return cfg
}

// get describes an operation that changes nothing.
func get(id, path, summary string) huma.Operation {
	return operation(http.MethodGet, id, path, summary)
}

// post describes an operation that does something.
func post(id, path, summary string) huma.Operation {
	return operation(http.MethodPost, id, path, summary)
}

func operation(method, id, path, summary string) huma.Operation {
	tag, _, _ := strings.Cut(strings.TrimPrefix(path, "/v1/"), "/")
	return huma.Operation{
		OperationID: id, Method: method, Path: path, Summary: summary, Tags: []string{tag}, MaxBodyBytes: maxBody,
		Errors: []int{http.StatusUnauthorized, http.StatusNotFound, http.StatusServiceUnavailable},
	}
}

// elsewhere answers what no route does: the path is unknown, or the method is.
func elsewhere(mux *http.ServeMux) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var allowed []string
		for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodDelete} {
			other := r.Clone(r.Context())
			other.Method = method
			if _, pattern := mux.Handler(other); pattern != "/" {
				allowed = append(allowed, method)
			}
		}
		if len(allowed) == 0 || slices.Contains(allowed, r.Method) {
			nothing(w, r)
			return
		}
		w.Header().Set("Allow", strings.Join(allowed, ", "))
		problem(w, http.StatusMethodNotAllowed, r.URL.Path+" takes "+strings.Join(allowed, ", "))
	}
}

// Page is how the lists are paged: by a cursor that the page before returned.
type Page struct {
	Limit  int    `query:"limit" minimum:"1" maximum:"500" default:"50" doc:"Length of the page"`
	Cursor string `query:"cursor" maxLength:"64" pattern:"^[0-9A-Za-z_-]*$" doc:"next_cursor of the page before"`
}

// list is one page of a list.
type list[T any] struct {
	Body struct {
		Items      []T    `json:"items"`
		NextCursor string `json:"next_cursor,omitempty" doc:"Absent on the last page"`
	}
}

// paged makes a page of up to limit items out of up to limit+1.
func paged[T any](items []T, limit int, cursor func(T) string) *list[T] {
	l := &list[T]{}
	if len(items) > limit {
		items = items[:limit]
		l.Body.NextCursor = cursor(items[limit-1])
	}
	l.Body.Items = append([]T{}, items...)
	return l
}
