"""Templates too alike to be told apart, and who was compared with everybody when.

A pair goes with either of its templates: withdrawal and new photos undo it by themselves.
"""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_STATEMENTS = (
    # While a pair is there, neither template is in any gallery: both patients use a code.
    """
    CREATE TABLE look_alikes (
        template_id uuid NOT NULL REFERENCES templates ON DELETE CASCADE,
        other_id uuid NOT NULL REFERENCES templates ON DELETE CASCADE,
        found_at timestamptz NOT NULL,
        PRIMARY KEY (template_id, other_id),
        CONSTRAINT look_alikes_not_itself CHECK (template_id <> other_id)
    )
    """,
    "CREATE INDEX look_alikes_of ON look_alikes (other_id)",
    # Rows are only ever added. Opaque ids and counts; refused enrolments stand here, too.
    """
    CREATE TABLE template_reads (
        read_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        site_id text NOT NULL REFERENCES sites,
        read_at timestamptz NOT NULL,
        purpose text NOT NULL CHECK (purpose IN ('enrolment')),
        patient_id uuid NOT NULL,
        pack_id text NOT NULL,
        templates integer NOT NULL CHECK (templates >= 0),
        alike uuid[] NOT NULL
    )
    """,
    "CREATE INDEX template_reads_day ON template_reads (site_id, read_at)",
)


def upgrade() -> None:
    """Create both."""
    for statement in _STATEMENTS:
        op.execute(statement)
