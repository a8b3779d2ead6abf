"""Tablets and screens that are bound to the site, and the day's ticket numbers.

Of a device's token and of its pairing code only keyed hashes are here.
"""

from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

_STATEMENTS: tuple[str, ...] = (
    # A revoked device stays, so that what it did can be asked; its name may be given again.
    """
    CREATE TABLE devices (
        device_key uuid PRIMARY KEY,
        site_id text NOT NULL REFERENCES sites,
        device_id text NOT NULL CHECK (device_id ~ '^[a-z0-9][a-z0-9_-]{0,62}$'),
        kind text NOT NULL CHECK (kind IN ('kiosk', 'board')),
        building text NOT NULL CHECK (building <> ''),
        days integer NOT NULL CHECK (days BETWEEN 1 AND 366),
        token_hash bytea UNIQUE CHECK (octet_length(token_hash) = 32),
        pairing_hash bytea UNIQUE CHECK (octet_length(pairing_hash) = 32),
        pairing_until timestamptz,
        created_at timestamptz NOT NULL,
        created_by text NOT NULL,
        paired_at timestamptz,
        expires_at timestamptz,
        last_used_at timestamptz,
        revoked_at timestamptz,
        CONSTRAINT devices_pairing CHECK ((pairing_hash IS NULL) = (pairing_until IS NULL)),
        CONSTRAINT devices_token CHECK (token_hash IS NULL OR expires_at IS NOT NULL),
        CONSTRAINT devices_revoked
            CHECK (revoked_at IS NULL OR token_hash IS NULL AND pairing_hash IS NULL)
    )
    """,
    """
    CREATE UNIQUE INDEX devices_in_force ON devices (site_id, device_id) WHERE revoked_at IS NULL
    """,
    # Drawn at random for a day of the site: nothing of the patient is in it.
    """
    CREATE TABLE tickets (
        site_id text NOT NULL REFERENCES sites,
        day date NOT NULL,
        number integer NOT NULL CHECK (number BETWEEN 100 AND 99999),
        appointment_id uuid NOT NULL REFERENCES appointments ON DELETE CASCADE,
        PRIMARY KEY (site_id, day, number),
        UNIQUE (appointment_id, day)
    )
    """,
    "SELECT kirdi_protect('devices')",
    "SELECT kirdi_protect('tickets')",
    """
    GRANT SELECT, INSERT, UPDATE (token_hash, pairing_hash, pairing_until, paired_at, expires_at,
        last_used_at, revoked_at) ON devices TO kirdi_service
    """,
    "GRANT SELECT, INSERT, DELETE ON tickets TO kirdi_service",
    """
    GRANT SELECT (device_key, site_id, device_id, kind, building, days, pairing_until, created_at,
        created_by, paired_at, expires_at, last_used_at, revoked_at) ON devices TO kirdi_auditor
    """,
)


def upgrade() -> None:
    """Create the tables."""
    for statement in _STATEMENTS:
        op.execute(statement)
