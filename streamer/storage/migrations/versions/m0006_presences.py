"""Presences, undone check-ins, changes of status as Provenance, and who is blocked for a day."""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_STATEMENTS = (
    """
    ALTER TABLE check_ins
        ADD COLUMN device_id text CHECK (device_id <> ''),
        ADD COLUMN note text CHECK (note <> ''),
        -- Practitioners who enrolled the face, or recorded its consent: for them it is no evidence.
        ADD COLUMN voucher_refs text[] NOT NULL DEFAULT '{}',
        ADD COLUMN undone_by text CHECK (undone_by <> ''),
        ADD COLUMN undone_reason text CHECK (undone_reason <> ''),
        ADD CONSTRAINT check_ins_undone CHECK (
            (undone_at IS NULL) = (undone_by IS NULL)
            AND (undone_at IS NULL) = (undone_reason IS NULL)),
        ADD CONSTRAINT check_ins_manual CHECK (method <> 'manual' OR note IS NOT NULL)
    """,
    "CREATE INDEX check_ins_of_patient ON check_ins (patient_id, occurred_at)",
    "CREATE INDEX check_ins_of_appointment ON check_ins (appointment_id)",
    # A sighting that changed no status. Opaque ids and figures; only patients who consented.
    """
    CREATE TABLE presences (
        presence_id uuid PRIMARY KEY,
        site_id text NOT NULL REFERENCES sites,
        patient_id uuid NOT NULL REFERENCES patients,
        appointment_id uuid REFERENCES appointments,
        flag text NOT NULL CHECK (flag IN
            ('early','late','again','unbooked','other_building','conflict')),
        method text NOT NULL CHECK (method <> ''),
        evidence text NOT NULL
            CHECK (evidence IN ('face','egov','code','desk_code','guardian','manual')),
        occurred_at timestamptz NOT NULL,
        recorded_at timestamptz NOT NULL DEFAULT now(),
        building text,
        camera_id text,
        device_id text,
        score double precision,
        threshold double precision,
        pack_id text
    )
    """,
    "CREATE INDEX presences_day ON presences (site_id, occurred_at)",
    "CREATE INDEX presences_of_patient ON presences (patient_id, occurred_at)",
    # FHIR R4 Provenance of `Appointment.status`, as far as Kirdi writes it. Only ever added to.
    """
    CREATE TABLE status_changes (
        change_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        site_id text NOT NULL REFERENCES sites,
        appointment_id uuid NOT NULL REFERENCES appointments,
        event_id uuid NOT NULL,
        from_status text NOT NULL,
        to_status text NOT NULL,
        occurred_at timestamptz NOT NULL,
        recorded_at timestamptz NOT NULL DEFAULT now(),
        changed_by text NOT NULL CHECK (changed_by <> ''),
        reason text
    )
    """,
    "CREATE INDEX status_changes_of ON status_changes (appointment_id, change_id)",
    # "Wrong person": nobody arrives as this patient by face any more on this day of the site.
    """
    CREATE TABLE face_blocks (
        patient_id uuid NOT NULL REFERENCES patients,
        day date NOT NULL,
        site_id text NOT NULL REFERENCES sites,
        score double precision,
        blocked_at timestamptz NOT NULL,
        blocked_by text NOT NULL CHECK (blocked_by <> ''),
        PRIMARY KEY (patient_id, day)
    )
    """,
)


def upgrade() -> None:
    """Create and extend."""
    for statement in _STATEMENTS:
        op.execute(statement)
