-- What is open, by zone and risk and age, is counted from one index that knows nothing else.
DROP INDEX proposals_to_count;
CREATE INDEX proposals_open ON proposals (organization_id, zone_id, risk_level, opened_at) WHERE status = 'pending_review';
