-- Judgements of finished work, and what they did to whom.
CREATE TABLE evaluations (
    evaluation_id   text PRIMARY KEY,
    organization_id text NOT NULL,
    position        integer NOT NULL,
    status          text NOT NULL,
    proposal_id     text NOT NULL,
    zone_id         text NOT NULL,
    executor_id     text NOT NULL,
    score           text,
    signal          text,
    opened_at       text NOT NULL,
    updated_at      text NOT NULL
);
CREATE INDEX evaluations_in_order ON evaluations (organization_id, position DESC);
CREATE TABLE standing (
    organization_id text NOT NULL,
    position        integer NOT NULL,
    member_id       text NOT NULL,
    kind            text NOT NULL,
    magnitude       text NOT NULL,
    after           text,
    zone_id         text NOT NULL,
    cause           text NOT NULL,
    cause_id        text NOT NULL,
    at              text NOT NULL,
    PRIMARY KEY (organization_id, position)
);
CREATE INDEX standing_of_member ON standing (organization_id, member_id, position DESC);
