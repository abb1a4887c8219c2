-- +goose Up
-- Where a recording is, once it has left the recordings folder: a URL; empty before.

ALTER TABLE recordings ADD COLUMN location TEXT NOT NULL DEFAULT '';
