-- One row is one event, appended once. `seq` is the rowid, so that every index carries it.
CREATE TABLE journal (
    seq        INTEGER PRIMARY KEY,
    id         TEXT    NOT NULL,
    at         INTEGER NOT NULL,
    boot_id    TEXT    NOT NULL,
    boot_ns    INTEGER NOT NULL,
    epoch      INTEGER NOT NULL,
    principal  TEXT    NOT NULL,
    command_id TEXT,
    stream     TEXT    NOT NULL,
    kind       TEXT    NOT NULL,
    body       TEXT    NOT NULL,
    prev       BLOB    NOT NULL,
    hash       BLOB    NOT NULL
) STRICT;

CREATE INDEX journal_stream ON journal (stream);
CREATE INDEX journal_command ON journal (command_id) WHERE command_id IS NOT NULL;

-- What the entries up to `seq` fold to, so that a long journal opens fast. Never the truth: it may be thrown away.
CREATE TABLE snapshot (
    seq         INTEGER PRIMARY KEY,
    hash        BLOB    NOT NULL,
    protocol    INTEGER NOT NULL,
    body_sha256 BLOB    NOT NULL,
    body        BLOB    NOT NULL
) STRICT;

PRAGMA application_id = 0x77617272; -- "warr"
