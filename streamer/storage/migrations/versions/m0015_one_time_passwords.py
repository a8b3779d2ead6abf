"""Passwords that somebody else has drawn: they open nothing but the choice of another one."""

from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_STATEMENTS: tuple[str, ...] = (
    # Until when a one-time password is good; NULL = the password is their own.
    "ALTER TABLE accounts ADD COLUMN password_until timestamptz",
    "GRANT UPDATE (password_until) ON accounts TO kirdi_service",
    "GRANT SELECT (password_until) ON accounts TO kirdi_auditor",
)


def upgrade() -> None:
    """Add the column."""
    for statement in _STATEMENTS:
        op.execute(statement)
