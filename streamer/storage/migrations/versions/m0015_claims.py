"""Billed services, the ministry's confirmations, and since when an appointment is known, and whose.

References and codes of the clinic; nothing that names a patient. An appointment is referred to by
the clinic's own reference, which may come to be known later than the claim.
"""

from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_STATEMENTS: tuple[str, ...] = (
    # When Kirdi first knew of it; null = before that was noted. Nobody can have been recognised for
    # what was not known yet.
    "ALTER TABLE appointments ADD COLUMN recorded_at timestamptz",
    "ALTER TABLE appointments ALTER COLUMN recorded_at SET DEFAULT now()",
    # When a stored phone was last replaced; null = it is the one that the patient came with.
    "ALTER TABLE patients ADD COLUMN phone_changed_at timestamptz",
    # Practitioners who issued the code that a presence rests on, which stays in force.
    "ALTER TABLE presences ADD COLUMN issuer_refs text[] NOT NULL DEFAULT '{}'",
    # Whose an appointment was, and of whom, before an import said otherwise: whoever billed it once
    # makes no evidence of it by handing it over for a while. Goes with what it names.
    """
    CREATE TABLE former_practitioners (
        site_id text NOT NULL,
        appointment_id uuid NOT NULL,
        patient_id uuid NOT NULL,
        practitioner_id uuid NOT NULL,
        changed_at timestamptz NOT NULL,
        changed_by text NOT NULL,
        PRIMARY KEY (appointment_id, practitioner_id, patient_id),
        CONSTRAINT former_practitioners_appointment FOREIGN KEY (site_id, appointment_id)
            REFERENCES appointments (site_id, appointment_id) ON DELETE CASCADE,
        CONSTRAINT former_practitioners_patient FOREIGN KEY (site_id, patient_id)
            REFERENCES patients (site_id, patient_id) ON DELETE CASCADE,
        CONSTRAINT former_practitioners_practitioner FOREIGN KEY (site_id, practitioner_id)
            REFERENCES practitioners (site_id, practitioner_id) ON DELETE CASCADE
    )
    """,
    "CREATE INDEX former_practitioners_of_patient ON former_practitioners (patient_id)",
    "CREATE INDEX former_practitioners_of ON former_practitioners (practitioner_id)",
    """
    CREATE TABLE claims (
        claim_id uuid PRIMARY KEY,
        site_id text NOT NULL REFERENCES sites,
        claim_ref text NOT NULL CHECK (claim_ref <> ''),
        appointment_ref text CHECK (appointment_ref <> ''),
        patient_id uuid NOT NULL,
        practitioner_id uuid NOT NULL,
        service_code text NOT NULL CHECK (service_code <> ''),
        service_name text NOT NULL,
        performed_at timestamptz NOT NULL,
        amount numeric(14, 2) NOT NULL CHECK (amount >= 0),
        currency text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
        time_precision text NOT NULL CHECK (time_precision IN ('measured','entered')),
        payer text,
        contract text,
        icd10 text,
        tariff text,
        quantity integer NOT NULL CHECK (quantity > 0),
        entered_at timestamptz,
        place text CHECK (place IN ('site','home','remote','mobile','outreach')),
        room text,
        recorded_at timestamptz NOT NULL DEFAULT now(),
        updated_at timestamptz NOT NULL DEFAULT now(),
        CONSTRAINT claims_ref UNIQUE (site_id, claim_ref),
        CONSTRAINT claims_patient FOREIGN KEY (site_id, patient_id)
            REFERENCES patients (site_id, patient_id),
        CONSTRAINT claims_practitioner FOREIGN KEY (site_id, practitioner_id)
            REFERENCES practitioners (site_id, practitioner_id)
    )
    """,
    "CREATE INDEX claims_day ON claims (site_id, performed_at)",
    "CREATE INDEX claims_of_patient ON claims (patient_id, performed_at)",
    "CREATE INDEX claims_of_practitioner ON claims (practitioner_id)",
    """
    CREATE INDEX claims_of_appointment ON claims (site_id, appointment_ref)
        WHERE appointment_ref IS NOT NULL
    """,
    # What changed lately makes a new revision of a report.
    "CREATE INDEX claims_changed ON claims (site_id, updated_at)",
    """
    CREATE TABLE confirmations (
        confirmation_id uuid PRIMARY KEY,
        site_id text NOT NULL REFERENCES sites,
        confirmation_ref text NOT NULL CHECK (confirmation_ref <> ''),
        patient_id uuid NOT NULL,
        method text NOT NULL CHECK (method IN ('face_id','egov')),
        confirmed_at timestamptz NOT NULL,
        appointment_ref text CHECK (appointment_ref <> ''),
        taken_by text CHECK (taken_by <> ''),
        building text,
        recorded_at timestamptz NOT NULL DEFAULT now(),
        updated_at timestamptz NOT NULL DEFAULT now(),
        CONSTRAINT confirmations_ref UNIQUE (site_id, confirmation_ref),
        CONSTRAINT confirmations_patient FOREIGN KEY (site_id, patient_id)
            REFERENCES patients (site_id, patient_id)
    )
    """,
    "CREATE INDEX confirmations_day ON confirmations (site_id, confirmed_at)",
    "CREATE INDEX confirmations_of_patient ON confirmations (patient_id, confirmed_at)",
    """
    CREATE INDEX confirmations_of_appointment ON confirmations (site_id, appointment_ref)
        WHERE appointment_ref IS NOT NULL
    """,
    # Who made out a code that was redeemed is asked for by when and where.
    "CREATE INDEX codes_redeemed ON codes (site_id, redeemed_at) WHERE redeemed_at IS NOT NULL",
    "SELECT kirdi_protect('claims')",
    "SELECT kirdi_protect('confirmations')",
    "SELECT kirdi_protect('former_practitioners')",
    "GRANT UPDATE (phone_changed_at) ON patients TO kirdi_service",
    """
    GRANT SELECT, INSERT, UPDATE (changed_at, changed_by) ON former_practitioners TO kirdi_service
    """,
    "GRANT SELECT ON former_practitioners TO kirdi_auditor",
    """
    GRANT SELECT, INSERT, UPDATE (appointment_ref, patient_id, practitioner_id, service_code,
        service_name, performed_at, amount, currency, time_precision, payer, contract, icd10,
        tariff, quantity, entered_at, place, room, updated_at) ON claims TO kirdi_service
    """,
    """
    GRANT SELECT, INSERT, UPDATE (patient_id, method, confirmed_at, appointment_ref, taken_by,
        building, updated_at) ON confirmations TO kirdi_service
    """,
    """
    GRANT SELECT (claim_id, site_id, appointment_ref, patient_id, practitioner_id, performed_at)
        ON claims TO kirdi_retention
    """,
    "GRANT SELECT ON confirmations TO kirdi_retention",
    "GRANT DELETE, UPDATE (site_id) ON claims, confirmations TO kirdi_retention",
    # No diagnosis.
    """
    GRANT SELECT (claim_id, site_id, claim_ref, appointment_ref, patient_id, practitioner_id,
        service_code, service_name, performed_at, amount, currency, time_precision, payer, contract,
        tariff, quantity, entered_at, place, room, recorded_at, updated_at)
        ON claims TO kirdi_auditor
    """,
    "GRANT SELECT ON confirmations TO kirdi_auditor",
    "GRANT SELECT (recorded_at) ON appointments TO kirdi_auditor",
)


def upgrade() -> None:
    """Create and extend."""
    for statement in _STATEMENTS:
        op.execute(statement)
