-- Read models. Everything here is worked out from the log and can be thrown away.
CREATE TABLE checkpoints (
    projection      text   PRIMARY KEY,
    global_position bigint NOT NULL,
    failed_at       bigint,
    failure         text
) WITH (fillfactor = 20);
CREATE TABLE organizations (
    organization_id uuid PRIMARY KEY,
    founder_id      uuid,
    name            text NOT NULL,
    slug            text NOT NULL,
    founded_at      timestamptz NOT NULL
);
CREATE INDEX organizations_by_founder ON organizations (founder_id);
CREATE TABLE proposals (
    proposal_id        uuid PRIMARY KEY,
    organization_id    uuid NOT NULL,
    opened_position    bigint NOT NULL,
    zone_id            uuid NOT NULL,
    proposal_type      text NOT NULL,
    title              text NOT NULL,
    status             text NOT NULL,
    risk_level         text NOT NULL,
    proposer_id        uuid NOT NULL,
    decision_model     jsonb NOT NULL,
    tally              jsonb NOT NULL,
    reason             text,
    execution_status   text,
    deadline           timestamptz,
    expires_at         timestamptz,
    opened_at          timestamptz NOT NULL,
    decided_at         timestamptz,
    updated_at         timestamptz NOT NULL,
    before_reason      text,
    before_execution   text,
    before_decided_at  timestamptz
) WITH (fillfactor = 60);
CREATE INDEX proposals_in_order ON proposals (organization_id, opened_position DESC);
CREATE INDEX proposals_by_status ON proposals (organization_id, status, opened_position DESC);
CREATE INDEX proposals_by_zone ON proposals (organization_id, zone_id, opened_position DESC);
CREATE INDEX proposals_by_proposer ON proposals (organization_id, proposer_id, opened_position DESC);
CREATE TABLE reviewers (
    proposal_id     uuid NOT NULL,
    member_id       uuid NOT NULL,
    organization_id uuid NOT NULL,
    opened_position bigint NOT NULL,
    pending         boolean NOT NULL,
    answered        boolean NOT NULL DEFAULT false,
    PRIMARY KEY (proposal_id, member_id)
) WITH (fillfactor = 60);
CREATE INDEX reviewers_pending ON reviewers (organization_id, member_id, opened_position DESC) WHERE pending;
CREATE TABLE tokens (
    token_id        uuid PRIMARY KEY,
    organization_id uuid NOT NULL,
    member_id       uuid NOT NULL,
    position        bigint NOT NULL,
    name            text NOT NULL,
    prefix          text NOT NULL,
    actions         jsonb,
    expires_at      timestamptz,
    issued_at       timestamptz NOT NULL,
    revoked_at      timestamptz
);
CREATE INDEX tokens_in_order ON tokens (organization_id, position DESC);
CREATE TABLE invites (
    invite_id       uuid PRIMARY KEY,
    organization_id uuid NOT NULL,
    position        bigint NOT NULL,
    role            text NOT NULL,
    expires_at      timestamptz NOT NULL,
    created_at      timestamptz NOT NULL,
    accepted_by     uuid
);
CREATE INDEX invites_in_order ON invites (organization_id, position DESC);
CREATE TABLE grants (
    grant_id          uuid PRIMARY KEY,
    organization_id   uuid NOT NULL,
    position          bigint NOT NULL,
    proposal_id       uuid NOT NULL,
    principal_id      uuid NOT NULL,
    zone_id           uuid NOT NULL,
    action            text NOT NULL,
    parameters_sha256 text NOT NULL,
    amount            text,
    uses              bigint,
    expires_at        timestamptz NOT NULL,
    issued_at         timestamptz NOT NULL,
    voided            text
);
CREATE INDEX grants_in_order ON grants (organization_id, position DESC);
CREATE INDEX grants_by_principal ON grants (organization_id, principal_id, position DESC);
CREATE INDEX grants_by_zone ON grants (organization_id, zone_id, position DESC);
CREATE TABLE deadlines (
    kind            text NOT NULL,
    subject_id      uuid NOT NULL,
    organization_id uuid NOT NULL,
    due_at          timestamptz NOT NULL,
    PRIMARY KEY (subject_id, kind)
);
CREATE INDEX deadlines_in_order ON deadlines (due_at, subject_id);
