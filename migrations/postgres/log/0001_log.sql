-- The log: one row per fact, appended once, never changed.
CREATE TABLE events (
    global_position bigint      NOT NULL,
    organization_id uuid        NOT NULL,
    position        bigint      NOT NULL,
    event_id        uuid        NOT NULL,
    aggregate_type  text        NOT NULL,
    aggregate_id    text        NOT NULL,
    sequence        bigint      NOT NULL CHECK (sequence >= 1),
    event_type      text        NOT NULL,
    event_version   text        NOT NULL,
    payload         jsonb       NOT NULL,
    metadata        jsonb       NOT NULL,
    zone_id         uuid,
    actor_id        uuid        NOT NULL,
    actor_kind      text        NOT NULL,
    correlation_id  uuid        NOT NULL,
    causation_id    uuid        NOT NULL,
    occurred_at     timestamptz NOT NULL,
    recorded_at     timestamptz NOT NULL DEFAULT clock_timestamp(),
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
    one      boolean PRIMARY KEY DEFAULT true CHECK (one),
    position bigint  NOT NULL
);
INSERT INTO log_head (position) VALUES (0);

CREATE TABLE organization_heads (
    organization_id uuid   PRIMARY KEY,
    position        bigint NOT NULL
);

-- Answers already given, by the key under which they were asked for.
CREATE TABLE idempotency_keys (
    caller_id   uuid        NOT NULL,
    key         text        NOT NULL,
    fingerprint text        NOT NULL,
    status      integer     NOT NULL,
    body        text        NOT NULL,
    etag        text,
    location    text,
    position    bigint      NOT NULL,
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (caller_id, key)
);
CREATE INDEX idempotency_keys_by_age ON idempotency_keys (recorded_at);


-- Secrets and persons: outside the log, so that they can be revoked, corrected and erased.
CREATE TABLE token_secrets (
    prefix          text PRIMARY KEY,
    token_id        uuid NOT NULL UNIQUE,
    organization_id uuid NOT NULL,
    secret_sha256   text NOT NULL
);
CREATE TABLE invite_secrets (
    code_sha256     text PRIMARY KEY,
    invite_id       uuid NOT NULL UNIQUE,
    organization_id uuid NOT NULL
);
CREATE TABLE profiles (
    organization_id uuid NOT NULL,
    member_id       uuid NOT NULL,
    display_name    text NOT NULL,
    email           text,
    PRIMARY KEY (organization_id, member_id)
);

-- Which set of read models is live.
CREATE TABLE projection_generation (
    one        boolean PRIMARY KEY DEFAULT true CHECK (one),
    generation bigint  NOT NULL
);
INSERT INTO projection_generation (generation) VALUES (1);

CREATE FUNCTION refuse_change_of_events() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'events are appended, never changed (% refused)', TG_OP USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER events_refuse_change BEFORE UPDATE OR DELETE ON events
    FOR EACH ROW EXECUTE FUNCTION refuse_change_of_events();
CREATE TRIGGER events_refuse_truncate BEFORE TRUNCATE ON events
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_events();
ALTER TABLE events ENABLE ALWAYS TRIGGER events_refuse_change;
ALTER TABLE events ENABLE ALWAYS TRIGGER events_refuse_truncate;
