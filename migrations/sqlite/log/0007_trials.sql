-- What is written to find out whether the log can be written again: as much as the largest command would.
CREATE TABLE write_trials (
    one     integer PRIMARY KEY CHECK (one = 1),
    filling text NOT NULL
);
