"""Answers of practitioners to reports, and where reports were sent.

An answer says things about a patient: its words are sealed under the patient's own key.
"""

from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

_STATEMENTS: tuple[str, ...] = (
    # No foreign key to the report: an answer explains a visit in every report that the visit is in.
    # Sealed words are null once their patient was erased.
    """
    CREATE TABLE report_replies (
        reply_id uuid PRIMARY KEY,
        site_id text NOT NULL,
        report_id uuid NOT NULL,
        kind text NOT NULL CHECK (kind IN ('appointment','claim')),
        ref text NOT NULL CHECK (ref <> ''),
        patient_id uuid NOT NULL,
        practitioner_ref text NOT NULL CHECK (practitioner_ref <> ''),
        visit_at timestamptz NOT NULL,
        sealed_answer bytea,
        written_by text NOT NULL CHECK (written_by <> ''),
        written_at timestamptz NOT NULL,
        state text NOT NULL CHECK (state IN ('waiting','accepted','rejected')),
        sealed_note bytea,
        decided_by text CHECK (decided_by <> ''),
        decided_at timestamptz,
        CONSTRAINT report_replies_decided CHECK (
            (state = 'waiting') = (decided_by IS NULL)
            AND (state = 'waiting') = (decided_at IS NULL)),
        CONSTRAINT report_replies_patient FOREIGN KEY (site_id, patient_id)
            REFERENCES patients (site_id, patient_id)
    )
    """,
    # One that was rejected may be followed by a better one.
    """
    CREATE UNIQUE INDEX report_replies_row ON report_replies (site_id, kind, ref)
        WHERE state <> 'rejected'
    """,
    "CREATE INDEX report_replies_visit ON report_replies (site_id, visit_at)",
    "CREATE INDEX report_replies_patient ON report_replies (patient_id)",
    # Once for each revision, schedule and destination. With the report it goes.
    """
    CREATE TABLE report_deliveries (
        delivery_id uuid PRIMARY KEY,
        site_id text NOT NULL,
        report_id uuid NOT NULL,
        number integer NOT NULL,
        schedule text NOT NULL CHECK (schedule <> ''),
        destination text NOT NULL CHECK (destination <> ''),
        forms text[] NOT NULL,
        language text NOT NULL CHECK (language IN ('kk','ru','en')),
        state text NOT NULL CHECK (state IN ('waiting','sending','sent','failed')),
        attempts integer NOT NULL DEFAULT 0 CHECK (attempts >= 0),
        created_at timestamptz NOT NULL,
        next_try_at timestamptz,
        owner uuid,
        ended_at timestamptz,
        error text,
        CONSTRAINT report_deliveries_once
            UNIQUE (site_id, report_id, number, schedule, destination),
        CONSTRAINT report_deliveries_revision FOREIGN KEY (site_id, report_id, number)
            REFERENCES report_revisions (site_id, report_id, number) ON DELETE CASCADE,
        CONSTRAINT report_deliveries_owned CHECK ((state = 'sending') = (owner IS NOT NULL)),
        CONSTRAINT report_deliveries_tried
            CHECK ((state IN ('waiting','sending')) = (next_try_at IS NOT NULL)),
        CONSTRAINT report_deliveries_ended
            CHECK ((state IN ('sent','failed')) = (ended_at IS NOT NULL))
    )
    """,
    """
    CREATE INDEX report_deliveries_open ON report_deliveries (site_id, next_try_at)
        WHERE next_try_at IS NOT NULL
    """,
    "SELECT kirdi_protect('report_replies')",
    "SELECT kirdi_protect('report_deliveries')",
    """
    GRANT SELECT, INSERT, UPDATE (sealed_answer, state, sealed_note, decided_by, decided_at)
        ON report_replies TO kirdi_service
    """,
    """
    GRANT SELECT, INSERT, UPDATE (state, attempts, next_try_at, owner, ended_at, error)
        ON report_deliveries TO kirdi_service
    """,
    """
    GRANT SELECT (reply_id, site_id, patient_id, practitioner_ref, visit_at), DELETE,
        UPDATE (site_id) ON report_replies TO kirdi_retention
    """,
    """
    GRANT SELECT (reply_id, site_id, report_id, kind, ref, patient_id, practitioner_ref, visit_at,
        written_by, written_at, state, decided_by, decided_at) ON report_replies TO kirdi_auditor
    """,
    "GRANT SELECT ON report_deliveries TO kirdi_auditor",
)


def upgrade() -> None:
    """Create the tables."""
    for statement in _STATEMENTS:
        op.execute(statement)
