package app

import (
	"sync"

	"assent/event"
	"assent/trunk"
)

// health joins what is known of each trunk: it is up as long as nothing that is known of it is down.
type health struct {
	publish func(event.Event) // set once

	mu    sync.Mutex
	parts map[string]map[string]bool // trunk → what is known → whether it is up
	up    map[string]bool            // as it was told
}

func newHealth(publish func(event.Event)) *health {
	return &health{publish: publish, parts: map[string]map[string]bool{}, up: map[string]bool{}}
}

// set takes one thing that is known of a trunk, and tells where it makes the trunk go up or down; detail says why.
func (h *health) set(trunk, part string, up bool, detail string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.parts[trunk] == nil {
		h.parts[trunk] = map[string]bool{}
	}
	h.parts[trunk][part] = up
	all := true
	for _, ok := range h.parts[trunk] {
		all = all && ok
	}
	if was, told := h.up[trunk]; told && was == all {
		return
	}
	h.up[trunk] = all
	e := event.Event{Time: now(), Type: event.TrunkUp, Trunk: trunk, Detail: detail}
	if !all {
		e.Type = event.TrunkDown
	}
	h.publish(e)
}

// forget drops what was known of a trunk that is no longer watched.
func (h *health) forget(trunk, part string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.parts[trunk], part)
	if len(h.parts[trunk]) == 0 {
		delete(h.up, trunk)
	}
}

// retain drops what was known of trunks that the configuration no longer has.
func (h *health) retain(trunks map[string]trunk.Config) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for name := range h.parts {
		if _, ok := trunks[name]; !ok {
			delete(h.parts, name)
			delete(h.up, name)
		}
	}
}
