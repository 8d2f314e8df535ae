-- A correlation is hardly ever shared by two organizations: which one it is can be asked of the rows it leads to. SQLite spreads the
-- entries of an index anew each time its last page is full, which happens half as often with entries half as long.
DROP INDEX events_by_correlation;
CREATE INDEX events_by_correlation ON events (correlation_id, position);
