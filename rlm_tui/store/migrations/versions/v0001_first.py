"""The first schema."""

from __future__ import annotations

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

STATEMENTS = (
    """CREATE TABLE blob (
    sha VARCHAR NOT NULL,
    part INTEGER NOT NULL,
    parts INTEGER NOT NULL,
    chars INTEGER NOT NULL,
    coding VARCHAR NOT NULL,
    data BLOB NOT NULL,
    PRIMARY KEY (sha, part)
)""",
    """CREATE TABLE event (
    session VARCHAR NOT NULL,
    seq INTEGER NOT NULL,
    at FLOAT NOT NULL,
    kind VARCHAR NOT NULL,
    schema INTEGER NOT NULL,
    payload TEXT NOT NULL,
    PRIMARY KEY (session, seq)
)
 WITHOUT ROWID""",
    """CREATE TABLE lease (
    session VARCHAR NOT NULL,
    token VARCHAR NOT NULL,
    pid INTEGER NOT NULL,
    host VARCHAR NOT NULL,
    start VARCHAR NOT NULL,
    at FLOAT NOT NULL,
    PRIMARY KEY (session)
)""",
    """CREATE TABLE mark (
    session VARCHAR NOT NULL,
    tags VARCHAR NOT NULL,
    note VARCHAR NOT NULL,
    score INTEGER,
    PRIMARY KEY (session)
)""",
    """CREATE TABLE removal (
    session VARCHAR NOT NULL,
    PRIMARY KEY (session)
)""",
    """CREATE TABLE session (
    id VARCHAR NOT NULL,
    created FLOAT NOT NULL,
    updated FLOAT NOT NULL,
    ended FLOAT,
    "query" VARCHAR NOT NULL,
    documents VARCHAR NOT NULL,
    chars INTEGER NOT NULL,
    model VARCHAR NOT NULL,
    sub_model VARCHAR,
    origin VARCHAR NOT NULL,
    parent VARCHAR,
    parent_seq INTEGER,
    status VARCHAR NOT NULL,
    answer VARCHAR,
    "limit" VARCHAR,
    error VARCHAR,
    calls INTEGER NOT NULL,
    input INTEGER NOT NULL,
    cached INTEGER NOT NULL,
    cache_write INTEGER NOT NULL,
    output INTEGER NOT NULL,
    reasoning INTEGER NOT NULL,
    cost FLOAT NOT NULL,
    unpriced INTEGER NOT NULL,
    estimated BOOLEAN NOT NULL,
    turns INTEGER NOT NULL,
    cells INTEGER NOT NULL,
    nodes INTEGER NOT NULL,
    depth INTEGER NOT NULL,
    errors INTEGER NOT NULL,
    last_seq INTEGER NOT NULL,
    PRIMARY KEY (id)
)""",
    """CREATE INDEX ix_session_created ON session (created)""",
    """CREATE TRIGGER event_follows BEFORE INSERT ON event
WHEN NEW.seq IS NOT (SELECT coalesce(max(seq), 0) + 1 FROM event WHERE session = NEW.session)
BEGIN SELECT RAISE(ABORT, 'an event must follow the last one of its session'); END""",
    """CREATE TRIGGER event_stays BEFORE UPDATE ON event
BEGIN SELECT RAISE(ABORT, 'events are never changed'); END""",
    """CREATE TRIGGER event_remains BEFORE DELETE ON event
WHEN NOT EXISTS (SELECT 1 FROM removal WHERE session = OLD.session)
BEGIN SELECT RAISE(ABORT, 'events are never deleted one by one'); END""",
    """CREATE TRIGGER blob_stays BEFORE UPDATE ON blob
BEGIN SELECT RAISE(ABORT, 'texts are never changed'); END""",
)
"""As they were when this version was released: later changes of the tables must not reach back."""


def upgrade() -> None:
    if op.get_bind().dialect.name != "sqlite":
        # Stores in PostgreSQL begin with the next version.
        return
    for statement in STATEMENTS:
        op.execute(statement)
