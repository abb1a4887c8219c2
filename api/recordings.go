package api

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"path/filepath"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"assent/archive"
	"assent/store"
)

// Archive is what may be done with stored recordings; *archive.Archive does it.
// by is the name of who asks.
type Archive interface {
	List(ctx context.Context, f store.RecordingFilter) ([]store.Recording, error)
	Show(ctx context.Context, by, id string) (archive.Facts, error)
	Listen(ctx context.Context, by, id, part string) (archive.Audio, error)
	Keeper
	Exporter
}

// Keeper keeps recordings, and lets them go; *archive.Archive is one.
type Keeper interface {
	Hold(ctx context.Context, by, id, reason string) error
	Release(ctx context.Context, by, id, reason string) error
	HoldOf(ctx context.Context, id string) (reason string, err error)
	Delete(ctx context.Context, by, id, reason string) error
	EraseSubject(ctx context.Context, by, number, reason string) (archive.Certificate, error)
	Sign(c archive.Certificate) (string, error)
}

// RecordingItem is a stored recording.
type RecordingItem struct {
	ID            string    `json:"id"`
	Call          string    `json:"call"`
	Trunk         string    `json:"trunk"`
	Queue         string    `json:"queue"`
	Station       string    `json:"station"`
	File          string    `json:"file" doc:"Name of the file in recordings.dir"`
	SHA256        string    `json:"sha256"`
	SidecarSHA256 string    `json:"sidecar_sha256"`
	DurationMS    int64     `json:"duration_ms"`
	Result        string    `json:"result"`
	CreatedAt     time.Time `json:"created_at"`
}

func item(r store.Recording) RecordingItem {
	return RecordingItem{ID: r.ID, Call: r.Call, Trunk: r.Trunk, Queue: r.Queue, Station: r.Station, File: filepath.Base(r.File),
		SHA256: r.SHA256, SidecarSHA256: r.SidecarSHA256, DurationMS: r.DurationMS, Result: r.Result, CreatedAt: r.CreatedAt}
}

type RecordingID struct {
	ID string `path:"id" maxLength:"64" doc:"The recording's id"`
}

type recordingQuery struct {
	Page
	Call    string    `query:"call" doc:"Only of this call"`
	Trunk   string    `query:"trunk" doc:"Only of this trunk"`
	Queue   string    `query:"queue" doc:"Only of this queue"`
	Station string    `query:"station" doc:"Only of this station"`
	Result  string    `query:"result" doc:"Only with this result"`
	Since   time.Time `query:"since" doc:"Stored not before"`
	Until   time.Time `query:"until" doc:"Stored before"`
}

type oneRecording struct {
	Body struct {
		RecordingItem
		Held    string          `json:"held" doc:"Why a legal hold keeps it; empty if none does"`
		Sidecar json.RawMessage `json:"sidecar" doc:"The recording's facts as they are stored beside it"`
	}
}

func (s *Server) recordingRoutes(api huma.API) {
	huma.Register(api, get("list-recordings", "/v1/recordings", "The stored recordings, newest first"), s.listRecordings)
	huma.Register(api, get("show-recording", "/v1/recordings/{id}", "A recording's facts"), s.showRecording)
	s.keepRoutes(api)
	audio := get("hear-recording", "/v1/recordings/{id}/audio", "A recording's sound, whole or a Range of it; each time is written down")
	audio.Responses = map[string]*huma.Response{
		"200": {Description: "The file", Content: map[string]*huma.MediaType{"audio/wav": {}, "audio/ogg": {}}},
		"206": {Description: "The part of it that Range asks for"},
		"416": {Description: "Range lies outside the file"},
	}
	huma.Register(api, audio, s.hearRecording)
}

func (s *Server) listRecordings(ctx context.Context, q *recordingQuery) (*list[RecordingItem], error) {
	rows, err := s.deps.Archive.List(ctx, store.RecordingFilter{Call: q.Call, Trunk: q.Trunk, Queue: q.Queue, Station: q.Station,
		Result: q.Result, Since: q.Since, Until: q.Until, Before: q.Cursor, Limit: q.Limit + 1})
	if err != nil {
		return nil, failed(err)
	}
	items := make([]RecordingItem, len(rows))
	for i, r := range rows {
		items[i] = item(r)
	}
	return paged(items, q.Limit, func(r RecordingItem) string { return r.ID }), nil
}

func (s *Server) showRecording(ctx context.Context, q *RecordingID) (*oneRecording, error) {
	facts, err := s.deps.Archive.Show(ctx, who(ctx), q.ID)
	if err != nil {
		return nil, failed(err)
	}
	held, err := s.deps.Archive.HoldOf(ctx, q.ID)
	if err != nil {
		return nil, failed(err)
	}
	one := &oneRecording{}
	one.Body.Held = held
	one.Body.RecordingItem, one.Body.Sidecar = item(facts.Recording), facts.Sidecar
	return one, nil
}

type hearing struct {
	RecordingID
	Range string `header:"Range" maxLength:"200" doc:"bytes=FIRST-LAST (RFC 9110 section 14)"`
}

// formats are the content types of recordings by their files' endings.
var formats = map[string]string{".wav": "audio/wav", ".opus": "audio/ogg", ".flac": "audio/flac"}

// hearRecording hands out the sound; the archive has written the listening down
// before the first byte goes.
func (s *Server) hearRecording(ctx context.Context, q *hearing) (*huma.StreamResponse, error) {
	audio, err := s.deps.Archive.Listen(ctx, who(ctx), q.ID, q.Range)
	if err != nil {
		return nil, failed(err)
	}
	return &huma.StreamResponse{Body: func(hctx huma.Context) {
		defer audio.Close()
		r, w := humago.Unwrap(hctx)
		if kind, ok := formats[filepath.Ext(audio.Name)]; ok {
			w.Header().Set("Content-Type", kind)
		}
		w.Header().Set("Content-Disposition", `inline; filename="`+audio.Name+`"`)
		w.Header().Set("Cache-Control", "no-store")
		http.ServeContent(newPatient(w), r, audio.Name, audio.Modified, audio)
	}}, nil
}

// patient is a response that may take long as a whole, and not long for any
// part of it.
type patient struct {
	http.ResponseWriter
	control *http.ResponseController
}

func newPatient(w http.ResponseWriter) *patient {
	return &patient{w, http.NewResponseController(w)}
}

// partTimeout is how long a client may take for one part of an answer.
const partTimeout = 30 * time.Second

// Write writes b, for which the client has partTimeout.
func (p *patient) Write(b []byte) (int, error) {
	if err := p.control.SetWriteDeadline(time.Now().Add(partTimeout)); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return 0, err
	}
	return p.ResponseWriter.Write(b)
}
