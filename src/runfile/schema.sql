-- One run: what was planned, what was sent, what became of it. FORMAT in mod.rs changes with this file.
CREATE TABLE meta (
    k TEXT PRIMARY KEY,
    v TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE step (
    id        INTEGER PRIMARY KEY,          -- topological order, from 0
    name      TEXT NOT NULL UNIQUE,
    verb      TEXT NOT NULL,
    module    TEXT,
    effect    TEXT NOT NULL,                -- reads, writes, calls
    repeat    TEXT NOT NULL,                -- once, for_each
    expanded  INTEGER NOT NULL DEFAULT 0,   -- its items are known
    items     INTEGER NOT NULL DEFAULT 0,
    records   INTEGER NOT NULL DEFAULT 0,
    count     INTEGER,                      -- what `count` gave
    reason    TEXT                          -- why it is as it is, for people
);

CREATE TABLE item (
    step     INTEGER NOT NULL,
    idx      INTEGER NOT NULL,
    key      TEXT,
    file     TEXT,
    line     INTEGER,
    source   TEXT,                          -- JSON; null where it is another item's result
    src_step INTEGER,
    src_idx  INTEGER,
    count    INTEGER,                       -- what `count` gave
    selected TEXT,                          -- JSON list: what `select` found in its answer
    unjudged INTEGER NOT NULL DEFAULT 0,    -- a read that nobody has asked yet whether it is as expected
    PRIMARY KEY (step, idx)
) WITHOUT ROWID;
CREATE INDEX item_unjudged ON item (step, idx) WHERE unjudged;
CREATE UNIQUE INDEX item_key ON item (step, key) WHERE key IS NOT NULL;

CREATE TABLE kept_row (                     -- rows of files that the plan could not use yet; apply reads no file
    step  INTEGER NOT NULL,
    idx   INTEGER NOT NULL,
    file  TEXT,
    line  INTEGER,
    value TEXT,                             -- JSON; null where the row does not read
    bad   TEXT,                             -- why
    PRIMARY KEY (step, idx)
) WITHOUT ROWID;

-- Every write, and every read or assert that is deferred or went wrong.
CREATE TABLE op (
    seq        INTEGER PRIMARY KEY,         -- step and item in one number
    key        TEXT NOT NULL,
    action     TEXT NOT NULL,
    module     TEXT,
    record     TEXT,
    sync_key   TEXT,                        -- by which it finds its record
    likeness   BLOB,                        -- of an upsert that creates: what it matches by, hashed (operation::Likeness)
    state      TEXT NOT NULL,
    label      TEXT,
    message    TEXT,
    status     INTEGER,
    wait       INTEGER NOT NULL DEFAULT 0,  -- operations it needs that are not final
    weight     INTEGER NOT NULL DEFAULT 0,  -- of `max_changes`
    reversible INTEGER NOT NULL DEFAULT 1,
    modified   TEXT,                        -- date_modified it was planned against
    batch      INTEGER,
    attempts   INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX op_ready ON op (seq) WHERE state = 'planned' AND wait = 0;
CREATE INDEX op_deferred ON op (seq) WHERE state = 'deferred';
CREATE INDEX op_open ON op (seq) WHERE state IN ('sent', 'unknown');
CREATE INDEX op_record ON op (module, record, seq) WHERE record IS NOT NULL;
CREATE INDEX op_sync_key ON op (module, sync_key, seq) WHERE sync_key IS NOT NULL;
CREATE INDEX op_likeness ON op (likeness, seq) WHERE likeness IS NOT NULL;

-- How many operations are in which state, so that nobody counts a million of them. Who changes a state or a label counts
-- it in the same transaction (tally.rs).
CREATE TABLE tally (
    step   INTEGER NOT NULL,
    action TEXT NOT NULL,
    state  TEXT NOT NULL,
    label  TEXT NOT NULL,                   -- empty where there is none
    count  INTEGER NOT NULL,
    weight INTEGER NOT NULL,
    PRIMARY KEY (step, action, state, label)
) WITHOUT ROWID;
CREATE TRIGGER op_added AFTER INSERT ON op BEGIN
    INSERT INTO tally VALUES (new.seq >> 40, new.action, new.state, coalesce(new.label, ''), 1, new.weight)
        ON CONFLICT DO UPDATE SET count = count + 1, weight = weight + excluded.weight;
END;
CREATE TRIGGER op_removed AFTER DELETE ON op BEGIN
    UPDATE tally SET count = count - 1, weight = weight - old.weight
        WHERE step = old.seq >> 40 AND action = old.action AND state = old.state AND label = coalesce(old.label, '');
END;

CREATE TABLE body (
    seq    INTEGER PRIMARY KEY,
    change TEXT,                            -- operation::Change as JSON
    before TEXT NOT NULL,
    after  TEXT NOT NULL,
    side_effects TEXT,                      -- field -> {before, after}: what changed besides what was sent
    omitted TEXT,                           -- operation::Omitted as JSON list: records taken out of the change, not done
    written TEXT                            -- operation::Written as JSON: done, though the operation did not go well
);
CREATE INDEX body_besides ON body (seq) WHERE side_effects IS NOT NULL;
CREATE INDEX body_written ON body (seq) WHERE written IS NOT NULL;

CREATE TABLE result (
    step   INTEGER NOT NULL,
    idx    INTEGER NOT NULL,
    n      INTEGER NOT NULL,
    key    TEXT,
    fields TEXT NOT NULL,                   -- JSON, only the fields somebody uses
    PRIMARY KEY (step, idx, n)
) WITHOUT ROWID;
CREATE UNIQUE INDEX result_key ON result (step, key) WHERE key IS NOT NULL;

CREATE TABLE edge (
    up   INTEGER NOT NULL,
    down INTEGER NOT NULL,
    kind TEXT NOT NULL,                     -- value, predicted_id, order
    PRIMARY KEY (up, down)
) WITHOUT ROWID;
CREATE INDEX edge_down ON edge (down);

CREATE TABLE binding (                      -- a record that a link of this run binds to the one it may have, or a column that
                                            -- it sets of the relation
    module TEXT NOT NULL,
    record TEXT NOT NULL,
    field  TEXT NOT NULL,                   -- the id field, or the link where no field shows it; relation, other id and column
    seq    INTEGER NOT NULL,
    other  TEXT NOT NULL,
    PRIMARY KEY (module, record, field, seq)
) WITHOUT ROWID;
CREATE INDEX binding_seq ON binding (seq);

CREATE TABLE led_to (                       -- a record that a link leads to, where the run deletes records of its module
    module TEXT NOT NULL,
    link   TEXT NOT NULL,
    other  TEXT NOT NULL,
    seq    INTEGER NOT NULL,
    PRIMARY KEY (module, link, other, seq)
) WITHOUT ROWID;
CREATE INDEX led_to_seq ON led_to (seq);

CREATE TABLE op_step_wait (                 -- a deferred operation and a step it needs settled
    seq  INTEGER NOT NULL,
    step INTEGER NOT NULL,
    PRIMARY KEY (seq, step)
) WITHOUT ROWID;

CREATE TABLE batch (
    id      INTEGER PRIMARY KEY,
    sent_at TEXT NOT NULL,
    done_at TEXT,
    entries INTEGER NOT NULL
);

-- Records this run wrote, as it saw them last. Undo tells by it whether somebody came after us. Those that it made stand
-- by their creates: in the order in which they are written, and not scattered by their ids.
CREATE TABLE made (
    seq   INTEGER PRIMARY KEY,
    at    TEXT,                             -- the newest date_modified; null where a write of ours may have moved it unseen
    print TEXT                              -- what its own fields held
);
CREATE TABLE stamp (                        -- all others
    module TEXT NOT NULL,
    record TEXT NOT NULL,
    at     TEXT,
    PRIMARY KEY (module, record)
) WITHOUT ROWID;

CREATE TABLE problem (                      -- what was found while planning or applying, beside operations
    id       INTEGER PRIMARY KEY,
    code     TEXT NOT NULL,
    severity TEXT NOT NULL,
    message  TEXT NOT NULL,
    help     TEXT,
    file     TEXT,
    line     INTEGER,
    "column" INTEGER,
    step     TEXT
);
