-- Whoever is asked for a review is told so by the row that seats them: no second row repeats it.
ALTER TABLE reviewers ADD COLUMN told_at timestamptz;
DROP INDEX reviewers_latest;
CREATE INDEX reviewers_asked ON reviewers (member_id, asked_position DESC);
