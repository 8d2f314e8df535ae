-- How far those have come who act on what they read: it outlives the read models, which can be made again.
CREATE TABLE followers (
    name            text PRIMARY KEY,
    global_position bigint NOT NULL
);
