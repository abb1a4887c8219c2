package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"assent/archive"
)

// Exporter hands recordings out, each time written down; *archive.Archive is one.
type Exporter interface {
	Proof(ctx context.Context, by, id string) ([]byte, error)
	VCon(ctx context.Context, by, id string, e archive.Export) ([]byte, error)
}

// Ledger is the consent ledger as whoever wants to hold us to it sees it.
type Ledger interface {
	// Checkpoint returns the newest signed checkpoint (C2SP tlog-checkpoint); "" before the first.
	Checkpoint() string
	// Key returns the public key of its signatures, as a verifier key.
	Key() string
}

// maxExport bounds the audio in a vCon over HTTP: the answer is a third longer.
const maxExport = 40 << 20

// document is an answer that is handed out byte for byte.
type document struct {
	ContentType string `header:"Content-Type"`
	Body        []byte
}

func (s *Server) proofRoutes(api huma.API) {
	huma.Register(api, written("prove-recording", "/v1/recordings/{id}/proof",
		"What proves a recording elsewhere: the ledger's entries of its call, each with its proof", "application/json"), s.proveRecording)
	huma.Register(api, written("export-recording", "/v1/recordings/{id}/vcon",
		"A recording as a vCon, with consent and proof", "application/vcon+json"), s.exportRecording)
	huma.Register(api, written("ledger-checkpoint", "/v1/ledger/checkpoint",
		"The consent ledger's newest signed checkpoint (C2SP tlog-checkpoint), worth keeping elsewhere", "text/plain"), s.ledgerCheckpoint)
	huma.Register(api, written("ledger-key", "/v1/ledger/key",
		"The public key of the ledger's signatures, as a verifier key", "text/plain"), s.ledgerKey)
}

// written describes an operation that answers with a document.
func written(id, path, summary, kind string) huma.Operation {
	o := get(id, path, summary)
	o.Responses = map[string]*huma.Response{"200": {Description: "The document", Content: map[string]*huma.MediaType{kind: {}}}}
	return o
}

func (s *Server) proveRecording(ctx context.Context, q *RecordingID) (*document, error) {
	text, err := s.deps.Archive.Proof(ctx, who(ctx), q.ID)
	return &document{"application/json", text}, failed(err)
}

type exportQuery struct {
	RecordingID
	URL     string `query:"url" maxLength:"2000" pattern:"^https://" doc:"Where the audio can be fetched; without it the vCon carries it"`
	Numbers bool   `query:"numbers" doc:"Phone numbers, the station's name and the sidecar too"`
}

func (s *Server) exportRecording(ctx context.Context, q *exportQuery) (*document, error) {
	text, err := s.deps.Archive.VCon(ctx, who(ctx), q.ID, archive.Export{URL: q.URL, Numbers: q.Numbers, Most: maxExport})
	return &document{"application/vcon+json", text}, failed(err)
}

func (s *Server) ledgerCheckpoint(context.Context, *struct{}) (*document, error) {
	note := s.deps.Ledger.Checkpoint()
	if note == "" {
		return nil, huma.NewError(http.StatusNotFound, "the ledger was not signed yet")
	}
	return &document{"text/plain; charset=utf-8", []byte(note)}, nil
}

func (s *Server) ledgerKey(context.Context, *struct{}) (*document, error) {
	return &document{"text/plain; charset=utf-8", []byte(s.deps.Ledger.Key() + "\n")}, nil
}
