-- What is set aside in the ledger, and what became of grants.
CREATE TABLE reservations (
    reservation_id  uuid PRIMARY KEY,
    organization_id uuid NOT NULL,
    position        bigint NOT NULL,
    zone_id         uuid NOT NULL,
    principal_id    uuid NOT NULL,
    reserved_by     uuid NOT NULL,
    action          text NOT NULL,
    amount          text NOT NULL,
    actual          text,
    status          text NOT NULL,
    reserved_at     timestamptz NOT NULL,
    expires_at      timestamptz NOT NULL,
    closed_at       timestamptz
);
CREATE INDEX reservations_by_zone ON reservations (organization_id, zone_id, position DESC);
ALTER TABLE grants ADD COLUMN used bigint NOT NULL DEFAULT 0;
ALTER TABLE grants ADD COLUMN spent text;
ALTER TABLE grants ADD COLUMN ended text;
