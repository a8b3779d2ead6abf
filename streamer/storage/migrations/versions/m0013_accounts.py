"""Accounts, sessions and tokens of the API.

Of passwords, sessions, tokens and addresses only hashes are here; whoever has a copy of these
tables can sign in as nobody.
"""

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_STATEMENTS: tuple[str, ...] = (
    # `cameras` NULL = all of them. An account is never deleted: what it did is on record under it.
    # `password_until`: the password is a one-time one, good until then; NULL = it is their own.
    """
    CREATE TABLE accounts (
        account_id uuid PRIMARY KEY,
        site_id text NOT NULL REFERENCES sites,
        name text NOT NULL CHECK (name = lower(name) AND length(name) BETWEEN 1 AND 64),
        password_hash text,
        roles text[] NOT NULL,
        practitioner_refs text[] NOT NULL DEFAULT '{}',
        cameras text[] DEFAULT '{}',
        issuer text,
        subject text,
        roles_from_provider boolean NOT NULL DEFAULT false,
        created_at timestamptz NOT NULL,
        created_by text NOT NULL,
        password_changed_at timestamptz,
        password_until timestamptz,
        last_sign_in_at timestamptz,
        disabled_at timestamptz,
        UNIQUE (site_id, name),
        UNIQUE (site_id, account_id),
        CONSTRAINT accounts_identity CHECK ((issuer IS NULL) = (subject IS NULL))
    )
    """,
    """
    CREATE UNIQUE INDEX accounts_by_identity ON accounts (site_id, issuer, subject)
        WHERE subject IS NOT NULL
    """,
    """
    CREATE TABLE web_sessions (
        session_hash bytea PRIMARY KEY CHECK (octet_length(session_hash) = 32),
        site_id text NOT NULL REFERENCES sites,
        account_id uuid NOT NULL,
        method text NOT NULL CHECK (method IN ('password', 'oidc')),
        started_at timestamptz NOT NULL,
        last_used_at timestamptz NOT NULL,
        expires_at timestamptz NOT NULL,
        FOREIGN KEY (site_id, account_id) REFERENCES accounts (site_id, account_id)
    )
    """,
    "CREATE INDEX web_sessions_of_account ON web_sessions (account_id)",
    "CREATE INDEX web_sessions_expiry ON web_sessions (site_id, expires_at)",
    """
    CREATE TABLE api_tokens (
        token_id uuid PRIMARY KEY,
        token_hash bytea NOT NULL UNIQUE CHECK (octet_length(token_hash) = 32),
        site_id text NOT NULL REFERENCES sites,
        account_id uuid NOT NULL,
        name text NOT NULL CHECK (length(name) BETWEEN 1 AND 64),
        scopes text[] NOT NULL CHECK (cardinality(scopes) > 0),
        created_at timestamptz NOT NULL,
        created_by text NOT NULL,
        expires_at timestamptz NOT NULL,
        last_used_at timestamptz,
        revoked_at timestamptz,
        FOREIGN KEY (site_id, account_id) REFERENCES accounts (site_id, account_id)
    )
    """,
    "CREATE INDEX api_tokens_of_account ON api_tokens (account_id)",
    # Wrong passwords, by a keyed hash of what they were tried on: people type anything into the
    # field for the name.
    """
    CREATE TABLE sign_in_attempts (
        site_id text NOT NULL REFERENCES sites,
        scope text NOT NULL CHECK (scope IN ('account', 'address', 'pair')),
        subject bytea NOT NULL CHECK (octet_length(subject) = 32),
        failures integer NOT NULL,
        last_at timestamptz NOT NULL,
        blocked_until timestamptz NOT NULL,
        PRIMARY KEY (site_id, scope, subject)
    )
    """,
    "CREATE INDEX sign_in_attempts_age ON sign_in_attempts (site_id, last_at)",
    # From where an account has signed in before: strangers elsewhere can't keep it out from there.
    """
    CREATE TABLE sign_in_places (
        account_id uuid NOT NULL,
        site_id text NOT NULL REFERENCES sites,
        place bytea NOT NULL CHECK (octet_length(place) = 32),
        last_at timestamptz NOT NULL,
        PRIMARY KEY (account_id, place),
        FOREIGN KEY (site_id, account_id) REFERENCES accounts (site_id, account_id)
    )
    """,
    *(
        f"SELECT kirdi_protect('{table}')"
        for table in (
            "accounts",
            "web_sessions",
            "api_tokens",
            "sign_in_attempts",
            "sign_in_places",
        )
    ),
    # Whose a session or token is, and until when, is said once.
    """
    GRANT SELECT, INSERT, UPDATE (roles, practitioner_refs, cameras, issuer, subject, password_hash,
        password_changed_at, password_until, last_sign_in_at, disabled_at)
        ON accounts TO kirdi_service
    """,
    "GRANT SELECT, INSERT, UPDATE (last_used_at), DELETE ON web_sessions TO kirdi_service",
    "GRANT SELECT, INSERT, UPDATE (last_used_at, revoked_at) ON api_tokens TO kirdi_service",
    """
    GRANT SELECT, INSERT, UPDATE (failures, last_at, blocked_until), DELETE
        ON sign_in_attempts TO kirdi_service
    """,
    "GRANT SELECT, INSERT, UPDATE (last_at), DELETE ON sign_in_places TO kirdi_service",
    # Whom the audit's accounts belong to and what they may; nothing that signs anybody in.
    """
    GRANT SELECT (account_id, site_id, name, roles, practitioner_refs, cameras, roles_from_provider,
        created_at, created_by, password_changed_at, password_until, last_sign_in_at, disabled_at)
        ON accounts TO kirdi_auditor
    """,
    """
    GRANT SELECT (token_id, site_id, account_id, name, scopes, created_at, created_by, expires_at,
        last_used_at, revoked_at) ON api_tokens TO kirdi_auditor
    """,
)


def upgrade() -> None:
    """Create the tables."""
    for statement in _STATEMENTS:
        op.execute(statement)
