-- A member is of one organization: naming both made each entry half as large again, and reviews that are asked and answered move
-- many of them. That they wait is in it so that they are counted without a look at the table.
DROP INDEX reviewers_pending;
CREATE INDEX reviewers_pending ON reviewers (member_id, opened_position, pending) WHERE pending;
