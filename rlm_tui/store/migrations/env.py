"""How Alembic runs here: on the connection that `rlm_tui.store.migrate` gives it, inside that one's transaction."""

from __future__ import annotations

from alembic import context

from rlm_tui.store.tables import Base

context.configure(
    connection=context.config.attributes["connection"],
    version_table=context.config.attributes["versions"],
    target_metadata=Base.metadata,
    render_as_batch=True,
    transactional_ddl=True,
)
context.run_migrations()
