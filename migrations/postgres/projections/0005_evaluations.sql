-- Judgements of finished work, and what they did to whom.
CREATE TABLE evaluations (
    evaluation_id   uuid PRIMARY KEY,
    organization_id uuid NOT NULL,
    position        bigint NOT NULL,
    status          text NOT NULL,
    proposal_id     uuid NOT NULL,
    zone_id         uuid NOT NULL,
    executor_id     uuid NOT NULL,
    score           text,
    signal          text,
    opened_at       timestamptz NOT NULL,
    updated_at      timestamptz NOT NULL
);
CREATE INDEX evaluations_in_order ON evaluations (organization_id, position DESC);
CREATE TABLE standing (
    organization_id uuid NOT NULL,
    position        bigint NOT NULL,
    member_id       uuid NOT NULL,
    kind            text NOT NULL,
    magnitude       text NOT NULL,
    after           text,
    zone_id         uuid NOT NULL,
    cause           text NOT NULL,
    cause_id        uuid NOT NULL,
    at              timestamptz NOT NULL,
    PRIMARY KEY (organization_id, position)
);
CREATE INDEX standing_of_member ON standing (organization_id, member_id, position DESC);
