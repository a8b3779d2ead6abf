"""What the service has the owner do: statistics after an import, and what an erasure deletes.

Besides, no consent goes while a check-in names it.
"""

from alembic import op

revision = "0015"
down_revision = "0014"
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

_STATEMENTS: tuple[str, ...] = (
    _ANALYZE,
    _ERASE,
    "REVOKE ALL ON FUNCTION kirdi_analyze(), kirdi_erase_person(uuid, timestamptz) FROM PUBLIC",
    """
    GRANT EXECUTE ON FUNCTION kirdi_analyze(), kirdi_erase_person(uuid, timestamptz)
        TO kirdi_service
    """,
    "REVOKE DELETE ON codes, face_blocks, consents, appointments FROM kirdi_service",
    # A check-in by face says under which consent it came about, for as long as it is kept itself.
    """
    ALTER TABLE check_ins DROP CONSTRAINT check_ins_consent_id_fkey,
        ADD CONSTRAINT check_ins_consent_id_fkey
        FOREIGN KEY (site_id, consent_id) REFERENCES consents (site_id, consent_id)
    """,
)


def upgrade() -> None:
    """Create, and take away."""
    for statement in _STATEMENTS:
        op.execute(statement)
