"""Alembic's entry: writes the statements of the wanted revisions; `schema.py` runs them.

Offline only: asyncpg is the one driver here and alembic cannot drive it without SQLAlchemy's
greenlet bridge; a script of statements needs no bridge, and the caller keeps the transaction.
"""

from alembic import context

context.configure(dialect_name="postgresql", transactional_ddl=True)
context.run_migrations()
