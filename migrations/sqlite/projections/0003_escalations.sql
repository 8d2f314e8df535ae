-- Escalations, the latest first.
CREATE TABLE escalations (
    escalation_id      text PRIMARY KEY,
    organization_id    text NOT NULL,
    position           integer NOT NULL,
    kind               text NOT NULL,
    status             text NOT NULL,
    zone_id            text NOT NULL,
    to_zone_id         text NOT NULL,
    escalator_id       text NOT NULL,
    reason             text NOT NULL,
    automatic          text,
    source_id          text,
    proposal_id        text,
    signatures         integer NOT NULL,
    cosigner_threshold integer,
    outcome            text,
    raised_at          text NOT NULL,
    updated_at         text NOT NULL
);
CREATE INDEX escalations_in_order ON escalations (organization_id, position DESC);
CREATE INDEX escalations_by_zone ON escalations (organization_id, zone_id, position DESC);
CREATE INDEX escalations_by_status ON escalations (organization_id, status, position DESC);
