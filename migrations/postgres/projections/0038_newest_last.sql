-- What is read newest first is kept newest last: new entries go to the end, where a page is filled before the next one is begun.
DROP INDEX proposals_in_order;
DROP INDEX proposals_by_status;
DROP INDEX proposals_by_zone;
DROP INDEX proposals_by_proposer;
DROP INDEX reviewers_asked;
DROP INDEX grants_in_order;
DROP INDEX grants_by_principal;
DROP INDEX grants_by_zone;
CREATE INDEX proposals_in_order ON proposals (organization_id, opened_position);
CREATE INDEX proposals_by_status ON proposals (organization_id, status, opened_position);
CREATE INDEX proposals_by_zone ON proposals (organization_id, zone_id, opened_position);
CREATE INDEX proposals_by_proposer ON proposals (organization_id, proposer_id, opened_position);
CREATE INDEX reviewers_asked ON reviewers (member_id, asked_position);
CREATE INDEX grants_in_order ON grants (organization_id, position);
CREATE INDEX grants_by_principal ON grants (organization_id, principal_id, position);
CREATE INDEX grants_by_zone ON grants (organization_id, zone_id, position);
