"""Reviews that wait, those that are about no face, who stands behind a presence, wrong arrivals."""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_STATEMENTS = (
    # A conflict may be shown by a code, at the desk or by hand: there is no match then.
    """
    ALTER TABLE reviews
        ALTER COLUMN camera_id DROP NOT NULL,
        ALTER COLUMN band DROP NOT NULL,
        ALTER COLUMN score DROP NOT NULL,
        ALTER COLUMN threshold DROP NOT NULL,
        ALTER COLUMN pack_id DROP NOT NULL,
        ADD COLUMN method text NOT NULL DEFAULT 'face' CHECK (method <> ''),
        ADD COLUMN evidence text NOT NULL DEFAULT 'face'
            CHECK (evidence IN ('face','egov','code','desk_code','guardian','manual')),
        ADD COLUMN device_id text CHECK (device_id <> ''),
        ADD COLUMN flags text[] NOT NULL DEFAULT '{}',  -- presences that were asked for
        ADD CONSTRAINT reviews_of_faces CHECK (
            method <> 'face' OR (camera_id IS NOT NULL AND band IS NOT NULL
            AND score IS NOT NULL AND threshold IS NOT NULL AND pack_id IS NOT NULL))
    """,
    # One row for each candidate of a review that waits. Of a face in the service's memory only so
    # much as says, after a crash, that nobody decided; of all others everything there is.
    """
    CREATE TABLE waiting_reviews (
        review_id uuid NOT NULL,
        patient_id uuid NOT NULL REFERENCES patients ON DELETE CASCADE,
        site_id text NOT NULL REFERENCES sites,
        lead boolean NOT NULL,
        appointment_ids uuid[] NOT NULL,
        flags text[] NOT NULL DEFAULT '{}',
        reason text NOT NULL,
        method text NOT NULL CHECK (method <> ''),
        evidence text NOT NULL
            CHECK (evidence IN ('face','egov','code','desk_code','guardian','manual')),
        building text,
        camera_id text,
        device_id text CHECK (device_id <> ''),
        band text CHECK (band IN ('accept','review')),
        score double precision,
        threshold double precision,
        pack_id text,
        code_id uuid REFERENCES codes ON DELETE CASCADE,
        vouched_by text CHECK (vouched_by <> ''),  -- may not confirm it
        voucher_refs text[] NOT NULL DEFAULT '{}',
        note text CHECK (note <> ''),
        captured_at timestamptz NOT NULL,
        opened_at timestamptz NOT NULL,
        PRIMARY KEY (review_id, patient_id)
    )
    """,
    "CREATE INDEX waiting_reviews_of_site ON waiting_reviews (site_id, opened_at)",
    # The same conflict, shown the same way, waits once.
    """
    CREATE UNIQUE INDEX waiting_reviews_once
        ON waiting_reviews (patient_id, method, appointment_ids) WHERE method <> 'face'
    """,
    # Who confirmed it, redeemed the code, or says so.
    "ALTER TABLE presences ADD COLUMN decided_by text CHECK (decided_by <> '')",
    # It was undone because somebody else had been taken for the patient.
    "ALTER TABLE check_ins ADD COLUMN wrong_person boolean NOT NULL DEFAULT false",
    """
    UPDATE check_ins c SET wrong_person = true
    FROM face_blocks f JOIN sites s ON s.site_id = f.site_id
    WHERE c.undone_at IS NOT NULL AND c.method IN ('face','desk') AND c.patient_id = f.patient_id
      AND (c.occurred_at AT TIME ZONE s.time_zone)::date = f.day
    """,
)


def upgrade() -> None:
    """Create and extend."""
    for statement in _STATEMENTS:
        op.execute(statement)
