-- Which blocks of an organization's log hold something of an actor, a type, a zone or an hour.
CREATE TABLE blocks (
    organization_id uuid NOT NULL,
    facet           text NOT NULL COLLATE "C",
    block           bigint NOT NULL,
    PRIMARY KEY (organization_id, facet, block)
);
