-- Who did what where and when is found by blocks, which are a read model: an append writes to four indexes less.
DROP INDEX events_by_zone;
DROP INDEX events_by_actor;
DROP INDEX events_by_type;
DROP INDEX events_by_time;
