-- What the overview and the lists of pages look for.
CREATE INDEX proposals_by_decision ON proposals (organization_id, decided_at) WHERE decided_at IS NOT NULL;
CREATE INDEX proposals_by_risk ON proposals (organization_id, risk_level, opened_position DESC);
