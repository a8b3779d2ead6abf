"""What each role of the database may do with the tables of revisions 0001 to 0010.

Part of `versions/m0011_roles.py`, which grants it; later revisions grant what is about their own
tables.
"""

# What the statements of `queries.sql` need, and no more: no DELETE and no UPDATE of the audit, of
# reviews, status changes, template reads and receipts, which are only ever added to.
SERVICE = """
    GRANT SELECT ON alembic_version TO kirdi_service;
    GRANT SELECT, INSERT ON meta TO kirdi_service;
    GRANT SELECT, UPDATE (name, time_zone) ON sites TO kirdi_service;
    GRANT SELECT, INSERT, UPDATE (wrapped_key, sealed_profile, id_number_hash, language,
        attached_from, attached_to, deceased_on, is_staff, payer, updated_at)
        ON patients TO kirdi_service;
    GRANT SELECT, INSERT, DELETE ON guardians TO kirdi_service;
    GRANT SELECT, INSERT, UPDATE (status, ended_at, ended_by, ended_reason, withdrawn_at)
        ON consents TO kirdi_service;
    GRANT SELECT, INSERT ON consent_texts TO kirdi_service;
    GRANT SELECT, INSERT, UPDATE (consent_id), DELETE ON templates TO kirdi_service;
    GRANT SELECT, INSERT ON template_keys TO kirdi_service;
    GRANT SELECT, INSERT ON photo_agreements, look_alikes TO kirdi_service;
    GRANT SELECT, INSERT, UPDATE (full_name) ON practitioners TO kirdi_service;
    GRANT SELECT, INSERT, UPDATE (patient_id, practitioner_id, service_code, service_name,
        starts_at, ends_at, status, status_changed_at, department, building, room, place, walk_in)
        ON appointments TO kirdi_service;
    GRANT SELECT, INSERT, UPDATE (undone_at, undone_by, undone_reason, wrong_person)
        ON check_ins TO kirdi_service;
    GRANT SELECT, INSERT, UPDATE, DELETE ON waiting_reviews TO kirdi_service;
    GRANT SELECT, INSERT, UPDATE (last_seen_at, ended_at) ON camera_uptime TO kirdi_service;
    GRANT SELECT, INSERT ON reviews, status_changes, template_reads, presences, face_blocks,
        site_calibrations TO kirdi_service;
    GRANT SELECT, INSERT, UPDATE (tracks, gallery_sum, gallery_max, accepted, reviewed)
        ON match_counts TO kirdi_service;
    GRANT SELECT, INSERT (erasure_id, site_id, patient_id, consent_id, reason, erased_by, erased_at,
        templates, renewed_key, backups_clean_by) ON erasures TO kirdi_service;
    GRANT SELECT, INSERT, UPDATE (code_hash, revoked_at, redeemed_at, redeemed_by, device_id)
        ON codes TO kirdi_service;
    GRANT SELECT, INSERT, UPDATE, DELETE ON attempts TO kirdi_service;
    GRANT SELECT ON audit_lanes, audit_events, audit_inbox TO kirdi_service;
    GRANT INSERT (site_id, bodies) ON audit_inbox TO kirdi_service;
    GRANT EXECUTE ON FUNCTION kirdi_site(), kirdi_tell_gallery(text),
        kirdi_tell_schedule(text, uuid[]), kirdi_destroy_keys(timestamptz),
        kirdi_clean_log(timestamptz), kirdi_sites(), kirdi_consent_since(uuid) TO kirdi_service
"""

# What rotating the key-encryption key needs. Its tables are the whole database's.
KEYS = """
    GRANT UPDATE (wrapped_key) ON template_keys TO kirdi_service;
    GRANT UPDATE (value) ON meta TO kirdi_service;
    DO $$
    BEGIN
        IF to_regclass('wrapping_keys') IS NOT NULL THEN
            GRANT SELECT, INSERT, UPDATE (state, since, retired_at)
                ON wrapping_keys TO kirdi_service;
            GRANT SELECT, INSERT, UPDATE (wrapped_key) ON site_secrets TO kirdi_service;
            GRANT SELECT, INSERT (rotation_id, former_id, key_id, began_at, began_by),
                UPDATE (rewrapped_at) ON key_rotations TO kirdi_service;
            GRANT SELECT ON wrapping_keys, key_rotations TO kirdi_retention, kirdi_auditor;
        END IF;
    END
    $$
"""

# Reads what it looks for terms in, which is nothing sealed, and deletes. It adds the receipt and
# the audit's event of that. Templates are the service's to erase, who has the key; what hangs on a
# row goes with it by the owner's right.
RETENTION = """
    GRANT SELECT ON alembic_version, sites, practitioners, appointments, consents, check_ins,
        presences, status_changes, face_blocks, reviews, camera_uptime, match_counts,
        template_reads, erasures, attempts, guardians TO kirdi_retention;
    GRANT SELECT (patient_id, site_id, attached_from, attached_to, deceased_on, updated_at)
        ON patients TO kirdi_retention;
    GRANT SELECT (site_id, patient_id, consent_id) ON templates TO kirdi_retention;
    GRANT SELECT (code_id, site_id, patient_id, appointment_id, expires_at)
        ON codes TO kirdi_retention;
    GRANT SELECT (site_id, lane, sequence, recorded_at) ON audit_events TO kirdi_retention;
    GRANT DELETE ON patients, consents, appointments, check_ins, presences, status_changes,
        face_blocks, reviews, camera_uptime, match_counts, template_reads, codes, attempts
        TO kirdi_retention;
    -- Who deletes in portions locks them first, which takes UPDATE of something: a site is none
    -- that could be changed, for the policy holds it.
    GRANT UPDATE (site_id) ON patients, consents, appointments, check_ins, presences,
        status_changes, face_blocks, reviews, camera_uptime, match_counts, template_reads, codes,
        attempts TO kirdi_retention;
    GRANT INSERT (erasure_id, site_id, patient_id, consent_id, reason, erased_by, erased_at,
        templates, renewed_key, backups_clean_by) ON erasures TO kirdi_retention;
    GRANT INSERT (site_id, bodies) ON audit_inbox TO kirdi_retention;
    GRANT EXECUTE ON FUNCTION kirdi_site(), kirdi_tell_gallery(text),
        kirdi_tell_schedule(text, uuid[]) TO kirdi_retention
"""

# Opaque ids, times, figures and staff accounts.
AUDITOR = """
    GRANT SELECT ON alembic_version, sites, practitioners, consents, consent_texts, check_ins,
        presences, status_changes, face_blocks, reviews, camera_uptime, match_counts,
        site_calibrations, template_reads, erasures, attempts, audit_lanes, audit_events
        TO kirdi_auditor;
    GRANT SELECT (patient_id, site_id, patient_ref, is_staff, created_at, updated_at)
        ON patients TO kirdi_auditor;
    GRANT SELECT (appointment_id, site_id, appointment_ref, patient_id, practitioner_id, starts_at,
        ends_at, status, status_changed_at, building, place, walk_in)
        ON appointments TO kirdi_auditor;
    GRANT SELECT (template_id, site_id, patient_id, consent_id, pack_id, photos, created_at)
        ON templates TO kirdi_auditor;
    GRANT SELECT (code_id, site_id, patient_id, appointment_id, kind, grade, issued_at, issued_by,
        issuer_refs, expires_at, redeemed_at, redeemed_by, device_id, revoked_at)
        ON codes TO kirdi_auditor;
    GRANT EXECUTE ON FUNCTION kirdi_site() TO kirdi_auditor
"""
