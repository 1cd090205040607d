"""Sessions in SQLite: an append-only event log, content-addressed texts, and projections of them."""
