-- What the overview and the lists of pages look for. Counts are made from the second index alone.
CREATE INDEX proposals_by_decision ON proposals (organization_id, decided_at) WHERE decided_at IS NOT NULL;
CREATE INDEX proposals_to_count ON proposals (organization_id, status, opened_at, risk_level, zone_id);
