-- +goose Up
-- What outbound calls have spent of their budgets, by the beginning of each period.
CREATE TABLE accounts (
    owner   TEXT NOT NULL,
    class   TEXT NOT NULL,
    period  INTEGER NOT NULL,
    calls   INTEGER NOT NULL,
    minutes INTEGER NOT NULL,
    PRIMARY KEY (owner, class, period)
) STRICT;
