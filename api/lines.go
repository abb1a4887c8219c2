package api

import (
	"context"
	"errors"
	"time"

	"github.com/danielgtaylor/huma/v2"
)

// Lines tells what stands at both ends of calls, as it is now.
type Lines interface {
	Queues() []Queue
	Trunks() []Trunk
	Stations() []StationState
	// Drain makes a trunk take no new calls, or take them again; it returns ErrNoTrunk if there is none.
	Drain(ctx context.Context, by, trunk string, on bool) (Trunk, error)
	// Ping asks the trunk's gateways now; it returns ErrNoTrunk if there is none, or if it has no gateways.
	Ping(ctx context.Context, trunk string) ([]Gateway, error)
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
	// Gateways are where its calls leave by, as they were seen last.
	Gateways []Gateway `json:"gateways"`
	// Registration is how we are registered with the carrier.
	Registration *Registration `json:"registration,omitempty" doc:"How we are registered with the carrier; missing where we don't register"`
}

// Registration is how we are registered with a carrier.
type Registration struct {
	Server string    `json:"server"`
	Up     bool      `json:"up"`
	Status int       `json:"status" doc:"SIP status of the last answer; 0 before the first"`
	Until  time.Time `json:"until,omitzero" doc:"When it would end"`
}

// Gateway is where calls that leave by a trunk go.
type Gateway struct {
	Address    string    `json:"address"`
	State      string    `json:"state" enum:"unknown,up,down" doc:"By the last probes"`
	Status     int       `json:"status" doc:"SIP status of the last answer; 0: none came"`
	RTTMS      float64   `json:"rtt_ms" doc:"How long it took"`
	RestsUntil time.Time `json:"rests_until,omitzero" doc:"It gets no calls until then, unless all others fail"`
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
	s.pingRoute(api)
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

// pingTimeout is longer than a gateway needs to be silent, and shorter than a response may take.
const pingTimeout = 25 * time.Second

func (s *Server) pingRoute(api huma.API) {
	huma.Register(api, post("ping-trunk", "/v1/trunks/{name}/ping", "Ask a trunk's gateways by OPTIONS, now"), func(ctx context.Context, q *trunkName) (*list[Gateway], error) {
		ctx, done := context.WithTimeout(ctx, pingTimeout)
		defer done()
		gateways, err := s.deps.Lines.Ping(ctx, q.Name)
		if err != nil {
			return nil, failed(err)
		}
		return paged(gateways, len(gateways), nil), nil
	})
}

type trunkName struct {
	Name string `path:"name" maxLength:"64" doc:"The trunk's name"`
}

type oneTrunk struct{ Body Trunk }
