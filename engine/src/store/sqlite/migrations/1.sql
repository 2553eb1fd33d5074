-- Events that wait for their run. Few at any time; a number is never given twice.
CREATE TABLE waiting (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    key BLOB NOT NULL,        -- as in `seen`; what the sealed event is bound to
    sealed INTEGER NOT NULL,  -- whether `event` is encrypted
    event BLOB NOT NULL       -- JSON
) STRICT;

-- The content keys of events that came in, hashed with the flow's name, to know a copy.
CREATE TABLE seen (
    key BLOB PRIMARY KEY,
    event INTEGER NOT NULL,
    at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX seen_at ON seen (at);

CREATE TABLE cursors (
    name TEXT PRIMARY KEY,
    value BLOB NOT NULL       -- JSON
) STRICT, WITHOUT ROWID;

-- Packs that runs began with. One that nobody has kept yet has no content.
CREATE TABLE packs (
    id INTEGER PRIMARY KEY,
    content TEXT NOT NULL UNIQUE,
    pack BLOB                 -- JSON
) STRICT;

-- The combinations of flow, outcome and code that there are, so that one index finds the newest runs of any of them.
CREATE TABLE kinds (
    id INTEGER PRIMARY KEY,
    flow TEXT NOT NULL,
    outcome TEXT NOT NULL,    -- empty while a run goes on
    code TEXT NOT NULL,       -- of the error; empty without one; `*` where there are too many to tell them apart
    UNIQUE (flow, outcome, code)
) STRICT;

-- Runs, numbered in the order of their beginning.
CREATE TABLE runs (
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    kind INTEGER NOT NULL REFERENCES kinds,
    pack INTEGER NOT NULL REFERENCES packs,
    about TEXT NOT NULL,      -- JSON: a list of names
    resubmits TEXT,
    started INTEGER NOT NULL, -- all times: nanoseconds since 1970, UTC
    sleeps_until INTEGER,
    finished INTEGER,
    error TEXT                -- JSON
) STRICT;
CREATE INDEX runs_of_kind ON runs (kind);
CREATE INDEX runs_of_pack ON runs (pack);
CREATE INDEX runs_resubmitting ON runs (resubmits) WHERE resubmits IS NOT NULL;

-- What runs are about.
CREATE TABLE about (
    name INTEGER NOT NULL,    -- two hashes of 32 bits: of the name without its kind, and of the whole
    kind INTEGER NOT NULL REFERENCES kinds,
    run INTEGER NOT NULL REFERENCES runs,
    PRIMARY KEY (name, kind, run)
) STRICT, WITHOUT ROWID;

-- The records of runs, as people may see them: what was committed together is one row.
CREATE TABLE records (
    id INTEGER PRIMARY KEY,
    run INTEGER NOT NULL REFERENCES runs,
    position INTEGER NOT NULL, -- how many events are before
    count INTEGER NOT NULL,
    events BLOB NOT NULL       -- JSON: a list
) STRICT;
CREATE UNIQUE INDEX records_of_run ON records (run, position, count);

-- The same whole and encrypted, where that differs, while the run lives.
CREATE TABLE secrets (
    run INTEGER NOT NULL REFERENCES runs,
    position INTEGER NOT NULL,
    events BLOB NOT NULL,
    PRIMARY KEY (run, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE orders (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    placed TEXT NOT NULL,     -- JSON
    result TEXT               -- JSON, once it is settled
) STRICT;
CREATE INDEX orders_open ON orders (id) WHERE result IS NULL;
