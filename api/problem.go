package api

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"os"

	"github.com/danielgtaylor/huma/v2"

	"assent/archive"
	"assent/audit"
	"assent/call"
	"assent/depot"
	"assent/store"
)

// statuses is the one table from what went wrong to what the client is told.
var statuses = []struct {
	err    error
	status int
}{
	{audit.ErrUnavailable, http.StatusServiceUnavailable}, // before the reasons that it wraps
	{store.ErrNotFound, http.StatusNotFound},
	{call.ErrNoCall, http.StatusNotFound},
	{ErrNoTrunk, http.StatusNotFound},
	{store.ErrHeld, http.StatusConflict},
	{store.ErrNotHeld, http.StatusConflict},
	{store.ErrDeleting, http.StatusGone},
	{call.ErrNotNow, http.StatusConflict},
	{os.ErrNotExist, http.StatusGone},
	{archive.ErrTooLong, http.StatusRequestEntityTooLarge},
	{depot.ErrSealed, http.StatusConflict},
	{call.ErrBusyCall, http.StatusServiceUnavailable},
	{store.ErrBusy, http.StatusServiceUnavailable},
	{store.ErrClosed, http.StatusServiceUnavailable},
	{context.DeadlineExceeded, http.StatusGatewayTimeout},
	{context.Canceled, http.StatusServiceUnavailable},
}

// failed renders an error for the client; nil stays nil.
func failed(err error) error {
	if err == nil {
		return nil
	}
	for _, row := range statuses {
		if errors.Is(err, row.err) {
			return huma.NewError(row.status, err.Error())
		}
	}
	return huma.NewError(http.StatusInternalServerError, err.Error())
}

// problem answers as RFC 9457 says.
func problem(w http.ResponseWriter, status int, detail string) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{ // a client that left gets nothing
		"type": "about:blank", "title": http.StatusText(status), "status": status, "detail": detail,
	})
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // a client that left gets nothing
}
