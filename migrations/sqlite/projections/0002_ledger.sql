-- What is set aside in the ledger, and what became of grants.
CREATE TABLE reservations (
    reservation_id  text PRIMARY KEY,
    organization_id text NOT NULL,
    position        integer NOT NULL,
    zone_id         text NOT NULL,
    principal_id    text NOT NULL,
    reserved_by     text NOT NULL,
    action          text NOT NULL,
    amount          text NOT NULL,
    actual          text,
    status          text NOT NULL,
    reserved_at     text NOT NULL,
    expires_at      text NOT NULL,
    closed_at       text
);
CREATE INDEX reservations_by_zone ON reservations (organization_id, zone_id, position DESC);
ALTER TABLE grants ADD COLUMN used integer NOT NULL DEFAULT 0;
ALTER TABLE grants ADD COLUMN spent text;
ALTER TABLE grants ADD COLUMN ended text;
