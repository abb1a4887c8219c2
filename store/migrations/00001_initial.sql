-- +goose Up
-- Times are Unix milliseconds. Bodies are JSON as the contract writes it; what is searched for is taken out of them.

CREATE TABLE running (
    id             TEXT PRIMARY KEY,
    trunk          TEXT NOT NULL,
    direction      TEXT NOT NULL,
    from_number    TEXT NOT NULL,
    to_number      TEXT NOT NULL,
    started_at     INTEGER NOT NULL,
    config_version TEXT NOT NULL
) STRICT;

CREATE TABLE cdrs (
    id         TEXT PRIMARY KEY,
    body       TEXT NOT NULL,
    filed      INTEGER NOT NULL DEFAULT 0,
    trunk      TEXT GENERATED ALWAYS AS (body ->> 'trunk') VIRTUAL,
    queue      TEXT GENERATED ALWAYS AS (body ->> 'queue') VIRTUAL,
    station    TEXT GENERATED ALWAYS AS (body ->> 'station') VIRTUAL,
    started_at TEXT GENERATED ALWAYS AS (body ->> 'started_at') VIRTUAL
) STRICT;
CREATE INDEX cdrs_by_start ON cdrs (started_at, id);
CREATE INDEX cdrs_by_trunk ON cdrs (trunk, id);
CREATE INDEX cdrs_by_queue ON cdrs (queue, id);
CREATE INDEX cdrs_unfiled ON cdrs (id) WHERE filed = 0;

CREATE TABLE decisions (
    id      INTEGER PRIMARY KEY,
    call    TEXT NOT NULL,
    at      INTEGER NOT NULL,
    trigger TEXT NOT NULL,
    body    TEXT NOT NULL
) STRICT;
CREATE INDEX decisions_by_call ON decisions (call, id);

CREATE TABLE recordings (
    id             TEXT PRIMARY KEY,
    call           TEXT NOT NULL,
    trunk          TEXT NOT NULL,
    queue          TEXT NOT NULL,
    station        TEXT NOT NULL,
    file           TEXT NOT NULL,
    sha256         TEXT NOT NULL,
    sidecar_sha256 TEXT NOT NULL,
    duration_ms    INTEGER NOT NULL,
    result         TEXT NOT NULL,
    created_at     INTEGER NOT NULL
) STRICT;
CREATE INDEX recordings_by_call ON recordings (call, id);

CREATE TABLE consents (
    id           INTEGER PRIMARY KEY,
    call         TEXT NOT NULL,
    caller       TEXT NOT NULL, -- the normalised number; empty for an anonymous caller
    state        TEXT NOT NULL,
    method       TEXT NOT NULL,
    prompt       TEXT NOT NULL,
    language     TEXT NOT NULL,
    at           INTEGER NOT NULL,
    expires_at   INTEGER NOT NULL, -- 0: it serves no later call
    ledger_index INTEGER NOT NULL,
    ledger_hash  TEXT NOT NULL
) STRICT;
CREATE INDEX consents_by_caller ON consents (caller, at, id) WHERE caller <> '';
CREATE INDEX consents_by_call ON consents (call, id);

CREATE TABLE subjects (
    caller     TEXT PRIMARY KEY,
    salt       BLOB NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE probe (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    at INTEGER NOT NULL
) STRICT;
