-- What someone's reviews amount to (SPEC G2): when they were asked and answered, what they said, and whether they missed it.
-- Each row names the positions of the events it rests on.
ALTER TABLE reviewers ADD COLUMN asked_position integer;
ALTER TABLE reviewers ADD COLUMN asked_epoch integer;
ALTER TABLE reviewers ADD COLUMN answered_position integer;
ALTER TABLE reviewers ADD COLUMN answer_seconds integer;
ALTER TABLE reviewers ADD COLUMN choice text;
ALTER TABLE reviewers ADD COLUMN missed boolean NOT NULL DEFAULT false;
CREATE INDEX reviewers_latest ON reviewers (member_id, opened_position DESC);
