"""Schedules of reports that are kept beside those of the settings."""

from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

_STATEMENTS: tuple[str, ...] = (
    # A removed one stays: the runs and deliveries of its name are its own, so no other gets it.
    """
    CREATE TABLE report_schedules (
        site_id text NOT NULL,
        schedule_id text NOT NULL CHECK (schedule_id ~ '^[a-z0-9][a-z0-9_-]{0,62}$'),
        kind text NOT NULL CHECK (kind IN ('day','week','month')),
        cron text NOT NULL CHECK (cron <> ''),
        forms text[] NOT NULL CHECK (forms <> '{}'),
        language text NOT NULL CHECK (language IN ('kk','ru','en')),
        destinations text[] NOT NULL,
        every_revision boolean NOT NULL,
        paused boolean NOT NULL,
        changed_by text NOT NULL CHECK (changed_by <> ''),
        changed_at timestamptz NOT NULL,
        removed_at timestamptz,
        PRIMARY KEY (site_id, schedule_id)
    )
    """,
    "SELECT kirdi_protect('report_schedules')",
    """
    GRANT SELECT, INSERT, UPDATE (cron, forms, language, destinations, every_revision, paused,
        changed_by, changed_at, removed_at) ON report_schedules TO kirdi_service
    """,
    "GRANT SELECT ON report_schedules TO kirdi_auditor",
)


def upgrade() -> None:
    """Create the table."""
    for statement in _STATEMENTS:
        op.execute(statement)
