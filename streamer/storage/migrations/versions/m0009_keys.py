"""Keys: which key-encryption keys wrap, the site's own secrets, and rotations.

These three tables are the whole database's, whatever sites are in it (docs/design/0018).
"""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_SAMPLED = (
    ("patients", "wrapped_key"),
    ("patients", "sealed_profile"),
    ("templates", "sealed_vector"),
    ("template_keys", "wrapped_key"),
    ("site_secrets", "wrapped_key"),
)

_STATEMENTS: tuple[str, ...] = (
    # Public names of keys, never keys. `announced`: will be current in a moment; `retiring`: rows
    # are still wrapped by it; `retired`: none is. At most one of each of the first three.
    """
    CREATE TABLE wrapping_keys (
        key_id text PRIMARY KEY CHECK (char_length(key_id) = 16),
        check_value text NOT NULL CHECK (left(check_value, 16) = key_id),
        state text NOT NULL CHECK (state IN ('announced','current','retiring','retired')),
        since timestamptz NOT NULL,
        retired_at timestamptz,
        CONSTRAINT wrapping_keys_retired CHECK ((state = 'retired') = (retired_at IS NOT NULL))
    )
    """,
    """
    CREATE UNIQUE INDEX wrapping_keys_one_of_each ON wrapping_keys (state)
        WHERE state <> 'retired'
    """,
    """
    INSERT INTO wrapping_keys (key_id, check_value, state, since)
    SELECT left(value, 16), value, 'current', now() FROM meta WHERE name = 'key_check'
    """,
    "DELETE FROM meta WHERE name = 'key_check'",
    # What identity numbers, codes and tokens are hashed with is derived from these.
    """
    CREATE TABLE site_secrets (
        use text PRIMARY KEY CHECK (use <> ''),
        wrapped_key bytea NOT NULL
    )
    """,
    # The statistics of a column hold samples of it, in a table that nothing here rewrites: a key
    # that was erased, or wrapped anew, would be left there.
    # Giving the type anew drops the samples that are there.
    *(
        statement
        for table, column in _SAMPLED
        for statement in (
            f"ALTER TABLE {table} ALTER COLUMN {column} TYPE bytea USING {column} || ''::bytea",
            f"ALTER TABLE {table} ALTER COLUMN {column} SET STATISTICS 0",
        )
    ),
    # A rotation is done when none is left under the former key, in rows, files or log.
    """
    CREATE TABLE key_rotations (
        rotation_id uuid PRIMARY KEY,
        former_id text NOT NULL REFERENCES wrapping_keys,
        key_id text NOT NULL REFERENCES wrapping_keys,
        began_at timestamptz NOT NULL,
        began_by text NOT NULL CHECK (began_by <> ''),
        rewrapped_at timestamptz,
        files_clean_at timestamptz,
        log_clean_at timestamptz,
        CONSTRAINT key_rotations_order CHECK (
            (files_clean_at IS NULL OR rewrapped_at IS NOT NULL)
            AND (log_clean_at IS NULL OR files_clean_at IS NOT NULL))
    )
    """,
    "CREATE INDEX key_rotations_open ON key_rotations (rotation_id) WHERE log_clean_at IS NULL",
    # The register of erasures asks for what ended lately.
    "CREATE INDEX consents_ended ON consents (ended_at) WHERE ended_at IS NOT NULL",
    # Tells backups and registers of this database from those of another.
    "INSERT INTO meta (name, value) VALUES ('database_id', gen_random_uuid()::text)",
)


def upgrade() -> None:
    """Create and extend."""
    for statement in _STATEMENTS:
        op.execute(statement)
