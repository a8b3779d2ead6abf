"""Codes for those who check in without their face, and the attempts at them.

A code's digits are not in the database: only a keyed hash of them, and none once it is used.
"""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_STATEMENTS = (
    """
    CREATE TABLE codes (
        code_id uuid PRIMARY KEY,
        site_id text NOT NULL REFERENCES sites,
        patient_id uuid NOT NULL REFERENCES patients,
        appointment_id uuid REFERENCES appointments,
        kind text NOT NULL CHECK (kind IN ('digits','qr')),
        grade text NOT NULL CHECK (grade IN ('code','desk_code')),
        code_hash bytea CHECK (octet_length(code_hash) = 32),
        issued_at timestamptz NOT NULL,
        issued_by text NOT NULL CHECK (issued_by <> ''),
        issuer_refs text[] NOT NULL DEFAULT '{}',  -- practitioners they are or spoke for
        expires_at timestamptz NOT NULL,
        redeemed_at timestamptz,
        redeemed_by text,
        device_id text,
        revoked_at timestamptz,
        CONSTRAINT codes_redeemed CHECK ((redeemed_at IS NULL) = (redeemed_by IS NULL)),
        CONSTRAINT codes_once CHECK (redeemed_at IS NULL OR revoked_at IS NULL),
        CONSTRAINT codes_term CHECK (expires_at > issued_at),
        CONSTRAINT codes_hash CHECK (
            code_hash IS NULL
            OR (kind = 'digits' AND redeemed_at IS NULL AND revoked_at IS NULL))
    )
    """,
    # No two codes in force have the same digits.
    "CREATE UNIQUE INDEX codes_in_force ON codes (site_id, code_hash) WHERE code_hash IS NOT NULL",
    "CREATE INDEX codes_of_patient ON codes (patient_id, issued_at)",
    "CREATE INDEX codes_term_over ON codes (expires_at) WHERE code_hash IS NOT NULL",
    # Failures by device, patient and site. `level` is what is not forgiven yet, `today` counts the
    # failures of `day`; before `blocked_until` nothing is evaluated.
    """
    CREATE TABLE attempts (
        site_id text NOT NULL REFERENCES sites,
        scope text NOT NULL CHECK (scope IN ('device','patient','site')),
        subject text NOT NULL CHECK (subject <> ''),
        level double precision NOT NULL CHECK (level >= 0),
        day date NOT NULL,
        today integer NOT NULL CHECK (today >= 0),
        last_at timestamptz NOT NULL,
        blocked_until timestamptz NOT NULL,
        PRIMARY KEY (site_id, scope, subject)
    ) WITH (fillfactor = 50)
    """,
)


def upgrade() -> None:
    """Create both."""
    for statement in _STATEMENTS:
        op.execute(statement)
