-- Version 1. Times are milliseconds since 1970. Beside these tables there is one `known_<day>` for each day since 1970
-- of which ids are kept: see accept.rs.

-- Events that wait (batch is null) or are members of a batch. AUTOINCREMENT: a place is never given twice.
CREATE TABLE event (
    seq         INTEGER PRIMARY KEY AUTOINCREMENT,
    site        TEXT NOT NULL,
    accepted_at INTEGER NOT NULL,
    batch       INTEGER,
    json        TEXT NOT NULL
) STRICT;

CREATE INDEX event_waiting ON event (site, seq) WHERE batch IS NULL;
CREATE INDEX event_of_batch ON event (batch, seq) WHERE batch IS NOT NULL;

-- Batches that were sent or are about to be, and are not settled.
CREATE TABLE batch (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    site    TEXT NOT NULL,
    suspect INTEGER NOT NULL -- a part of a refused one
) STRICT;

-- Starts of requests, recorded before they happen; those of the last minutes.
CREATE TABLE attempt (
    site  TEXT NOT NULL,
    batch INTEGER NOT NULL,
    at    INTEGER NOT NULL
) STRICT;

CREATE INDEX attempt_by_site ON attempt (site, at);

CREATE TABLE letter (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    site    TEXT NOT NULL,
    at      INTEGER NOT NULL,
    reason  TEXT NOT NULL,
    status  INTEGER NOT NULL,
    message TEXT NOT NULL,
    json    TEXT NOT NULL
) STRICT;

-- Absolute numbers of a site, changed in the transactions that change its rows. `writer` tells relays apart where there
-- are several; here it is 0.
CREATE TABLE total (
    site      TEXT NOT NULL,
    writer    INTEGER NOT NULL,
    accepted  INTEGER NOT NULL,
    repeated  INTEGER NOT NULL,
    delivered INTEGER NOT NULL,
    discarded INTEGER NOT NULL,
    expired   INTEGER NOT NULL,
    waiting   INTEGER NOT NULL,
    dead      INTEGER NOT NULL,
    bytes     INTEGER NOT NULL,
    day       INTEGER NOT NULL, -- since 1970
    today     INTEGER NOT NULL, -- events accepted on it
    PRIMARY KEY (site, writer)
) STRICT, WITHOUT ROWID;

-- Written to see whether writing is possible.
CREATE TABLE probe (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    n  INTEGER NOT NULL
) STRICT;

INSERT INTO probe VALUES (1, 0);
