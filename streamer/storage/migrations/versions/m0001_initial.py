"""The tables of the first release.

Names, identity numbers, phones, birth dates and templates are only ever stored sealed: `bytea`
columns named `sealed_…`, opened with the patient's own `wrapped_key`. Times are aware. Ids are made
by the service, so that a row's place can be authenticated before the row exists.
"""

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_APPOINTMENT_STATUS = (
    "'proposed','pending','booked','arrived','fulfilled','cancelled','noshow',"
    "'entered-in-error','checked-in','waitlist'"
)
_CONSENT_STATUS = "'draft','proposed','active','rejected','inactive','entered-in-error'"

_STATEMENTS = (
    # Facts about the database itself, such as which key it was written with.
    """
    CREATE TABLE meta (
        name text PRIMARY KEY,
        value text NOT NULL
    )
    """,
    """
    CREATE TABLE sites (
        site_id text PRIMARY KEY,
        name text NOT NULL,
        time_zone text NOT NULL
    )
    """,
    # In clear stands what queries select by and what says nothing alone. The number's hash is
    # deferred, so that one import may correct two numbers that were swapped.
    """
    CREATE TABLE patients (
        patient_id uuid PRIMARY KEY,
        site_id text NOT NULL REFERENCES sites,
        patient_ref text NOT NULL,
        wrapped_key bytea NOT NULL,
        sealed_profile bytea NOT NULL,
        id_number_hash bytea CHECK (octet_length(id_number_hash) = 32),
        language text,
        attached_from date,
        attached_to date,
        deceased_on date,
        is_staff boolean NOT NULL,
        payer text,
        created_at timestamptz NOT NULL,
        updated_at timestamptz NOT NULL,
        CONSTRAINT patients_ref UNIQUE (site_id, patient_ref),
        CONSTRAINT patients_site UNIQUE (site_id, patient_id),
        CONSTRAINT patients_id_number UNIQUE (site_id, id_number_hash)
            DEFERRABLE INITIALLY DEFERRED,
        CONSTRAINT patients_attached CHECK (attached_to >= attached_from)
    )
    """,
    """
    CREATE TABLE guardians (
        patient_id uuid NOT NULL REFERENCES patients ON DELETE CASCADE,
        guardian_id uuid NOT NULL REFERENCES patients ON DELETE CASCADE,
        PRIMARY KEY (patient_id, guardian_id),
        CONSTRAINT guardians_not_oneself CHECK (patient_id <> guardian_id)
    )
    """,
    "CREATE INDEX guardians_of ON guardians (guardian_id)",
    # FHIR R4 Consent. What was agreed to before stays as a row; one at a time is active.
    f"""
    CREATE TABLE consents (
        consent_id uuid PRIMARY KEY,
        patient_id uuid NOT NULL REFERENCES patients ON DELETE CASCADE,
        purpose text NOT NULL CHECK (purpose IN ('check-in')),
        status text NOT NULL CHECK (status IN ({_CONSENT_STATUS})),
        document_ref text NOT NULL CHECK (document_ref <> ''),
        given_at timestamptz NOT NULL,
        expires_at timestamptz,
        withdrawn_at timestamptz,
        CONSTRAINT consents_term CHECK (expires_at > given_at),
        CONSTRAINT consents_withdrawn CHECK (withdrawn_at IS NULL OR status <> 'active')
    )
    """,
    """
    CREATE UNIQUE INDEX consents_one_active ON consents (patient_id, purpose)
        WHERE status = 'active'
    """,
    # A template that is replaced or withdrawn is deleted, never kept as history.
    """
    CREATE TABLE templates (
        template_id uuid PRIMARY KEY,
        patient_id uuid NOT NULL REFERENCES patients ON DELETE CASCADE,
        consent_id uuid NOT NULL REFERENCES consents ON DELETE CASCADE,
        pack_id text NOT NULL,
        sealed_vector bytea NOT NULL,
        photos smallint NOT NULL CHECK (photos > 0),
        created_at timestamptz NOT NULL,
        CONSTRAINT templates_one_per_pack UNIQUE (patient_id, pack_id)
    )
    """,
    # Staff names stand in clear: they are on the door, and reports are read by them.
    """
    CREATE TABLE practitioners (
        practitioner_id uuid PRIMARY KEY,
        site_id text NOT NULL REFERENCES sites,
        practitioner_ref text NOT NULL,
        full_name text NOT NULL,
        CONSTRAINT practitioners_ref UNIQUE (site_id, practitioner_ref)
    )
    """,
    f"""
    CREATE TABLE appointments (
        appointment_id uuid PRIMARY KEY,
        site_id text NOT NULL REFERENCES sites,
        appointment_ref text NOT NULL,
        patient_id uuid NOT NULL,
        practitioner_id uuid NOT NULL REFERENCES practitioners,
        service_code text NOT NULL,
        service_name text NOT NULL,
        starts_at timestamptz NOT NULL,
        ends_at timestamptz NOT NULL,
        status text NOT NULL CHECK (status IN ({_APPOINTMENT_STATUS})),
        status_changed_at timestamptz NOT NULL,
        department text,
        building text,
        room text,
        place text NOT NULL CHECK (place IN ('site','home','remote','mobile','outreach')),
        walk_in boolean NOT NULL,
        CONSTRAINT appointments_ref UNIQUE (site_id, appointment_ref),
        CONSTRAINT appointments_patient FOREIGN KEY (site_id, patient_id)
            REFERENCES patients (site_id, patient_id),
        CONSTRAINT appointments_time CHECK (ends_at > starts_at)
    )
    """,
    "CREATE INDEX appointments_day ON appointments (site_id, starts_at)",
    "CREATE INDEX appointments_of_patient ON appointments (patient_id, starts_at)",
    # The event id makes a second delivery harmless; the partial index keeps one check-in in force
    # per appointment. `recorded_at` is when it was written, whatever the service's clock says.
    """
    CREATE TABLE check_ins (
        event_id uuid PRIMARY KEY,
        site_id text NOT NULL REFERENCES sites,
        appointment_id uuid NOT NULL REFERENCES appointments,
        patient_id uuid NOT NULL REFERENCES patients,
        consent_id uuid REFERENCES consents ON DELETE SET NULL,
        method text NOT NULL CHECK (method <> ''),
        evidence text NOT NULL
            CHECK (evidence IN ('face','egov','code','desk_code','guardian','manual')),
        occurred_at timestamptz NOT NULL,
        recorded_at timestamptz NOT NULL DEFAULT now(),
        camera_id text,
        score double precision,
        threshold double precision,
        pack_id text,
        undone_at timestamptz
    )
    """,
    """
    CREATE UNIQUE INDEX check_ins_one_active ON check_ins (appointment_id)
        WHERE undone_at IS NULL
    """,
    "CREATE INDEX check_ins_day ON check_ins (site_id, occurred_at)",
    # What each camera was doing when: a report may not accuse where nobody was looking.
    """
    CREATE TABLE camera_uptime (
        site_id text NOT NULL REFERENCES sites,
        camera_id text NOT NULL,
        state text NOT NULL,
        reason text NOT NULL,
        started_at timestamptz NOT NULL,
        last_seen_at timestamptz NOT NULL,
        ended_at timestamptz,
        CONSTRAINT camera_uptime_order
            CHECK (last_seen_at >= started_at AND ended_at >= started_at)
    )
    """,
    """
    CREATE UNIQUE INDEX camera_uptime_open ON camera_uptime (site_id, camera_id)
        WHERE ended_at IS NULL
    """,
    "CREATE INDEX camera_uptime_day ON camera_uptime (site_id, camera_id, started_at)",
)


def upgrade() -> None:
    """Create everything."""
    for statement in _STATEMENTS:
        op.execute(statement)
