"""Consents as FHIR R4 has them, the texts that were read, keys of single templates, receipts.

A template is sealed under a key of its own, which stands in a narrow table by itself: destroying it
and rewriting that table makes the template unreadable wherever a copy of it is left
(docs/design/0013).
"""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_STATEMENTS = (
    # In full, as it was shown: a text that changed since proves nothing.
    """
    CREATE TABLE consent_texts (
        text_id uuid PRIMARY KEY,
        purpose text NOT NULL CHECK (purpose IN ('check-in','payer-evidence')),
        version integer NOT NULL CHECK (version > 0),
        language text NOT NULL CHECK (language IN ('kk','ru','en')),
        body text NOT NULL CHECK (body <> ''),
        sha256 bytea NOT NULL CHECK (octet_length(sha256) = 32),
        CONSTRAINT consent_texts_once UNIQUE (purpose, version, language, sha256)
    )
    """,
    "ALTER TABLE consents DROP CONSTRAINT consents_purpose_check",
    """
    ALTER TABLE consents
        ADD CONSTRAINT consents_purpose_check CHECK (purpose IN ('check-in','payer-evidence')),
        ADD COLUMN text_id uuid REFERENCES consent_texts,
        ADD COLUMN guardian_id uuid REFERENCES patients (patient_id),
        ADD COLUMN identity_check text CHECK (identity_check <> ''),
        ADD COLUMN recorded_by text CHECK (recorded_by <> ''),
        -- Practitioners they are or spoke for.
        ADD COLUMN recorder_refs text[] NOT NULL DEFAULT '{}',
        ADD COLUMN recorded_at timestamptz,
        ADD COLUMN ended_at timestamptz,
        ADD COLUMN ended_by text CHECK (ended_by <> ''),
        ADD COLUMN ended_reason text CHECK (ended_reason IN
            ('withdrawn','expired','superseded','of-age','deceased','staff','entered-in-error')),
        ADD CONSTRAINT consents_ended CHECK (ended_at IS NULL OR status <> 'active')
    """,
    "CREATE INDEX consents_due ON consents (expires_at) WHERE status = 'active'",
    # Since when a consent has held without a gap, its predecessors included: what a document took
    # the place of counts, what ended in any other way breaks it (docs/design/0032). By when they
    # were recorded, not by the day on the document, which anybody may write; of rows from before
    # that was kept there is nothing else.
    """
    CREATE FUNCTION kirdi_consent_since(consent uuid) RETURNS timestamptz
    LANGUAGE plpgsql STABLE AS $$
    DECLARE
        person uuid;
        what text;
        broken_at timestamptz;
    BEGIN
        SELECT patient_id, purpose INTO person, what FROM consents WHERE consent_id = consent;
        broken_at := (
            SELECT max(coalesce(ended_at, withdrawn_at)) FROM consents
            WHERE patient_id = person AND purpose = what
              AND ended_reason IS DISTINCT FROM 'superseded');
        RETURN greatest(broken_at, (
            SELECT min(coalesce(recorded_at, given_at)) FROM consents
            WHERE patient_id = person AND purpose = what
              AND (consent_id = consent
                   OR status = 'inactive' AND ended_reason = 'superseded'
                      AND (broken_at IS NULL OR coalesce(recorded_at, given_at) >= broken_at))));
    END
    $$
    """,
    # Who bills an appointment may not have made the face that comes for it: asked every second, and
    # few ever did.
    """
    CREATE INDEX consents_by_practitioners ON consents (patient_id)
        WHERE recorder_refs <> '{}' AND status = 'active'
    """,
    "ALTER TABLE templates ADD COLUMN enroller_refs text[] NOT NULL DEFAULT '{}'",
    """
    CREATE INDEX templates_by_practitioners ON templates (patient_id) WHERE enroller_refs <> '{}'
    """,
    # A template without a row here was sealed under its patient's key, before there were these.
    """
    CREATE TABLE template_keys (
        template_id uuid PRIMARY KEY REFERENCES templates ON DELETE CASCADE,
        wrapped_key bytea NOT NULL
    )
    """,
    # Receipts: what was destroyed, and when the last copy of its key is gone. Opaque ids only.
    # `renewed_key`: a template was sealed under the patient's key, which was replaced.
    """
    CREATE TABLE erasures (
        erasure_id uuid PRIMARY KEY,
        site_id text NOT NULL REFERENCES sites,
        patient_id uuid NOT NULL,
        consent_id uuid,
        reason text NOT NULL CHECK (reason <> ''),
        erased_by text NOT NULL CHECK (erased_by <> ''),
        erased_at timestamptz NOT NULL,
        templates integer NOT NULL CHECK (templates >= 0),
        renewed_key boolean NOT NULL,
        files_clean_at timestamptz,
        log_clean_at timestamptz,
        backups_clean_by timestamptz NOT NULL,
        CONSTRAINT erasures_order CHECK (log_clean_at IS NULL OR files_clean_at IS NOT NULL)
    )
    """,
    "CREATE INDEX erasures_day ON erasures (site_id, erased_at)",
    "CREATE INDEX erasures_open ON erasures (erasure_id) WHERE log_clean_at IS NULL",
)


def upgrade() -> None:
    """Create and extend."""
    for statement in _STATEMENTS:
        op.execute(statement)
