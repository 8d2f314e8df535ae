-- Read models. Everything here is worked out from the log and can be thrown away.
CREATE TABLE checkpoints (
    projection      text   PRIMARY KEY,
    global_position integer NOT NULL,
    failed_at       integer,
    failure         text
);
CREATE TABLE organizations (
    organization_id text PRIMARY KEY,
    founder_id      text,
    name            text NOT NULL,
    slug            text NOT NULL,
    founded_at      text NOT NULL
);
CREATE INDEX organizations_by_founder ON organizations (founder_id);
CREATE TABLE proposals (
    proposal_id        text PRIMARY KEY,
    organization_id    text NOT NULL,
    opened_position    integer NOT NULL,
    zone_id            text NOT NULL,
    proposal_type      text NOT NULL,
    title              text NOT NULL,
    status             text NOT NULL,
    risk_level         text NOT NULL,
    proposer_id        text NOT NULL,
    decision_model     text NOT NULL,
    tally              text NOT NULL,
    reason             text,
    execution_status   text,
    deadline           text,
    expires_at         text,
    opened_at          text NOT NULL,
    decided_at         text,
    updated_at         text NOT NULL,
    before_reason      text,
    before_execution   text,
    before_decided_at  text
);
CREATE INDEX proposals_in_order ON proposals (organization_id, opened_position DESC);
CREATE INDEX proposals_by_status ON proposals (organization_id, status, opened_position DESC);
CREATE INDEX proposals_by_zone ON proposals (organization_id, zone_id, opened_position DESC);
CREATE INDEX proposals_by_proposer ON proposals (organization_id, proposer_id, opened_position DESC);
CREATE TABLE reviewers (
    proposal_id     text NOT NULL,
    member_id       text NOT NULL,
    organization_id text NOT NULL,
    opened_position integer NOT NULL,
    pending         boolean NOT NULL,
    answered        boolean NOT NULL DEFAULT false,
    PRIMARY KEY (proposal_id, member_id)
);
CREATE INDEX reviewers_pending ON reviewers (organization_id, member_id, opened_position DESC) WHERE pending;
CREATE TABLE tokens (
    token_id        text PRIMARY KEY,
    organization_id text NOT NULL,
    member_id       text NOT NULL,
    position        integer NOT NULL,
    name            text NOT NULL,
    prefix          text NOT NULL,
    actions         text,
    expires_at      text,
    issued_at       text NOT NULL,
    revoked_at      text
);
CREATE INDEX tokens_in_order ON tokens (organization_id, position DESC);
CREATE TABLE invites (
    invite_id       text PRIMARY KEY,
    organization_id text NOT NULL,
    position        integer NOT NULL,
    role            text NOT NULL,
    expires_at      text NOT NULL,
    created_at      text NOT NULL,
    accepted_by     text
);
CREATE INDEX invites_in_order ON invites (organization_id, position DESC);
CREATE TABLE grants (
    grant_id          text PRIMARY KEY,
    organization_id   text NOT NULL,
    position          integer NOT NULL,
    proposal_id       text NOT NULL,
    principal_id      text NOT NULL,
    zone_id           text NOT NULL,
    action            text NOT NULL,
    parameters_sha256 text NOT NULL,
    amount            text,
    uses              integer,
    expires_at        text NOT NULL,
    issued_at         text NOT NULL,
    voided            text
);
CREATE INDEX grants_in_order ON grants (organization_id, position DESC);
CREATE INDEX grants_by_principal ON grants (organization_id, principal_id, position DESC);
CREATE INDEX grants_by_zone ON grants (organization_id, zone_id, position DESC);
CREATE TABLE deadlines (
    kind            text NOT NULL,
    subject_id      text NOT NULL,
    organization_id text NOT NULL,
    due_at          text NOT NULL,
    PRIMARY KEY (subject_id, kind)
);
CREATE INDEX deadlines_in_order ON deadlines (due_at, subject_id);
