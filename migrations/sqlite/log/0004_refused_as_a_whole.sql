-- What is refused takes its whole transaction with it. A refusal that took back no more than one statement would have every
-- append copy each page of the table and its indexes before it touches them, in case it came to that.
DROP TRIGGER events_refuse_replace;
CREATE TRIGGER events_refuse_replace BEFORE INSERT ON events
WHEN EXISTS (SELECT 1 FROM events WHERE global_position = NEW.global_position)
  OR EXISTS (SELECT 1 FROM events WHERE organization_id = NEW.organization_id AND position = NEW.position)
  OR EXISTS (SELECT 1 FROM events WHERE aggregate_type = NEW.aggregate_type AND aggregate_id = NEW.aggregate_id AND sequence = NEW.sequence)
BEGIN
    SELECT RAISE(ROLLBACK, 'events are appended, never changed (REPLACE refused)');
END;
