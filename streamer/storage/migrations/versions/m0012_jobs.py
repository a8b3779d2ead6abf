"""The ledger of jobs, and what retention needs."""

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_STATEMENTS: tuple[str, ...] = ()


def upgrade() -> None:
    """Create and extend."""
    for statement in _STATEMENTS:
        op.execute(statement)
