-- +goose Up
-- Where stations are registered.
CREATE TABLE bindings (
    station TEXT NOT NULL,
    contact TEXT NOT NULL,
    expires INTEGER NOT NULL,
    body    TEXT NOT NULL, -- the binding as JSON
    PRIMARY KEY (station, contact)
) STRICT;
