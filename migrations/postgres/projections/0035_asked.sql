-- Whoever is asked for a review is told so by the row that seats them: no second row repeats it.
ALTER TABLE reviewers ADD COLUMN told_at timestamptz;
DROP INDEX reviewers_latest;
CREATE INDEX reviewers_asked ON reviewers (member_id, asked_position DESC);

-- What has been told in the way before is told in this one.
UPDATE reviewers SET told_at = (SELECT n.at FROM notifications n
    WHERE n.organization_id = reviewers.organization_id AND n.member_id = reviewers.member_id
      AND n.position = reviewers.asked_position AND n.kind = 'review_requested');
DELETE FROM notifications WHERE kind = 'review_requested';
