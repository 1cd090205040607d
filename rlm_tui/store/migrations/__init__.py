"""Alembic's steps from one version of the schema to the next. Revision ``0002`` makes version 2."""
