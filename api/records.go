package api

import (
	"context"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"assent/event"
	"assent/store"
)

// Records are what calls left in the store; *store.Store has them.
type Records interface {
	CDR(ctx context.Context, id string) (event.CDR, error)
	CDRs(ctx context.Context, f store.CDRFilter) ([]event.CDR, error)
	Consents(ctx context.Context, f store.ConsentFilter) ([]store.Consent, error)
}

type cdrQuery struct {
	Page
	Trunk   string    `query:"trunk" doc:"Only of this trunk"`
	Queue   string    `query:"queue" doc:"Only of this queue"`
	Station string    `query:"station" doc:"Only of this station"`
	Since   time.Time `query:"since" doc:"Started not before"`
	Until   time.Time `query:"until" doc:"Started before"`
}

type oneCDR struct{ Body event.CDR }

// consentItem is an answer to a consent question.
type consentItem struct {
	Call      string    `json:"call"`
	Caller    string    `json:"caller" doc:"The number that the answer serves; empty where it serves its own call alone"`
	State     string    `json:"state"`
	Method    string    `json:"method"`
	Prompt    string    `json:"prompt"`
	Language  string    `json:"language"`
	At        time.Time `json:"at"`
	ExpiresAt time.Time `json:"expires_at,omitzero"`
	Ledger    int64     `json:"ledger" doc:"Index of its entry in the ledger"`

	row int64
}

type consentQuery struct {
	Page
	Call  string    `query:"call" doc:"Only of this call"`
	State string    `query:"state" enum:"granted,declined,no_input,invalid,on_file,not_asked,withdrawn" doc:"Only this answer"`
	Since time.Time `query:"since" doc:"Given not before"`
	Until time.Time `query:"until" doc:"Given before"`
}

func (s *Server) recordRoutes(api huma.API) {
	huma.Register(api, get("list-cdrs", "/v1/cdrs", "The records of calls that ended, newest first"), s.listCDRs)
	huma.Register(api, get("show-cdr", "/v1/cdrs/{id}", "The record of a call that ended"), s.showCDR)
	huma.Register(api, get("list-consents", "/v1/consents", "The answers to consent questions, newest first"), s.listConsents)
}

func (s *Server) listCDRs(ctx context.Context, q *cdrQuery) (*list[event.CDR], error) {
	items, err := s.deps.Records.CDRs(ctx, store.CDRFilter{Trunk: q.Trunk, Queue: q.Queue, Station: q.Station,
		Since: q.Since, Until: q.Until, Before: q.Cursor, Limit: q.Limit + 1})
	if err != nil {
		return nil, failed(err)
	}
	return paged(items, q.Limit, func(c event.CDR) string { return c.ID }), nil
}

func (s *Server) showCDR(ctx context.Context, q *callID) (*oneCDR, error) {
	cdr, err := s.deps.Records.CDR(ctx, q.ID)
	if err != nil {
		return nil, failed(err)
	}
	return &oneCDR{cdr}, nil
}

func (s *Server) listConsents(ctx context.Context, q *consentQuery) (*list[consentItem], error) {
	before := int64(0)
	if q.Cursor != "" {
		var err error
		if before, err = strconv.ParseInt(q.Cursor, 10, 64); err != nil {
			return nil, huma.Error422UnprocessableEntity("cursor: not one that a page returned")
		}
	}
	rows, err := s.deps.Records.Consents(ctx, store.ConsentFilter{Call: q.Call, State: q.State, Since: q.Since, Until: q.Until, Before: before, Limit: q.Limit + 1})
	if err != nil {
		return nil, failed(err)
	}
	items := make([]consentItem, len(rows))
	for i, c := range rows {
		items[i] = consentItem{Call: c.Call, Caller: c.Caller, State: c.State, Method: c.Method, Prompt: c.Prompt, Language: c.Language,
			At: c.At, ExpiresAt: c.ExpiresAt, Ledger: c.LedgerIndex, row: c.ID}
	}
	return paged(items, q.Limit, func(c consentItem) string { return strconv.FormatInt(c.row, 10) }), nil
}
