"""Reports that were made: each revision with its rows, a day at a time.

References and codes of the clinic; nothing that names a patient. A revision is only ever added:
nobody who works with the database can change one. Rows are compressed where they are written.
"""

from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

_STATEMENTS: tuple[str, ...] = (
    """
    CREATE TABLE reports (
        report_id uuid PRIMARY KEY,
        site_id text NOT NULL REFERENCES sites,
        kind text NOT NULL CHECK (kind IN ('day','week','month','range')),
        first_day date NOT NULL,
        last_day date NOT NULL CHECK (last_day >= first_day),
        final_on timestamptz NOT NULL,
        CONSTRAINT reports_period UNIQUE (site_id, kind, first_day, last_day),
        CONSTRAINT reports_of_site UNIQUE (site_id, report_id)
    )
    """,
    # `content` is the digest without what differs between two makings of the same.
    """
    CREATE TABLE report_revisions (
        site_id text NOT NULL,
        report_id uuid NOT NULL,
        number integer NOT NULL CHECK (number > 0),
        state text NOT NULL CHECK (state IN ('preliminary','final')),
        made_at timestamptz NOT NULL,
        made_by text NOT NULL CHECK (made_by <> ''),
        digest bytea NOT NULL CHECK (octet_length(digest) = 32),
        content bytea NOT NULL CHECK (octet_length(content) = 32),
        appointments integer NOT NULL CHECK (appointments >= 0),
        verified integer NOT NULL CHECK (verified >= 0),
        unverified integer NOT NULL CHECK (unverified >= 0),
        unknown integer NOT NULL CHECK (unknown >= 0),
        changes jsonb NOT NULL,
        header bytea NOT NULL,
        day_digests bytea NOT NULL CHECK (mod(octet_length(day_digests), 32) = 0),
        PRIMARY KEY (report_id, number),
        CONSTRAINT report_revisions_number UNIQUE (site_id, report_id, number),
        CONSTRAINT report_revisions_report FOREIGN KEY (site_id, report_id)
            REFERENCES reports (site_id, report_id) ON DELETE CASCADE
    )
    """,
    # The rows of a day that were certain when it was read, and those that were not before the whole
    # period was. Written before the revision, which is known when its last day is.
    """
    CREATE TABLE report_days (
        site_id text NOT NULL,
        report_id uuid NOT NULL,
        number integer NOT NULL,
        day date NOT NULL,
        part smallint NOT NULL CHECK (part IN (0, 1)),
        rows bytea NOT NULL,
        PRIMARY KEY (report_id, number, day, part),
        CONSTRAINT report_days_revision FOREIGN KEY (site_id, report_id, number)
            REFERENCES report_revisions (site_id, report_id, number) ON DELETE CASCADE
            DEFERRABLE INITIALLY DEFERRED
    )
    """,
    # Compressed already.
    "ALTER TABLE report_days ALTER COLUMN rows SET STORAGE EXTERNAL",
    "ALTER TABLE report_revisions ALTER COLUMN header SET STORAGE EXTERNAL",
    "SELECT kirdi_protect('reports')",
    "SELECT kirdi_protect('report_revisions')",
    "SELECT kirdi_protect('report_days')",
    "GRANT SELECT, INSERT ON reports, report_revisions, report_days TO kirdi_service",
    "GRANT SELECT, DELETE, UPDATE (site_id) ON reports TO kirdi_retention",
    # Whom to call back says which patient's visit it was, and so do rows.
    "GRANT SELECT ON reports TO kirdi_auditor",
    """
    GRANT SELECT (site_id, report_id, number, state, made_at, made_by, digest, content,
        appointments, verified, unverified, unknown, changes, day_digests)
        ON report_revisions TO kirdi_auditor
    """,
)


def upgrade() -> None:
    """Create the tables."""
    for statement in _STATEMENTS:
        op.execute(statement)
