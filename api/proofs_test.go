package api

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"assent/archive"
	"assent/audit"
)

func TestProofsAndCheckpointsAreHandedOutByteForByte(t *testing.T) {
	w := &world{checkpoint: "origin\n1\nroot\n\n\u2014 sig\n"}
	for path, want := range map[string]string{
		"/v1/recordings/r1/proof": "proof of r1 for ops\n",
		"/v1/recordings/r1/vcon":  "r1 for ops at , numbers false, 41943040",
		"/v1/recordings/r1/vcon?url=https%3A%2F%2Fx.example%2Fa&numbers=true": "r1 for ops at https://x.example/a, numbers true, 41943040",
		"/v1/ledger/checkpoint": w.checkpoint,
		"/v1/ledger/key":        "key\n",
	} {
		answer := w.do(http.MethodGet, path)
		if answer.Code != http.StatusOK || answer.Body.String() != want {
			t.Errorf("%s: %d %q, want %q", path, answer.Code, answer.Body, want)
		}
	}
	if kind := w.do(http.MethodGet, "/v1/recordings/r1/vcon").Header().Get("Content-Type"); kind != "application/vcon+json" {
		t.Errorf("a vCon is %s", kind)
	}
}

func TestNothingIsExportedThatCannotBeWrittenDown(t *testing.T) {
	w := &world{audit: errors.Join(audit.ErrUnavailable), refusal: archive.ErrTooLong}
	for path, want := range map[string]int{
		"/v1/recordings/r1/proof":                          http.StatusServiceUnavailable,
		"/v1/recordings/r1/vcon":                           http.StatusRequestEntityTooLarge,
		"/v1/recordings/r1/vcon?url=ftp%3A%2F%2Fx.example": http.StatusUnprocessableEntity,
		"/v1/ledger/checkpoint":                            http.StatusNotFound,
	} {
		answer := w.do(http.MethodGet, path)
		if answer.Code != want || strings.Contains(answer.Body.String(), "proof of") || answer.Header().Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s: %d %s", path, answer.Code, answer.Body)
		}
	}
}
