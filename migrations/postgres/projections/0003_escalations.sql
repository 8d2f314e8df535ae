-- Escalations, the latest first.
CREATE TABLE escalations (
    escalation_id      uuid PRIMARY KEY,
    organization_id    uuid NOT NULL,
    position           bigint NOT NULL,
    kind               text NOT NULL,
    status             text NOT NULL,
    zone_id            uuid NOT NULL,
    to_zone_id         uuid NOT NULL,
    escalator_id       uuid NOT NULL,
    reason             text NOT NULL,
    automatic          text,
    source_id          uuid,
    proposal_id        uuid,
    signatures         bigint NOT NULL,
    cosigner_threshold bigint,
    outcome            text,
    raised_at          timestamptz NOT NULL,
    updated_at         timestamptz NOT NULL
);
CREATE INDEX escalations_in_order ON escalations (organization_id, position DESC);
CREATE INDEX escalations_by_zone ON escalations (organization_id, zone_id, position DESC);
CREATE INDEX escalations_by_status ON escalations (organization_id, status, position DESC);
