package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"assent/archive"
	"assent/audit"
)

// forReason is a request that says why.
type forReason struct {
	RecordingID
	Body struct {
		Reason string `json:"reason" minLength:"1" maxLength:"500" doc:"Why; ends in the audit log, without the numbers in it"`
	}
}

type erasureQuery struct {
	Body struct {
		Number string `json:"number" minLength:"1" maxLength:"64" doc:"The caller's number, as CDRs have it"`
		Reason string `json:"reason" minLength:"1" maxLength:"500" doc:"Why; ends in ledger and audit log, without the numbers in it"`
	}
}

type erasure struct {
	Body struct {
		Certificate archive.Certificate `json:"certificate"`
		Signed      string              `json:"signed" doc:"The certificate as a note, signed with the ledger's key"`
	}
}

func (s *Server) keepRoutes(api huma.API) {
	for _, action := range []struct {
		word, summary string
		do            func(ctx context.Context, by, id, reason string) error
	}{
		{audit.Hold, "Keep a recording from any deletion", func(ctx context.Context, by, id, reason string) error {
			return s.deps.Archive.Hold(ctx, by, id, reason)
		}},
		{audit.Release, "End a hold", func(ctx context.Context, by, id, reason string) error {
			return s.deps.Archive.Release(ctx, by, id, reason)
		}},
		{audit.Delete, "Delete a recording for good", func(ctx context.Context, by, id, reason string) error {
			return s.deps.Archive.Delete(ctx, by, id, reason)
		}},
	} {
		op := post(action.word+"-recording", "/v1/recordings/{id}/"+action.word, action.summary)
		op.Errors = append(op.Errors, http.StatusConflict, http.StatusGone)
		huma.Register(api, op, func(ctx context.Context, q *forReason) (*struct{}, error) {
			ctx, end := context.WithTimeout(ctx, workTimeout)
			defer end()
			return nil, failed(action.do(ctx, who(ctx), q.ID, q.Body.Reason))
		})
	}
	huma.Register(api, post("erase-caller", "/v1/callers/erase", "Erase all that is kept of a caller, as far as no hold keeps it"), s.eraseCaller)
}

func (s *Server) eraseCaller(ctx context.Context, q *erasureQuery) (*erasure, error) {
	c, err := s.deps.Archive.EraseSubject(ctx, who(ctx), q.Body.Number, q.Body.Reason)
	if err != nil {
		return nil, failed(err)
	}
	answer := &erasure{}
	answer.Body.Certificate = c
	if answer.Body.Signed, err = s.deps.Archive.Sign(c); err != nil {
		return nil, failed(err)
	}
	return answer, nil
}
