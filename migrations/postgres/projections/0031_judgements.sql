-- What lists of judgements look for.
CREATE INDEX evaluations_unfinished ON evaluations (organization_id, position) WHERE status <> 'completed';
CREATE INDEX evaluations_by_executor ON evaluations (organization_id, executor_id, position);
CREATE INDEX evaluations_by_zone ON evaluations (organization_id, zone_id, position);
