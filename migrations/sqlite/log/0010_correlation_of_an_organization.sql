-- The organization is in the index again: without it one organization could make the correlations of another slow to read, by using
-- their ids, and shorter entries made no rate that could be told from the noise.
DROP INDEX events_by_correlation;
CREATE INDEX events_by_correlation ON events (organization_id, correlation_id, position);
