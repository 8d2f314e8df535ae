-- Which blocks of an organization's log hold something of an actor, a type, a zone or an hour.
CREATE TABLE blocks (
    organization_id text NOT NULL,
    facet           text NOT NULL,
    block           integer NOT NULL,
    PRIMARY KEY (organization_id, facet, block)
) WITHOUT ROWID;
