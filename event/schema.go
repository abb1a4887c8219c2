package event

import _ "embed"

// CDRSchema is the JSON Schema (draft 2020-12) of a finished call's CDR. It is not
// to be changed.
//
//go:embed schema/cdr.json
var CDRSchema []byte

// Schema is the JSON Schema (draft 2020-12) of an event. It is not to be changed.
//
//go:embed schema/event.json
var Schema []byte
