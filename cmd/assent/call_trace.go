package main

import (
	"fmt"
	"net/http"
	"net/url"

	"assent/ladder"
)

type callTraceVerb struct {
	apiFlag
	outputFlag
	ID      string `arg:"" help:"The call's id, or the Call-ID of one of its legs."`
	Numbers bool   `help:"Show phone numbers; else they are masked."`
}

// Run asks the service for the messages; for people they are drawn.
func (v callTraceVerb) Run(io streams) error {
	c, err := v.client()
	if err != nil {
		return err
	}
	query := url.Values{}
	if v.Numbers {
		query.Set("numbers", "true")
	}
	var t ladder.Trace
	if err := c.ask(http.MethodGet, "/v1/calls/"+url.PathEscape(v.ID)+"/trace", query, nil, &t); err != nil {
		return err
	}
	if v.Output == "json" {
		return v.print(io.out, t, nil, nil)
	}
	_, err = fmt.Fprint(io.out, t.Draw())
	return err
}
