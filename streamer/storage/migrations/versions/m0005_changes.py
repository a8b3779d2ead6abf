"""What changes is told to whoever listens, by the transaction that changes it."""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_STATEMENTS: tuple[str, ...] = ()


def upgrade() -> None:
    """Create the triggers."""
    for statement in _STATEMENTS:
        op.execute(statement)
