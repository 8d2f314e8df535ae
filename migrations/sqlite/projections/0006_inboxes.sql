-- What changed for whom, who brought what up, and what has been read.
CREATE TABLE notifications (
    organization_id text NOT NULL,
    member_id       text NOT NULL,
    position        integer NOT NULL,
    kind            text NOT NULL,
    subject_type    text NOT NULL,
    subject_id      text NOT NULL,
    zone_id         text,
    at              text NOT NULL,
    PRIMARY KEY (organization_id, member_id, position, kind)
);
CREATE TABLE authors (
    subject_id      text PRIMARY KEY,
    organization_id text NOT NULL,
    member_id       text NOT NULL
);
CREATE TABLE inboxes (
    organization_id text NOT NULL,
    member_id       text NOT NULL,
    read_up_to      integer NOT NULL,
    PRIMARY KEY (organization_id, member_id)
);
CREATE TABLE read_marks (
    organization_id text NOT NULL,
    member_id       text NOT NULL,
    position        integer NOT NULL,
    PRIMARY KEY (organization_id, member_id, position)
);
