"""The laboratory's table: cells and their attempts. For PostgreSQL, the first schema."""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

STATEMENTS = (
    """CREATE TABLE bench_attempt (
    "key" VARCHAR NOT NULL,
    number INTEGER NOT NULL,
    suite VARCHAR NOT NULL,
    session VARCHAR NOT NULL,
    status VARCHAR NOT NULL,
    started FLOAT NOT NULL,
    ended FLOAT,
    official FLOAT,
    error VARCHAR,
    cost FLOAT,
    PRIMARY KEY ("key", number)
)""",
    """CREATE INDEX ix_bench_attempt_suite ON bench_attempt (suite)""",
    """CREATE TABLE bench_cell (
    "key" VARCHAR NOT NULL,
    suite VARCHAR NOT NULL,
    task VARCHAR NOT NULL,
    item VARCHAR NOT NULL,
    window VARCHAR NOT NULL,
    length INTEGER NOT NULL,
    answer_type VARCHAR NOT NULL,
    document VARCHAR NOT NULL,
    question TEXT NOT NULL,
    method VARCHAR NOT NULL,
    model VARCHAR NOT NULL,
    parameters TEXT NOT NULL,
    seed INTEGER NOT NULL,
    status VARCHAR NOT NULL,
    attempts INTEGER NOT NULL,
    session VARCHAR,
    started FLOAT,
    ended FLOAT,
    seconds FLOAT,
    official FLOAT,
    tolerant FLOAT,
    judge FLOAT,
    parsed VARCHAR NOT NULL,
    answer TEXT,
    "limit" VARCHAR,
    error VARCHAR,
    calls INTEGER NOT NULL,
    turns INTEGER NOT NULL,
    depth INTEGER NOT NULL,
    input INTEGER NOT NULL,
    cached INTEGER NOT NULL,
    output INTEGER NOT NULL,
    reasoning INTEGER NOT NULL,
    cost FLOAT,
    pid INTEGER,
    host VARCHAR,
    start VARCHAR,
    PRIMARY KEY ("key")
)""",
    """CREATE INDEX ix_bench_cell_suite ON bench_cell (suite)""",
)


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        statements: tuple[str, ...] = STATEMENTS
    else:
        blocks = Path(__file__).with_name("v0002_postgresql.sql").read_text("utf-8").split("\n\n")
        statements = tuple(block.strip().removesuffix(";") for block in blocks if not block.startswith("--"))
    for statement in statements:
        op.execute(statement)
