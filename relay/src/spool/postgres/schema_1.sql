-- Version 1, in the schema appizer_relay. Times are milliseconds since 1970. The tables are those of SQLite
-- (../sqlite/schema_1.sql), but that days of known ids are partitions.

-- Events that wait (batch is null) or are members of a batch.
CREATE TABLE event (
    seq         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    site        text NOT NULL,
    accepted_at bigint NOT NULL,
    batch       bigint,
    json        text NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0.02);

CREATE INDEX event_waiting ON event (site, seq) WHERE batch IS NULL;
CREATE INDEX event_of_batch ON event (batch, seq) WHERE batch IS NOT NULL;

-- Batches that were sent or are about to be, and are not settled.
CREATE TABLE batch (
    id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    site    text NOT NULL,
    suspect boolean NOT NULL
);

-- Starts of requests, recorded before they happen; those of the last minutes.
CREATE TABLE attempt (
    site  text NOT NULL,
    batch bigint NOT NULL,
    at    bigint NOT NULL
);

CREATE INDEX attempt_by_site ON attempt (site, at);

CREATE TABLE letter (
    id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    site    text NOT NULL,
    at      bigint NOT NULL,
    reason  text NOT NULL,
    status  integer NOT NULL,
    message text NOT NULL,
    json    text NOT NULL
);

-- Numbers of a site, a row for each relay: relays that accept side by side never wait for one another's row. The site's
-- numbers are the sums.
CREATE TABLE total (
    site      text NOT NULL,
    writer    bigint NOT NULL,
    accepted  bigint NOT NULL,
    repeated  bigint NOT NULL,
    delivered bigint NOT NULL,
    discarded bigint NOT NULL,
    expired   bigint NOT NULL,
    waiting   bigint NOT NULL,
    dead      bigint NOT NULL,
    bytes     bigint NOT NULL,
    day       bigint NOT NULL,
    today     bigint NOT NULL,
    PRIMARY KEY (site, writer)
);

-- Ids that were accepted within a month.
CREATE TABLE known (
    id  bytea NOT NULL,
    day bigint NOT NULL,
    PRIMARY KEY (id, day)
) PARTITION BY LIST (day);

CREATE TABLE probe (
    id integer PRIMARY KEY CHECK (id = 1),
    n  bigint NOT NULL
);

INSERT INTO probe VALUES (1, 0);
