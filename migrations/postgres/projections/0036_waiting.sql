-- A member is of one organization: naming both made each entry half as large again, and reviews that are asked and answered move
-- many of them.
DROP INDEX reviewers_pending;
CREATE INDEX reviewers_pending ON reviewers (member_id, opened_position) WHERE pending;

-- A proposal is rewritten with each vote: where its page has room, its indexes need not hear of it.
ALTER TABLE proposals SET (fillfactor = 80);
