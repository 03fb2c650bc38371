-- AUTOINCREMENT: a number is never given twice, so `since` misses nothing.
CREATE TABLE requests (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    received_at   INTEGER NOT NULL, -- milliseconds since 1970
    status        INTEGER,          -- null: no answer was sent
    event_count   INTEGER NOT NULL, -- events stored
    bytes         INTEGER NOT NULL,
    authorization TEXT NOT NULL,
    content_type  TEXT,
    origin        TEXT,
    fault         TEXT
) STRICT;

CREATE TABLE events (
    seq         INTEGER PRIMARY KEY AUTOINCREMENT, -- the order of arrival
    request_id  INTEGER NOT NULL REFERENCES requests (id),
    received_at INTEGER NOT NULL,
    event_name  TEXT NOT NULL,
    user_id     TEXT NOT NULL,
    properties  TEXT, -- JSON, null if the event had none
    ip          TEXT,
    ua          TEXT,
    event_id    TEXT  -- properties.$event_id; not unique, repeats are what tests count
) STRICT;

CREATE INDEX events_by_event_id ON events (event_id);
