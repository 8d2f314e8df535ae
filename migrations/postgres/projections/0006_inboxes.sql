-- What changed for whom, who brought what up, and what has been read.
CREATE TABLE notifications (
    organization_id uuid NOT NULL,
    member_id       uuid NOT NULL,
    position        bigint NOT NULL,
    kind            text NOT NULL,
    subject_type    text NOT NULL,
    subject_id      uuid NOT NULL,
    zone_id         uuid,
    at              timestamptz NOT NULL,
    PRIMARY KEY (organization_id, member_id, position, kind)
);
CREATE TABLE authors (
    subject_id      uuid PRIMARY KEY,
    organization_id uuid NOT NULL,
    member_id       uuid NOT NULL
);
CREATE TABLE inboxes (
    organization_id uuid NOT NULL,
    member_id       uuid NOT NULL,
    read_up_to      bigint NOT NULL,
    PRIMARY KEY (organization_id, member_id)
);
CREATE TABLE read_marks (
    organization_id uuid NOT NULL,
    member_id       uuid NOT NULL,
    position        bigint NOT NULL,
    PRIMARY KEY (organization_id, member_id, position)
);
