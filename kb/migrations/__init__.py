"""Alembic migrations of the records; `kb.store.Store.open` runs them."""
