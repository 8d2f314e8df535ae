-- The log: one row per fact, appended once, never changed.
CREATE TABLE events (
    global_position integer NOT NULL,
    organization_id text        NOT NULL,
    position        integer NOT NULL,
    event_id        text        NOT NULL,
    aggregate_type  text        NOT NULL,
    aggregate_id    text        NOT NULL,
    sequence        integer NOT NULL CHECK (sequence >= 1),
    event_type      text        NOT NULL,
    event_version   text        NOT NULL,
    payload         text        NOT NULL,
    metadata        text        NOT NULL,
    zone_id         text,
    actor_id        text        NOT NULL,
    actor_kind      text        NOT NULL,
    correlation_id  text        NOT NULL,
    causation_id    text        NOT NULL,
    occurred_at     text        NOT NULL,
    recorded_at     text NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    PRIMARY KEY (aggregate_id, aggregate_type, sequence)
);
CREATE UNIQUE INDEX events_global_position ON events (global_position);
CREATE UNIQUE INDEX events_position ON events (organization_id, position);
CREATE INDEX events_by_zone ON events (organization_id, zone_id, position) WHERE zone_id IS NOT NULL;
CREATE INDEX events_by_actor ON events (organization_id, actor_id, position);
CREATE INDEX events_by_type ON events (organization_id, event_type, position);
CREATE INDEX events_by_time ON events (organization_id, occurred_at, position);
CREATE INDEX events_by_correlation ON events (organization_id, correlation_id, position);

-- Whoever appends locks this row first: global order is commit order.
CREATE TABLE log_head (
    one      integer PRIMARY KEY DEFAULT 1 CHECK (one = 1),
    position integer NOT NULL
);
INSERT INTO log_head (position) VALUES (0);

CREATE TABLE organization_heads (
    organization_id text   PRIMARY KEY,
    position        integer NOT NULL
);

-- Answers already given, by the key under which they were asked for.
CREATE TABLE idempotency_keys (
    caller_id   text        NOT NULL,
    key         text        NOT NULL,
    fingerprint text        NOT NULL,
    status      integer NOT NULL,
    body        text        NOT NULL,
    etag        text,
    location    text,
    position    integer NOT NULL,
    recorded_at text        NOT NULL,
    PRIMARY KEY (caller_id, key)
);
CREATE INDEX idempotency_keys_by_age ON idempotency_keys (recorded_at);


-- Secrets and persons: outside the log, so that they can be revoked, corrected and erased.
CREATE TABLE token_secrets (
    prefix          text PRIMARY KEY,
    token_id        text NOT NULL UNIQUE,
    organization_id text NOT NULL,
    secret_sha256   text NOT NULL
);
CREATE TABLE invite_secrets (
    code_sha256     text PRIMARY KEY,
    invite_id       text NOT NULL UNIQUE,
    organization_id text NOT NULL
);
CREATE TABLE profiles (
    organization_id text NOT NULL,
    member_id       text NOT NULL,
    display_name    text NOT NULL,
    email           text,
    PRIMARY KEY (organization_id, member_id)
);

-- Which set of read models is live.
CREATE TABLE projection_generation (
    one        integer PRIMARY KEY DEFAULT 1 CHECK (one = 1),
    generation integer NOT NULL
);
INSERT INTO projection_generation (generation) VALUES (1);

-- INSERT OR REPLACE deletes first, which fires no trigger unless the connection asks for it: refuse it before that.
CREATE TRIGGER events_refuse_replace BEFORE INSERT ON events
WHEN EXISTS (SELECT 1 FROM events WHERE global_position = NEW.global_position)
  OR EXISTS (SELECT 1 FROM events WHERE organization_id = NEW.organization_id AND position = NEW.position)
  OR EXISTS (SELECT 1 FROM events WHERE aggregate_type = NEW.aggregate_type AND aggregate_id = NEW.aggregate_id AND sequence = NEW.sequence)
BEGIN
    SELECT RAISE(ABORT, 'events are appended, never changed (REPLACE refused)');
END;
CREATE TRIGGER events_refuse_update BEFORE UPDATE ON events BEGIN
    SELECT RAISE(ABORT, 'events are appended, never changed (UPDATE refused)');
END;
CREATE TRIGGER events_refuse_delete BEFORE DELETE ON events BEGIN
    SELECT RAISE(ABORT, 'events are appended, never changed (DELETE refused)');
END;
