"""What changes is told to whoever listens, by the transaction that changes it.

Channel `kirdi_changes`; see docs/design/0014. Messages hold a site and opaque ids, nothing else,
and only changes that gallery or schedule depend on are told. PostgreSQL sends equal messages of one
transaction once.
"""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_STATEMENTS: tuple[str, ...] = (
    """
    CREATE FUNCTION kirdi_tell_gallery(site text) RETURNS void LANGUAGE sql AS $$
        SELECT pg_notify('kirdi_changes',
            json_build_object('site', site, 'what', 'gallery')::text)
    $$
    """,
    # Whoever writes row by row, as an import does, is told of as a whole from the 21st patient on.
    # The setting lasts as long as the transaction and goes back with a savepoint.
    """
    CREATE FUNCTION kirdi_tell_schedule(site text, patients uuid[]) RETURNS void
    LANGUAGE plpgsql AS $$
    DECLARE
        told integer := least(100, cardinality(patients)
            + coalesce(nullif(current_setting('kirdi.told', true), ''), '0')::integer);
    BEGIN
        PERFORM set_config('kirdi.told', told::text, true);
        PERFORM pg_notify('kirdi_changes', json_build_object(
            'site', site, 'what', 'schedule',
            'patients', CASE WHEN told <= 20 THEN to_json(patients) END)::text);
    END
    $$
    """,
    # Both sides are grouped and not joined: a join that was planned for one row, and kept, takes
    # minutes for a day. What is not the same before and after, status apart, lacks one of them.
    # A check-in is not told of: who tells is let through one at a time, and whoever checks in tells
    # the schedule itself. What else changes with it is.
    """
    CREATE FUNCTION kirdi_appointments_changed() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP = 'INSERT' THEN
            PERFORM kirdi_tell_schedule(site_id, array_agg(DISTINCT patient_id))
            FROM new_rows GROUP BY site_id;
        ELSIF TG_OP = 'DELETE' THEN
            PERFORM kirdi_tell_schedule(site_id, array_agg(DISTINCT patient_id))
            FROM old_rows GROUP BY site_id;
        ELSE
            PERFORM kirdi_tell_schedule(site_id, array_agg(DISTINCT patient_id))
            FROM (
                SELECT site_id, patient_id,
                       min(status) FILTER (WHERE NOT after) AS was,
                       min(status) FILTER (WHERE after) AS is_now
                FROM (SELECT o.*, false AS after FROM old_rows o
                      UNION ALL SELECT n.*, true FROM new_rows n) AS both_sides
                GROUP BY appointment_id, site_id, patient_id, starts_at, ends_at, place, building
            ) AS same_but_status
            WHERE was IS DISTINCT FROM is_now
              AND NOT coalesce(is_now = 'arrived' AND was IN ('booked', 'pending'), false)
            GROUP BY site_id;
        END IF;
        RETURN NULL;
    END
    $$
    """,
    # Tables without a site: the patient's. Whoever writes may have another search path than ours.
    """
    CREATE FUNCTION kirdi_consents_changed() RETURNS trigger LANGUAGE plpgsql
    SET search_path FROM CURRENT AS $$
    BEGIN
        IF TG_OP = 'INSERT' THEN
            PERFORM kirdi_tell_gallery(site_id) FROM patients WHERE patient_id IN (
                SELECT patient_id FROM new_rows WHERE purpose = 'check-in' AND status = 'active')
            GROUP BY site_id;
        ELSIF TG_OP = 'DELETE' THEN
            PERFORM kirdi_tell_gallery(site_id) FROM patients WHERE patient_id IN (
                SELECT patient_id FROM old_rows WHERE purpose = 'check-in' AND status = 'active')
            GROUP BY site_id;
        ELSE
            PERFORM kirdi_tell_gallery(site_id) FROM patients WHERE patient_id IN (
                SELECT patient_id
                FROM (SELECT * FROM old_rows UNION ALL SELECT * FROM new_rows) AS both_sides
                WHERE purpose = 'check-in'
                GROUP BY consent_id, patient_id, status, expires_at
                HAVING count(*) = 1)
            GROUP BY site_id;
        END IF;
        RETURN NULL;
    END
    $$
    """,
    """
    CREATE FUNCTION kirdi_templates_changed() RETURNS trigger LANGUAGE plpgsql
    SET search_path FROM CURRENT AS $$
    BEGIN
        IF TG_OP <> 'DELETE' THEN
            PERFORM kirdi_tell_gallery(site_id) FROM patients
            WHERE patient_id IN (SELECT patient_id FROM new_rows) GROUP BY site_id;
        END IF;
        IF TG_OP <> 'INSERT' THEN
            PERFORM kirdi_tell_gallery(site_id) FROM patients
            WHERE patient_id IN (SELECT patient_id FROM old_rows) GROUP BY site_id;
        END IF;
        RETURN NULL;
    END
    $$
    """,
    """
    CREATE FUNCTION kirdi_look_alikes_changed() RETURNS trigger LANGUAGE plpgsql
    SET search_path FROM CURRENT AS $$
    BEGIN
        IF TG_OP <> 'DELETE' THEN
            PERFORM kirdi_tell_gallery(p.site_id)
            FROM new_rows n JOIN templates t ON t.template_id IN (n.template_id, n.other_id)
            JOIN patients p ON p.patient_id = t.patient_id GROUP BY p.site_id;
        END IF;
        IF TG_OP <> 'INSERT' THEN
            PERFORM kirdi_tell_gallery(p.site_id)
            FROM old_rows o JOIN templates t ON t.template_id IN (o.template_id, o.other_id)
            JOIN patients p ON p.patient_id = t.patient_id GROUP BY p.site_id;
        END IF;
        RETURN NULL;
    END
    $$
    """,
    # A row at a time and only where it matters: an import corrects thousands of addresses, and a
    # condition that does not hold costs next to nothing.
    """
    CREATE FUNCTION kirdi_patient_changed() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        PERFORM kirdi_tell_gallery(OLD.site_id);
        RETURN NULL;
    END
    $$
    """,
    """
    CREATE TRIGGER kirdi_patient_updated AFTER UPDATE ON patients FOR EACH ROW
    WHEN ((OLD.is_staff, OLD.deceased_on, OLD.site_id)
          IS DISTINCT FROM (NEW.is_staff, NEW.deceased_on, NEW.site_id))
    EXECUTE FUNCTION kirdi_patient_changed()
    """,
    """
    CREATE TRIGGER kirdi_patient_deleted AFTER DELETE ON patients FOR EACH ROW
    EXECUTE FUNCTION kirdi_patient_changed()
    """,
)

_ROWS = {
    "INSERT": "NEW TABLE AS new_rows",
    "UPDATE": "OLD TABLE AS old_rows NEW TABLE AS new_rows",
    "DELETE": "OLD TABLE AS old_rows",
}


def upgrade() -> None:
    """Create the triggers."""
    for statement in _STATEMENTS:
        op.execute(statement)
    for table in ("appointments", "consents", "templates", "look_alikes"):
        for event, rows in _ROWS.items():
            op.execute(
                f"CREATE TRIGGER kirdi_{table}_{event.lower()} AFTER {event} ON {table} "
                f"REFERENCING {rows} FOR EACH STATEMENT EXECUTE FUNCTION kirdi_{table}_changed()"
            )
