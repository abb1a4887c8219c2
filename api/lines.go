package api

import (
	"context"
	"errors"

	"github.com/danielgtaylor/huma/v2"
)

// Lines tells what stands at both ends of calls, as it is now.
type Lines interface {
	Queues() []Queue
	Trunks() []Trunk
	// Drain makes a trunk take no new calls, or take them again; it returns ErrNoTrunk if there is none.
	Drain(ctx context.Context, by, trunk string, on bool) (Trunk, error)
}

// ErrNoTrunk says that no trunk has that name.
var ErrNoTrunk = errors.New("there is no such trunk")

// Queue is a queue and who waits in it.
type Queue struct {
	Name       string    `json:"name"`
	Strategy   string    `json:"strategy"`
	Recording  bool      `json:"recording" doc:"Whether its rule wants callers recorded"`
	Waiting    int       `json:"waiting" doc:"Callers without an answer"`
	MaxWaiting int       `json:"max_waiting" doc:"0 is without limit"`
	Stations   []Station `json:"stations"`
}

// Station is a station of a queue.
type Station struct {
	Name  string `json:"name"`
	Taken int    `json:"taken" doc:"Calls that it has, ringing ones included"`
	Calls int    `json:"calls" doc:"Calls that it takes at once"`
}

// Trunk is a trunk and the calls on it.
type Trunk struct {
	Name      string `json:"name"`
	Flow      string `json:"flow"`
	Recording bool   `json:"recording" doc:"Whether its calls may be recorded"`
	Consent   string `json:"consent" enum:"required,not_required"`
	Calls     int    `json:"calls"`
	MaxCalls  int    `json:"max_calls" doc:"0 is without limit"`
	Draining  bool   `json:"draining" doc:"Whether it takes no new calls"`
}

type nothingAsked struct{}

func (s *Server) lineRoutes(api huma.API) {
	huma.Register(api, get("list-queues", "/v1/queues", "The queues, with who waits"), func(context.Context, *nothingAsked) (*list[Queue], error) {
		queues := s.deps.Lines.Queues()
		return paged(queues, len(queues), nil), nil
	})
	huma.Register(api, get("list-trunks", "/v1/trunks", "The trunks, with their calls"), func(context.Context, *nothingAsked) (*list[Trunk], error) {
		trunks := s.deps.Lines.Trunks()
		return paged(trunks, len(trunks), nil), nil
	})
	for word, on := range map[string]bool{"drain": true, "undrain": false} {
		summary := map[bool]string{true: "Take no new calls on a trunk; those that are up go on", false: "Take calls on it again"}[on]
		huma.Register(api, post(word+"-trunk", "/v1/trunks/{name}/"+word, summary), func(ctx context.Context, q *trunkName) (*oneTrunk, error) {
			trunk, err := s.deps.Lines.Drain(ctx, who(ctx), q.Name, on)
			if err != nil {
				return nil, failed(err)
			}
			return &oneTrunk{trunk}, nil
		})
	}
}

type trunkName struct {
	Name string `path:"name" maxLength:"64" doc:"The trunk's name"`
}

type oneTrunk struct{ Body Trunk }
