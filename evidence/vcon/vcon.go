package vcon

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"assent/consent"
	"assent/evidence"
	"assent/recorder"
)

// version is the syntax that the drafts of 2026 describe.
const version = "0.4.0"

// The parties' places in the list of parties.
const (
	external = 0
	internal = 1
)

// Source is what a vCon is made of.
type Source struct {
	Sidecar recorder.Sidecar
	Raw     []byte // the sidecar as it is stored
	File    string // the audio's name
	Audio   []byte // the stored file; nil refers to it by URL
	URL     string // where the audio can be fetched, by HTTPS; "" where Audio is given
	SHA512  []byte // of the stored file, where it is referred to
	Bundle  evidence.Bundle
	Entries []consent.Record // what the bundle proves
	Numbers bool             // phone numbers and the sidecar too
	At      time.Time
}

// VCon is the container. Fields stand in the order of the draft.
type VCon struct {
	Version     string       `json:"vcon"`
	UUID        string       `json:"uuid"`
	Extensions  []string     `json:"extensions,omitempty"`
	CreatedAt   string       `json:"created_at"`
	Subject     string       `json:"subject"`
	Parties     []Party      `json:"parties"`
	Dialog      []Dialog     `json:"dialog"`
	Analysis    []struct{}   `json:"analysis"`
	Attachments []Attachment `json:"attachments"`
}

// Party is one side of the call.
type Party struct {
	Tel  string `json:"tel,omitempty"` // a tel URL (RFC 3966)
	Name string `json:"name"`
}

// Dialog is the recording. Its parties stand in the order of the channels.
type Dialog struct {
	Type        string  `json:"type"`
	Start       string  `json:"start"`
	Duration    float64 `json:"duration"` // seconds
	Parties     []int   `json:"parties"`
	Originator  int     `json:"originator"`
	MediaType   string  `json:"mediatype"`
	Filename    string  `json:"filename"`
	Body        string  `json:"body,omitempty"`
	Encoding    string  `json:"encoding,omitempty"`
	URL         string  `json:"url,omitempty"`
	ContentHash string  `json:"content_hash,omitempty"`
}

// Attachment is what belongs to the conversation beside its media.
type Attachment struct {
	Purpose   string          `json:"purpose"`
	Start     string          `json:"start"`
	Party     int             `json:"party"`
	Dialog    int             `json:"dialog"`
	MediaType string          `json:"mediatype,omitempty"`
	Filename  string          `json:"filename,omitempty"`
	Body      json.RawMessage `json:"body"`
	Encoding  string          `json:"encoding"`
}

// New makes the vCon of a recording.
func New(s Source) (VCon, error) {
	if (s.Audio == nil) == (s.URL == "") {
		return VCon{}, errors.New("vcon: give either the audio or where it is")
	}
	bundle, err := s.Bundle.Encode()
	if err != nil {
		return VCon{}, err
	}
	v := VCon{
		Version: version, UUID: s.uuid(), CreatedAt: stamp(s.At), Subject: "recorded call " + s.Sidecar.Call,
		Parties: s.parties(), Dialog: []Dialog{s.dialog()}, Analysis: []struct{}{},
	}
	answer, err := s.consent()
	if err != nil {
		return VCon{}, err
	}
	if answer != nil {
		v.Extensions = []string{"consent"}
		v.Attachments = append(v.Attachments, *answer)
	}
	v.Attachments = append(v.Attachments, s.text("proof", s.Sidecar.ID+".proof", bundle))
	if s.Numbers {
		v.Attachments = append(v.Attachments, s.text("sidecar", s.Sidecar.ID+".json", s.Raw))
	}
	return v, nil
}

// Encode returns the vCon as JSON.
func (v VCon) Encode() ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(v); err != nil {
		return nil, fmt.Errorf("encode vcon: %w", err)
	}
	return b.Bytes(), nil
}

// uuid is a version 8 UUID (RFC 9562 section 5.8) of the recording and its content: the same recording always has it.
func (s Source) uuid() string {
	sum := sha256.Sum256([]byte(s.Sidecar.ID + s.Sidecar.SHA256))
	sum[6] = sum[6]&0x0f | 0x80
	sum[8] = sum[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", sum[:4], sum[4:6], sum[6:8], sum[8:10], sum[10:16])
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

// parties are the outside and the inside party.
func (s Source) parties() []Party {
	outside, inside := Party{Name: "external party"}, Party{Name: "internal party"}
	if !s.Numbers {
		return []Party{outside, inside}
	}
	from, to := s.Sidecar.From, s.Sidecar.To
	if s.Sidecar.Direction == "outbound" {
		from, to = to, from
	}
	outside.Tel, inside.Tel = tel(from), tel(to)
	if s.Sidecar.Station != "" {
		inside.Name = s.Sidecar.Station
	}
	return []Party{outside, inside}
}

// tel returns a number as a tel URL; what is no number has none.
func tel(number string) string {
	if number == "" || number[0] != '+' {
		return ""
	}
	return "tel:" + number
}

func (s Source) dialog() Dialog {
	d := Dialog{
		Type: "recording", Start: stamp(s.Sidecar.StartedAt.Time), Duration: float64(s.Sidecar.DurationMS) / 1000,
		Parties: []int{external, internal}, Originator: external, MediaType: mediaType(s.File), Filename: filepath.Base(s.File),
	}
	if s.Sidecar.Direction == "outbound" {
		d.Originator = internal
	}
	if s.URL != "" {
		d.URL, d.ContentHash = s.URL, "sha512-"+base64.RawURLEncoding.EncodeToString(s.SHA512)
		return d
	}
	d.Body, d.Encoding = base64.RawURLEncoding.EncodeToString(s.Audio), "base64url"
	return d
}

func mediaType(file string) string {
	switch filepath.Ext(file) {
	case ".wav":
		return "audio/x-wav"
	case ".opus", ".ogg":
		return "audio/ogg"
	case ".flac":
		return "audio/flac"
	}
	return "application/octet-stream"
}

// document attaches JSON as JSON.
func (s Source) document(purpose, file string, body []byte) Attachment {
	return Attachment{Purpose: purpose, Start: stamp(s.Sidecar.StartedAt.Time), Party: internal, MediaType: "application/json",
		Filename: file, Body: body, Encoding: "json"}
}

// text attaches bytes as they are, since their hash counts.
func (s Source) text(purpose, file string, body []byte) Attachment {
	a := s.document(purpose, file, nil)
	a.Body, a.Encoding = json.RawMessage(`"`+base64.RawURLEncoding.EncodeToString(body)+`"`), "base64url"
	return a
}
