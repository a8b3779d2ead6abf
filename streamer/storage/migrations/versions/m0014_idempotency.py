"""Writes of the API that are done once, whoever repeats them (`Idempotency-Key`).

Neither the key nor the request is kept: both are keyed hashes. The answer is sealed, and everything
goes after a day.
"""

from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_STATEMENTS: tuple[str, ...] = (
    # `claim` is whoever is at it, until `claimed_until`; whoever takes over gets another one, and
    # the former's write finds its claim gone and is undone with it. `written_at` is set in the
    # transaction of the write itself.
    """
    CREATE TABLE idempotency_keys (
        site_id text NOT NULL REFERENCES sites,
        account text NOT NULL CHECK (account <> ''),
        key_hash bytea NOT NULL CHECK (octet_length(key_hash) = 32),
        request_hash bytea NOT NULL CHECK (octet_length(request_hash) = 32),
        claim uuid NOT NULL,
        claimed_until timestamptz NOT NULL,
        written_at timestamptz,
        status smallint,
        sealed_answer bytea,
        expires_at timestamptz NOT NULL,
        PRIMARY KEY (site_id, account, key_hash),
        CONSTRAINT idempotency_keys_answer CHECK ((status IS NULL) = (sealed_answer IS NULL))
    )
    """,
    "CREATE INDEX idempotency_keys_over ON idempotency_keys (site_id, expires_at)",
    "SELECT kirdi_protect('idempotency_keys')",
    """
    GRANT SELECT, INSERT, DELETE, UPDATE (request_hash, claim, claimed_until, expires_at,
        written_at, status, sealed_answer) ON idempotency_keys TO kirdi_service
    """,
)


def upgrade() -> None:
    """Create the table."""
    for statement in _STATEMENTS:
        op.execute(statement)
