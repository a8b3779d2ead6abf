"""Roles of the database, and row-level security by site.

Whoever runs this has become `kirdi_owner`, who owns everything by now (`storage/roles.py`). From
here on a row belongs to a site, and a session sees the rows of the one site that it names and that
its login serves. The owner is no exception: a later migration that changes rows has to name the
site, or lift FORCE while it does. See docs/design/0020.
"""

from alembic import op

from streamer.storage.migrations.rights_0011 import AUDITOR, KEYS, RETENTION, SERVICE

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

# Which login serves which site: written by `kirdi db migrate`, and read by nobody but kirdi_site().
# No reference to `sites`: who dumps one site's rows has no other site there.
_LOGINS = """
    CREATE TABLE site_logins (
        login name NOT NULL,
        site_id text NOT NULL,
        PRIMARY KEY (login, site_id)
    )
"""

# Who rotates the key sees one site's rows, and has to know whether there are others.
_SITES = """
    CREATE FUNCTION kirdi_sites() RETURNS bigint LANGUAGE sql STABLE
    SECURITY DEFINER SET search_path FROM CURRENT AS $$
        SELECT count(DISTINCT site_id) FROM site_logins
    $$
"""

# The site of a session, or nothing. A setting can be changed by any statement, so it only chooses
# among the sites that the login serves; the owner, who writes that table, may choose any.
_SITE = """
    CREATE FUNCTION kirdi_site() RETURNS text LANGUAGE plpgsql STABLE PARALLEL SAFE
    SECURITY DEFINER SET search_path FROM CURRENT AS $$
    DECLARE
        named text := current_setting('kirdi.site', true);
    BEGIN
        IF EXISTS (SELECT FROM site_logins WHERE login = session_user AND site_id = named)
           OR pg_has_role(session_user, 'kirdi_owner', 'MEMBER') THEN
            RETURN named;
        END IF;
        RETURN NULL;
    END
    $$
"""

# For every table with a `site_id`; later migrations call it for theirs and then grant what is
# needed. The function is asked once for each statement and not for each row.
_PROTECT = """
    CREATE FUNCTION kirdi_protect(guarded regclass) RETURNS void LANGUAGE plpgsql
    SET search_path FROM CURRENT AS $$
    BEGIN
        EXECUTE 'REVOKE ALL ON TABLE ' || guarded || ' FROM PUBLIC';
        EXECUTE 'ALTER TABLE ' || guarded || ' ENABLE ROW LEVEL SECURITY';
        EXECUTE 'ALTER TABLE ' || guarded || ' FORCE ROW LEVEL SECURITY';
        EXECUTE 'CREATE POLICY kirdi_site ON ' || guarded
            || ' USING (site_id = (SELECT kirdi_site()))'
            || ' WITH CHECK (site_id = (SELECT kirdi_site()))';
    END
    $$
"""

# Rows that were their patient's or template's get the site they are of: a policy that asks the
# parent costs every statement a join. (table, parent, the column that names it)
_CHILDREN = (
    ("guardians", "patients", "patient_id"),
    ("consents", "patients", "patient_id"),
    ("templates", "patients", "patient_id"),
    ("template_keys", "templates", "template_id"),
    ("photo_agreements", "templates", "template_id"),
    ("look_alikes", "templates", "template_id"),
)

# What is referred to from within its site only. `patients` has this since the first release.
_REFERRED = (
    ("practitioners", "practitioner_id"),
    ("appointments", "appointment_id"),
    ("consents", "consent_id"),
    ("templates", "template_id"),
    ("codes", "code_id"),
)

# No row refers to another site's: the key's existence would tell, and it would stand in the way
# there. Names stay. (table, column, parent, its column, what follows a deletion)
_REFERENCES = (
    ("guardians", "patient_id", "patients", "patient_id", "CASCADE"),
    ("guardians", "guardian_id", "patients", "patient_id", "CASCADE"),
    ("consents", "patient_id", "patients", "patient_id", "CASCADE"),
    ("consents", "guardian_id", "patients", "patient_id", "NO ACTION"),
    ("templates", "patient_id", "patients", "patient_id", "CASCADE"),
    ("templates", "consent_id", "consents", "consent_id", "CASCADE"),
    ("template_keys", "template_id", "templates", "template_id", "CASCADE"),
    ("photo_agreements", "template_id", "templates", "template_id", "CASCADE"),
    ("look_alikes", "template_id", "templates", "template_id", "CASCADE"),
    ("look_alikes", "other_id", "templates", "template_id", "CASCADE"),
    ("appointments", "practitioner_id", "practitioners", "practitioner_id", "NO ACTION"),
    ("check_ins", "appointment_id", "appointments", "appointment_id", "NO ACTION"),
    ("check_ins", "patient_id", "patients", "patient_id", "NO ACTION"),
    ("check_ins", "consent_id", "consents", "consent_id", "SET NULL (consent_id)"),
    ("reviews", "patient_id", "patients", "patient_id", "NO ACTION"),
    ("presences", "patient_id", "patients", "patient_id", "NO ACTION"),
    ("presences", "appointment_id", "appointments", "appointment_id", "NO ACTION"),
    ("status_changes", "appointment_id", "appointments", "appointment_id", "NO ACTION"),
    ("face_blocks", "patient_id", "patients", "patient_id", "NO ACTION"),
    ("codes", "patient_id", "patients", "patient_id", "NO ACTION"),
    ("codes", "appointment_id", "appointments", "appointment_id", "NO ACTION"),
    ("waiting_reviews", "patient_id", "patients", "patient_id", "CASCADE"),
    ("waiting_reviews", "code_id", "codes", "code_id", "CASCADE"),
)

# Their other references are within the site, so that it is there: one check less for each row, and
# no lock that all who write share on the site's row.
_SITE_IMPLIED = ("check_ins", "status_changes", "presences", "codes")

_PROTECTED = (
    "sites",
    "patients",
    "practitioners",
    "appointments",
    "check_ins",
    "camera_uptime",
    "reviews",
    "waiting_reviews",
    "site_calibrations",
    "match_counts",
    "template_reads",
    "erasures",
    "presences",
    "status_changes",
    "face_blocks",
    "codes",
    "attempts",
    "audit_lanes",
    "audit_events",
    "audit_inbox",
    *(child for child, _, _ in _CHILDREN),
)

# What takes the owner of the tables, and of rights over the server's log: docs/design/0013. Both
# return what is done now; rotations of the key are the whole database's, receipts the site's.
_DESTROY_KEYS = """
    CREATE FUNCTION kirdi_destroy_keys(moment timestamptz)
    RETURNS TABLE (site text, erasure uuid, patient uuid) LANGUAGE plpgsql
    SECURITY DEFINER SET search_path FROM CURRENT SET lock_timeout = '1s' AS $$
    DECLARE
        rotated boolean := false;
        patients_too boolean := (SELECT coalesce(bool_or(renewed_key), false) FROM erasures
                                 WHERE files_clean_at IS NULL);
        due uuid[];
    BEGIN
        IF to_regclass('key_rotations') IS NOT NULL THEN
            rotated := EXISTS (SELECT FROM key_rotations
                               WHERE rewrapped_at IS NOT NULL AND files_clean_at IS NULL);
        END IF;
        -- In this order, as an enrolment does.
        IF patients_too OR rotated THEN
            LOCK TABLE patients IN ACCESS EXCLUSIVE MODE;
        END IF;
        LOCK TABLE template_keys IN ACCESS EXCLUSIVE MODE;
        -- Whoever erases holds a lock on both tables until the commit: under ours there is none
        -- half-done. Those are due of which it is certain that the rewriting leaves them out.
        due := ARRAY(SELECT erasure_id FROM erasures WHERE files_clean_at IS NULL
                     AND (patients_too OR rotated OR NOT renewed_key));
        -- Into a new file that holds the living rows and nothing else; the old one is cut to
        -- nothing at the commit. VACUUM FULL would carry dead rows over that an older transaction
        -- might still see.
        ALTER TABLE template_keys
            ALTER COLUMN wrapped_key TYPE bytea USING wrapped_key || ''::bytea;
        IF patients_too OR rotated THEN
            ALTER TABLE patients
                ALTER COLUMN wrapped_key TYPE bytea USING wrapped_key || ''::bytea;
        END IF;
        IF rotated THEN
            ALTER TABLE site_secrets
                ALTER COLUMN wrapped_key TYPE bytea USING wrapped_key || ''::bytea;
            UPDATE key_rotations SET files_clean_at = moment
            WHERE rewrapped_at IS NOT NULL AND files_clean_at IS NULL;
        END IF;
        RETURN QUERY UPDATE erasures SET files_clean_at = moment WHERE erasure_id = ANY (due)
            RETURNING site_id, erasure_id, patient_id;
    END
    $$
"""

_CLEAN_LOG = """
    CREATE FUNCTION kirdi_clean_log(moment timestamptz)
    RETURNS TABLE (obstacle text, site text, erasure uuid, patient uuid) LANGUAGE plpgsql
    SECURITY DEFINER SET search_path FROM CURRENT AS $$
    DECLARE
        due uuid[] := ARRAY(SELECT erasure_id FROM erasures
                            WHERE files_clean_at IS NOT NULL AND log_clean_at IS NULL);
        rotations uuid[] := '{}';
        first_clean text;
    BEGIN
        IF to_regclass('key_rotations') IS NOT NULL THEN
            rotations := ARRAY(SELECT rotation_id FROM key_rotations
                               WHERE files_clean_at IS NOT NULL AND log_clean_at IS NULL);
        END IF;
        IF NOT (has_function_privilege('pg_switch_wal()', 'EXECUTE')
                AND has_function_privilege('pg_ls_waldir()', 'EXECUTE')
                AND coalesce((SELECT pg_has_role(oid, 'USAGE') FROM pg_roles
                              WHERE rolname = 'pg_checkpoint'), false)) THEN
            RETURN QUERY SELECT 'not allowed', NULL::text, NULL::uuid, NULL::uuid;
            RETURN;
        END IF;
        IF current_setting('wal_recycle')::boolean THEN
            RETURN QUERY SELECT 'reused', NULL::text, NULL::uuid, NULL::uuid;
            RETURN;
        END IF;
        PERFORM pg_switch_wal();
        first_clean := pg_walfile_name(pg_current_wal_insert_lsn());
        CHECKPOINT;
        -- Names of one timeline sort as the log was written.
        IF (SELECT min(name) < first_clean FROM pg_ls_waldir() WHERE name ~ '^[0-9A-F]{24}$') THEN
            RETURN QUERY SELECT 'held', NULL::text, NULL::uuid, NULL::uuid;
            RETURN;
        END IF;
        IF cardinality(rotations) > 0 THEN
            UPDATE key_rotations SET log_clean_at = moment WHERE rotation_id = ANY (rotations);
        END IF;
        RETURN QUERY UPDATE erasures SET log_clean_at = moment WHERE erasure_id = ANY (due)
            RETURNING NULL::text, site_id, erasure_id, patient_id;
    END
    $$
"""

# Functions of before keep whoever's search path made them: theirs is the schema, too, and nothing
# that a session could put before it.
_FIXED_PATHS = """
    DO $$
    DECLARE
        item regprocedure;
    BEGIN
        FOR item IN SELECT oid FROM pg_proc
            WHERE pronamespace = current_schema()::regnamespace AND starts_with(proname, 'kirdi_')
              AND proname NOT IN ('kirdi_tell_gallery', 'kirdi_tell_schedule')
        LOOP
            EXECUTE 'ALTER FUNCTION ' || item || ' SET search_path = '
                || quote_ident(current_schema()) || ', pg_temp';
            EXECUTE 'REVOKE ALL ON FUNCTION ' || item || ' FROM PUBLIC';
        END LOOP;
    END
    $$
"""

_PRUNING = """
    DO $$
    BEGIN
        IF to_regprocedure('kirdi_audit_prune(text, timestamptz)') IS NOT NULL THEN
            GRANT EXECUTE ON FUNCTION kirdi_audit_prune(text, timestamptz) TO kirdi_retention;
        END IF;
    END
    $$
"""


def upgrade() -> None:
    """Give rows their site, guard them, and grant what is needed."""
    op.execute("ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC")
    op.execute("ALTER DEFAULT PRIVILEGES REVOKE USAGE ON TYPES FROM PUBLIC")
    for statement in (_LOGINS, _SITES, _SITE, _PROTECT):
        op.execute(statement)
    for child, parent, column in _CHILDREN:
        op.execute(f"ALTER TABLE {child} ADD COLUMN site_id text REFERENCES sites")
        op.execute(
            f"UPDATE {child} SET site_id = parent.site_id "  # noqa: S608 - names of our own
            f"FROM {parent} AS parent WHERE parent.{column} = {child}.{column}"
        )
        op.execute(
            f"ALTER TABLE {child} ALTER COLUMN site_id SET NOT NULL, "
            "ALTER COLUMN site_id SET DEFAULT current_setting('kirdi.site', true)"
        )
    for table, column in _REFERRED:
        op.execute(f"ALTER TABLE {table} ADD CONSTRAINT {table}_site UNIQUE (site_id, {column})")
    for child, column, parent, key, then in _REFERENCES:
        name = f"{child}_{column}_fkey"
        op.execute(
            f"ALTER TABLE {child} DROP CONSTRAINT {name}, ADD CONSTRAINT {name} "
            f"FOREIGN KEY (site_id, {column}) REFERENCES {parent} (site_id, {key}) ON DELETE {then}"
        )
    for table in _SITE_IMPLIED:
        op.execute(f"ALTER TABLE {table} DROP CONSTRAINT {table}_site_id_fkey")
    # Room for an appointment's new status beside the old one, so that no index has to follow.
    op.execute("ALTER TABLE appointments SET (fillfactor = 80)")
    for table in _PROTECTED:
        op.execute(f"SELECT kirdi_protect('{table}')")
    for statement in (
        _DESTROY_KEYS,
        _CLEAN_LOG,
        _FIXED_PATHS,
        SERVICE,
        KEYS,
        RETENTION,
        AUDITOR,
    ):
        op.execute(statement)
    op.execute(_PRUNING)
    op.execute("REVOKE ALL ON FUNCTION kirdi_tell_gallery(text) FROM PUBLIC")
    op.execute("REVOKE ALL ON FUNCTION kirdi_tell_schedule(text, uuid[]) FROM PUBLIC")
