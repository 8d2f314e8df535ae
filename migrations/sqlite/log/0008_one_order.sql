-- The log lies in its file in the one order that followers read, by the number of the row: an append writes to one index less, and
-- whoever reads on finds row after row.
CREATE TABLE events_in_order (
    global_position integer PRIMARY KEY,
    organization_id text    NOT NULL,
    position        integer NOT NULL,
    event_id        text    NOT NULL,
    aggregate_type  text    NOT NULL,
    aggregate_id    text    NOT NULL,
    sequence        integer NOT NULL CHECK (sequence >= 1),
    event_type      text    NOT NULL,
    event_version   text    NOT NULL,
    payload         text    NOT NULL,
    metadata        text    NOT NULL,
    zone_id         text,
    actor_id        text    NOT NULL,
    actor_kind      text    NOT NULL,
    correlation_id  text    NOT NULL,
    causation_id    text    NOT NULL,
    occurred_at     text    NOT NULL,
    recorded_at     text    NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    UNIQUE (aggregate_id, aggregate_type, sequence)
);
INSERT INTO events_in_order (global_position, organization_id, position, event_id, aggregate_type, aggregate_id, sequence,
    event_type, event_version, payload, metadata, zone_id, actor_id, actor_kind, correlation_id, causation_id, occurred_at, recorded_at)
SELECT global_position, organization_id, position, event_id, aggregate_type, aggregate_id, sequence,
    event_type, event_version, payload, metadata, zone_id, actor_id, actor_kind, correlation_id, causation_id, occurred_at, recorded_at
FROM events ORDER BY global_position;
-- Its triggers and indexes go with it.
DROP TABLE events;
ALTER TABLE events_in_order RENAME TO events;
CREATE UNIQUE INDEX events_position ON events (organization_id, position);
CREATE INDEX events_by_correlation ON events (organization_id, correlation_id, position);

-- A row that names no position would be given one; here it says -1.
CREATE TRIGGER events_refuse_replace BEFORE INSERT ON events
WHEN NEW.global_position < 1
  OR EXISTS (SELECT 1 FROM events WHERE global_position = NEW.global_position)
  OR EXISTS (SELECT 1 FROM events WHERE organization_id = NEW.organization_id AND position = NEW.position)
  OR EXISTS (SELECT 1 FROM events WHERE aggregate_type = NEW.aggregate_type AND aggregate_id = NEW.aggregate_id AND sequence = NEW.sequence)
BEGIN
    SELECT RAISE(ROLLBACK, 'events are appended, never changed (REPLACE refused)');
END;
CREATE TRIGGER events_refuse_update BEFORE UPDATE ON events BEGIN
    SELECT RAISE(ABORT, 'events are appended, never changed (UPDATE refused)');
END;
CREATE TRIGGER events_refuse_delete BEFORE DELETE ON events BEGIN
    SELECT RAISE(ABORT, 'events are appended, never changed (DELETE refused)');
END;
