-- FORMAT in store.rs changes with this file.
CREATE TABLE pair (
    computed TEXT NOT NULL,                 -- the id that follows from a key, and that the create carried
    given    TEXT NOT NULL,                 -- the id that the instance gave in its place
    module   TEXT NOT NULL,
    at       TEXT NOT NULL,                 -- when it was learnt
    PRIMARY KEY (computed, given)           -- a record that was deleted and created again has two
) WITHOUT ROWID;
