"""The ledger of jobs, the reports of retention, who was erased, and the indexes deletion needs.

And what the service has the owner do: delete for an erasure, and look at its tables anew.

The erased are known by a keyed hash of the clinic's reference alone: enough to leave them out of
the next import, and nothing without the key (docs/design/0021).
"""

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

# The tables that are filled at once and asked about every second. Without statistics the server
# takes them for empty. Whoever is at one of them already is not waited for.
_ANALYZE = """
    CREATE FUNCTION kirdi_analyze() RETURNS void LANGUAGE plpgsql
    SECURITY DEFINER SET search_path FROM CURRENT SET lock_timeout = '1s' AS $$
    BEGIN
        ANALYZE patients, guardians, practitioners, appointments, consents, templates,
            template_keys;
    END
    $$
"""

# What goes with a person whose profile has been emptied already, in the same transaction, and only
# what nothing rests on: no code that was used, no consent under which somebody was recognised, no
# visit that was. The service itself can delete none of it. Row-level security holds here, too; the
# site is asked for all the same.
_ERASE = """
    CREATE FUNCTION kirdi_erase_person(person uuid, moment timestamptz)
    RETURNS TABLE (kind text, deleted bigint) LANGUAGE plpgsql
    SECURITY DEFINER SET search_path FROM CURRENT AS $$
    DECLARE
        site text := kirdi_site();
    BEGIN
        PERFORM FROM patients
        WHERE patient_id = person AND site_id = site AND erased_at IS NOT NULL
          AND id_number_hash IS NULL
        FOR UPDATE;
        IF NOT FOUND THEN
            RAISE EXCEPTION 'the patient is not being erased'
                USING ERRCODE = 'insufficient_privilege';
        END IF;
        kind := 'codes';
        DELETE FROM codes c
        WHERE c.site_id = site AND c.patient_id = person AND c.redeemed_at IS NULL;
        GET DIAGNOSTICS deleted = ROW_COUNT;
        RETURN NEXT;
        kind := 'face_blocks';
        DELETE FROM face_blocks b WHERE b.site_id = site AND b.patient_id = person;
        GET DIAGNOSTICS deleted = ROW_COUNT;
        RETURN NEXT;
        kind := 'consents';
        DELETE FROM consents c
        WHERE c.site_id = site AND c.patient_id = person AND c.status <> 'active'
          AND NOT EXISTS (SELECT FROM check_ins i WHERE i.consent_id = c.consent_id)
          AND NOT EXISTS (
              SELECT FROM presences s
              WHERE s.patient_id = person AND s.evidence = 'face' AND c.purpose = 'check-in'
                AND s.occurred_at BETWEEN c.given_at
                    AND coalesce(c.ended_at, c.withdrawn_at, c.expires_at, moment))
          AND NOT EXISTS (
              SELECT FROM reviews r
              WHERE r.patient_id = person AND c.purpose = 'check-in'
                AND r.captured_at BETWEEN c.given_at
                    AND coalesce(c.ended_at, c.withdrawn_at, c.expires_at, moment));
        GET DIAGNOSTICS deleted = ROW_COUNT;
        RETURN NEXT;
        kind := 'appointments';
        DELETE FROM appointments a
        WHERE a.site_id = site AND a.patient_id = person AND a.starts_at > moment
          AND NOT EXISTS (SELECT FROM check_ins i WHERE i.appointment_id = a.appointment_id)
          AND NOT EXISTS (SELECT FROM presences s WHERE s.appointment_id = a.appointment_id)
          AND NOT EXISTS (SELECT FROM status_changes s WHERE s.appointment_id = a.appointment_id)
          AND NOT EXISTS (SELECT FROM codes k WHERE k.appointment_id = a.appointment_id);
        GET DIAGNOSTICS deleted = ROW_COUNT;
        RETURN NEXT;
    END
    $$
"""

# Whoever has only the login of retention deletes no evidence that is younger than the shortest term
# there is (`config.retention`), which would leave no event in the audit: as with the audit itself.
# A patient's consents go with the patient. A person who is erased goes by the owner's right.
YOUNG: tuple[str, ...] = tuple(
    f"CREATE POLICY kirdi_young ON {table} AS RESTRICTIVE FOR DELETE TO kirdi_retention "
    f"USING ({over} < clock_timestamp() - interval '29 days'{more})"
    for table, over, more in (
        ("check_ins", "occurred_at", ""),
        ("status_changes", "occurred_at", ""),
        ("consents", "coalesce(ended_at, withdrawn_at, expires_at)", " AND status <> 'active'"),
        ("erasures", "erased_at", ""),
        ("patients", "updated_at", " OR erased_at IS NOT NULL"),
    )
)

_STATEMENTS: tuple[str, ...] = (
    # One row for each period of a job: whoever inserts or takes it over runs it, nobody else.
    """
    CREATE TABLE job_runs (
        site_id text NOT NULL REFERENCES sites,
        job text NOT NULL CHECK (job <> ''),
        period text NOT NULL CHECK (period <> ''),
        due_at timestamptz NOT NULL,
        state text NOT NULL CHECK (state IN ('running','waiting','done','failed')),
        attempts integer NOT NULL CHECK (attempts >= 0),
        owner uuid,
        lease_until timestamptz,
        next_try_at timestamptz,
        started_at timestamptz NOT NULL,
        ended_at timestamptz,
        outcome jsonb,
        error text,
        PRIMARY KEY (site_id, job, period),
        CONSTRAINT job_runs_leased CHECK (
            (state = 'running') = (owner IS NOT NULL)
            AND (state = 'running') = (lease_until IS NOT NULL)),
        CONSTRAINT job_runs_tried CHECK ((state = 'waiting') = (next_try_at IS NOT NULL))
    )
    """,
    "CREATE INDEX job_runs_open ON job_runs (site_id, job) WHERE state IN ('running','waiting')",
    "CREATE INDEX job_runs_newest ON job_runs (site_id, started_at)",
    # What each run of retention deleted: counts by kind, written with each batch.
    """
    CREATE TABLE retention_runs (
        run_id uuid PRIMARY KEY,
        site_id text NOT NULL REFERENCES sites,
        started_at timestamptz NOT NULL,
        ended_at timestamptz,
        run_by text NOT NULL CHECK (run_by <> ''),
        cutoffs jsonb NOT NULL,
        deleted jsonb NOT NULL
    )
    """,
    "CREATE INDEX retention_runs_day ON retention_runs (site_id, started_at)",
    # Set when a person was erased at their wish and rows that must be kept still name the id.
    "ALTER TABLE patients ADD COLUMN erased_at timestamptz",
    """
    CREATE TABLE erased_patients (
        site_id text NOT NULL REFERENCES sites,
        ref_hash bytea NOT NULL CHECK (octet_length(ref_hash) = 32),
        erased_at timestamptz NOT NULL,
        PRIMARY KEY (site_id, ref_hash)
    )
    """,
    # What is deleted is looked for by its age, and what points at it by whom it points at.
    "CREATE INDEX status_changes_day ON status_changes (site_id, occurred_at)",
    "CREATE INDEX codes_term ON codes (site_id, expires_at)",
    "CREATE INDEX codes_of_appointment ON codes (appointment_id)",
    "CREATE INDEX presences_of_appointment ON presences (appointment_id)",
    "CREATE INDEX check_ins_of_consent ON check_ins (consent_id)",
    "CREATE INDEX reviews_of_patient ON reviews (patient_id)",
    "CREATE INDEX consents_of_patient ON consents (patient_id)",
    "CREATE INDEX consents_of_guardian ON consents (guardian_id) WHERE guardian_id IS NOT NULL",
    "CREATE INDEX consents_of_text ON consents (text_id)",
    "CREATE INDEX templates_of_consent ON templates (consent_id)",
    "CREATE INDEX appointments_of_practitioner ON appointments (practitioner_id)",
    "SELECT kirdi_protect('job_runs')",
    "SELECT kirdi_protect('retention_runs')",
    "SELECT kirdi_protect('erased_patients')",
    """
    GRANT SELECT, INSERT, UPDATE (state, attempts, owner, lease_until, next_try_at, started_at,
        ended_at, outcome, error) ON job_runs TO kirdi_service
    """,
    "GRANT SELECT ON job_runs, retention_runs TO kirdi_auditor",
    # Retention begins and ends its report. Templates are erased by the service, which notes that.
    "GRANT SELECT, UPDATE (deleted) ON retention_runs TO kirdi_service",
    "GRANT INSERT, UPDATE (ended_at, deleted) ON retention_runs TO kirdi_retention",
    # An import leaves the erased out, or takes one in again; erasing a person is the service's,
    # which holds the key that seals what is left.
    "GRANT SELECT, INSERT, DELETE ON erased_patients TO kirdi_service",
    _ANALYZE,
    _ERASE,
    """
    GRANT EXECUTE ON FUNCTION kirdi_analyze(), kirdi_erase_person(uuid, timestamptz)
        TO kirdi_service
    """,
    "GRANT UPDATE (note) ON check_ins TO kirdi_service",
    "GRANT UPDATE (patient_ref, erased_at) ON patients TO kirdi_service",
    "GRANT SELECT (erased_at) ON patients TO kirdi_retention, kirdi_auditor",
    "GRANT SELECT ON job_runs, retention_runs TO kirdi_retention",
    """
    GRANT DELETE, UPDATE (site_id) ON practitioners, erasures, job_runs, retention_runs
        TO kirdi_retention
    """,
    # Whatever is asked for: a receipt that does not say yet that all is gone stays.
    """
    CREATE POLICY kirdi_receipts ON erasures AS RESTRICTIVE FOR DELETE TO kirdi_retention
        USING (log_clean_at IS NOT NULL)
    """,
    # Nor a run that somebody is at.
    """
    CREATE POLICY kirdi_ended_runs ON job_runs AS RESTRICTIVE FOR DELETE TO kirdi_retention
        USING (state IN ('done', 'failed'))
    """,
    *YOUNG,
)


def upgrade() -> None:
    """Create and extend."""
    for statement in _STATEMENTS:
        op.execute(statement)
