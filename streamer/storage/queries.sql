-- Every statement of the service, by name. The comment under a name is sent with the statement.
-- In which order rows are locked, and how strongly, stands in docs/design/0030.

-- name: lock_for_transaction
-- One of a kind at a time (imports of one site); released by the end of the transaction.
SELECT pg_advisory_xact_lock(hashtextextended($1, 0));

-- name: choose_site
-- For the transaction; which of them a session may choose is kirdi_site()'s to say.
SELECT set_config('kirdi.site', $1, true);

-- name: register_site
-- By the owner, when migrating: nobody else makes a site.
INSERT INTO sites (site_id, name, time_zone) VALUES ($1, $2, $3)
ON CONFLICT (site_id) DO NOTHING;

-- name: other_sites_of_login
SELECT array_agg(site_id ORDER BY site_id) FROM site_logins WHERE login = $1::name AND site_id <> $2;

-- name: forget_site_logins
DELETE FROM site_logins;

-- name: serve_site
INSERT INTO site_logins (login, site_id) VALUES ($1::name, $2) ON CONFLICT DO NOTHING;

-- name: site_of_session
-- Nothing where the login does not serve the site that the session names.
SELECT kirdi_site();

-- name: describe_site
-- The settings' word on the site's name and zone.
UPDATE sites SET name = $2, time_zone = $3
WHERE site_id = $1 AND (name, time_zone) IS DISTINCT FROM ($2, $3);

-- name: site_exists
SELECT EXISTS (SELECT FROM sites WHERE site_id = $1);

-- name: read_meta
SELECT value FROM meta WHERE name = $1;

-- name: any_patient
-- Does the database hold sealed data already?
SELECT EXISTS (SELECT FROM patients);

-- name: patients_for_import
-- The stored side of an import, locked against enrolments that happen meanwhile.
SELECT patient_id, patient_ref, wrapped_key, sealed_profile, id_number_hash, language,
       attached_from, attached_to, deceased_on, is_staff, payer
FROM patients
WHERE site_id = $1 AND patient_ref = ANY($2::text[])
ORDER BY patient_id
FOR NO KEY UPDATE;

-- name: insert_patient
INSERT INTO patients (patient_id, site_id, patient_ref, wrapped_key, sealed_profile,
                      id_number_hash, language, attached_from, attached_to, deceased_on, is_staff,
                      payer, created_at, updated_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $13);

-- name: update_patient
UPDATE patients
SET sealed_profile = $2, id_number_hash = $3, language = $4, attached_from = $5, attached_to = $6,
    deceased_on = $7, is_staff = $8, payer = $9, updated_at = $10,
    phone_changed_at = CASE WHEN $11 THEN $10 ELSE phone_changed_at END
WHERE patient_id = $1;

-- name: foreign_id_numbers
-- Of these numbers, those that belong to a patient outside the import.
SELECT id_number_hash FROM patients
WHERE site_id = $1 AND id_number_hash = ANY($2::bytea[]) AND patient_ref <> ALL($3::text[]);

-- name: patient_ids
-- From the clinic's references to ours.
SELECT patient_ref, patient_id FROM patients
WHERE site_id = $1 AND patient_ref = ANY($2::text[]);

-- name: appointment_patients
-- Whose the appointments are that rows of an import name.
SELECT appointment_ref, patient_id FROM appointments
WHERE site_id = $1 AND appointment_ref = ANY($2::text[]);

-- name: guardians_of
SELECT patient_id, guardian_id FROM guardians WHERE patient_id = ANY($1::uuid[]);

-- name: delete_guardians
DELETE FROM guardians WHERE patient_id = ANY($1::uuid[]);

-- name: insert_guardian
INSERT INTO guardians (patient_id, guardian_id) VALUES ($1, $2);

-- name: patient_by_ref
SELECT patient_id, patient_ref, wrapped_key, sealed_profile, language, attached_from, attached_to,
       deceased_on, is_staff, payer
FROM patients WHERE site_id = $1 AND patient_ref = $2;

-- name: patient_by_id
-- Who has arrived before a camera, for whoever may know their name.
SELECT patient_id, patient_ref, wrapped_key, sealed_profile, language, attached_from, attached_to,
       deceased_on, is_staff, payer, erased_at
FROM patients WHERE site_id = $1 AND patient_id = $2;

-- name: patient_by_id_number
-- By keyed hash: the number itself is not in the database.
SELECT patient_id, patient_ref, wrapped_key, sealed_profile, language, attached_from, attached_to,
       deceased_on, is_staff, payer
FROM patients WHERE site_id = $1 AND id_number_hash = $2;

-- name: guardian_refs
SELECT p.patient_ref FROM guardians g JOIN patients p ON p.patient_id = g.guardian_id
WHERE g.patient_id = $1 ORDER BY p.patient_ref;

-- name: upsert_practitioner
INSERT INTO practitioners (practitioner_id, site_id, practitioner_ref, full_name)
VALUES ($1, $2, $3, $4)
ON CONFLICT (site_id, practitioner_ref) DO UPDATE SET full_name = EXCLUDED.full_name
WHERE practitioners.full_name <> EXCLUDED.full_name;

-- name: practitioner_ids
SELECT practitioner_ref, practitioner_id, full_name FROM practitioners
WHERE site_id = $1 AND practitioner_ref = ANY($2::text[]);

-- name: appointments_for_import
-- The stored side of an import, locked against check-ins that happen meanwhile.
SELECT a.appointment_id, a.appointment_ref, a.patient_id, a.practitioner_id, a.service_code,
       a.service_name, a.starts_at, a.ends_at, a.status, a.status_changed_at, a.department,
       a.building, a.room, a.place, a.walk_in
FROM appointments a
WHERE a.site_id = $1 AND a.appointment_ref = ANY($2::text[])
ORDER BY a.appointment_id
FOR NO KEY UPDATE;

-- name: appointments_checked_in
-- Of these appointments, those with a check-in in force.
SELECT appointment_id FROM check_ins
WHERE appointment_id = ANY($1::uuid[]) AND undone_at IS NULL;

-- name: insert_appointment
INSERT INTO appointments (appointment_id, site_id, appointment_ref, patient_id, practitioner_id,
                          service_code, service_name, starts_at, ends_at, status,
                          status_changed_at, department, building, room, place, walk_in)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16);

-- name: update_appointment
UPDATE appointments
SET patient_id = $2, practitioner_id = $3, service_code = $4, service_name = $5, starts_at = $6,
    ends_at = $7, status = $8, status_changed_at = $9, department = $10, building = $11,
    room = $12, place = $13, walk_in = $14
WHERE appointment_id = $1;

-- name: patient_for_enrolment
-- Locked, so that what is done about one patient's consent or template comes one after the other.
SELECT patient_id, patient_ref, wrapped_key, sealed_profile, language, attached_from, attached_to,
       deceased_on, is_staff, payer
FROM patients
WHERE site_id = $1 AND patient_ref = $2
FOR NO KEY UPDATE;

-- name: lock_patient
-- The same by our own id.
SELECT patient_id, patient_ref, wrapped_key, sealed_profile, language, attached_from, attached_to,
       deceased_on, is_staff, payer
FROM patients
WHERE site_id = $1 AND patient_id = $2
FOR NO KEY UPDATE;

-- name: active_consent
SELECT consent_id, document_ref, given_at, expires_at, guardian_id, identity_check, text_id
FROM consents
WHERE patient_id = $1 AND purpose = $2 AND status = 'active'
FOR NO KEY UPDATE;

-- name: active_consents
-- Of some purposes; a check-in that is being written holds the row until it is done.
SELECT consent_id, purpose, document_ref FROM consents
WHERE patient_id = $1 AND purpose = ANY($2::text[]) AND status = 'active'
ORDER BY purpose
FOR NO KEY UPDATE;

-- name: lock_consents_of_patients
-- Of several, before their rows change.
SELECT FROM consents WHERE patient_id = ANY($1::uuid[]) AND status = 'active'
ORDER BY patient_id, purpose
FOR NO KEY UPDATE;

-- name: former_document
-- Has this document been a consent of the patient before, and is it none any more?
SELECT ended_reason FROM consents
WHERE patient_id = $1 AND purpose = $2 AND document_ref = $3
  AND status NOT IN ('active', 'entered-in-error')
LIMIT 1;

-- name: end_consent
-- It stays as a record: `inactive`, or `entered-in-error` where it should never have been one.
UPDATE consents
SET status = CASE WHEN $4 = 'entered-in-error' THEN $4 ELSE 'inactive' END,
    ended_at = $2, ended_by = $3, ended_reason = $4,
    withdrawn_at = CASE WHEN $4 = 'withdrawn' THEN $2::timestamptz END
WHERE consent_id = $1;

-- name: insert_consent_text
-- In full, and once: whoever read the same words shares the row.
INSERT INTO consent_texts (text_id, purpose, version, language, body, sha256)
VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT DO NOTHING;

-- name: consent_text_id
SELECT text_id FROM consent_texts
WHERE purpose = $1 AND version = $2 AND language = $3 AND sha256 = $4;

-- name: insert_consent
INSERT INTO consents (consent_id, patient_id, purpose, status, document_ref, given_at, expires_at,
                      text_id, guardian_id, identity_check, recorded_by, recorded_at, recorder_refs)
VALUES ($1, $2, $3, 'active', $4, $5, $6, $7, $8, $9, $10, $11, $12);

-- name: move_templates
-- The patient's templates go on under the new document.
UPDATE templates SET consent_id = $2 WHERE consent_id = $1;

-- name: due_consents
-- Whose term is over. Nothing is matched or written upon them any more; what is left is to say so and
-- to erase.
SELECT c.consent_id, c.patient_id
FROM consents c JOIN patients p ON p.patient_id = c.patient_id
WHERE p.site_id = $1 AND c.status = 'active' AND c.expires_at <= $2
ORDER BY c.expires_at, c.consent_id
LIMIT 500;

-- name: consents_by_guardians
-- They end when the patient is of age, which the sealed profile tells.
SELECT c.consent_id, c.given_at, p.patient_id, p.patient_ref, p.wrapped_key, p.sealed_profile,
       p.language, p.attached_from, p.attached_to, p.deceased_on, p.is_staff, p.payer
FROM consents c JOIN patients p ON p.patient_id = c.patient_id
WHERE p.site_id = $1 AND c.status = 'active' AND c.guardian_id IS NOT NULL;

-- name: consent_still_active
SELECT purpose FROM consents WHERE consent_id = $1 AND status = 'active' FOR NO KEY UPDATE;

-- name: list_consents
-- Of one patient everything there was; of the site what is in force.
SELECT c.consent_id, p.patient_id, p.patient_ref, c.purpose, c.status, c.document_ref, c.given_at,
       c.expires_at, g.patient_ref AS guardian_ref, c.identity_check, t.language,
       t.version AS text_version, c.recorded_by, c.recorded_at, c.ended_at, c.ended_by, c.ended_reason
FROM consents c
JOIN patients p ON p.patient_id = c.patient_id
LEFT JOIN patients g ON g.patient_id = c.guardian_id
LEFT JOIN consent_texts t ON t.text_id = c.text_id
WHERE p.site_id = $1
  AND CASE WHEN $2::text IS NULL
      THEN c.status = 'active' AND (c.expires_at IS NULL OR c.expires_at > $3)
      ELSE p.patient_ref = $2 END
ORDER BY p.patient_ref, coalesce(c.recorded_at, c.given_at), c.status DESC, c.purpose, c.consent_id;

-- name: gone_from_care
-- Of these patients, those who died or became staff and still have a consent in force or a template.
SELECT p.patient_id, p.deceased_on IS NOT NULL AS deceased
FROM patients p
WHERE p.patient_id = ANY($1::uuid[]) AND (p.deceased_on IS NOT NULL OR p.is_staff)
  AND (EXISTS (SELECT FROM consents c WHERE c.patient_id = p.patient_id AND c.status = 'active'
               AND (p.deceased_on IS NOT NULL OR c.purpose = 'check-in'))
       OR EXISTS (SELECT FROM templates t WHERE t.patient_id = p.patient_id))
ORDER BY p.patient_id;

-- name: templates_to_erase
-- All of a patient's, of every pack, and whether each has a key of its own.
SELECT t.template_id, k.template_id IS NOT NULL AS own_key
FROM templates t LEFT JOIN template_keys k ON k.template_id = t.template_id
WHERE t.patient_id = $1
FOR UPDATE OF t;

-- name: replace_patient_key
UPDATE patients SET wrapped_key = $2, sealed_profile = $3 WHERE patient_id = $1;

-- name: insert_template_key
INSERT INTO template_keys (template_id, wrapped_key) VALUES ($1, $2);

-- name: insert_erasure
INSERT INTO erasures (erasure_id, site_id, patient_id, consent_id, reason, erased_by, erased_at,
                      templates, renewed_key, backups_clean_by)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10);

-- name: list_erasures
SELECT e.erasure_id, e.patient_id, e.consent_id, e.reason, e.erased_by, e.erased_at, e.templates,
       e.files_clean_at, e.log_clean_at, e.backups_clean_by, p.patient_ref
FROM erasures e LEFT JOIN patients p ON p.patient_id = e.patient_id
WHERE e.site_id = $1 AND ($2::text IS NULL OR p.patient_ref = $2)
  AND ($3::uuid[] IS NULL OR e.erasure_id = ANY($3))
ORDER BY e.erased_at, e.erasure_id;

-- name: erasures_left
-- How many receipts wait for the files, and how many for the log; rotations of the key, too, once
-- their rows are all wrapped anew.
SELECT (SELECT count(*) FROM erasures WHERE files_clean_at IS NULL)
     + (SELECT count(*) FROM key_rotations
        WHERE rewrapped_at IS NOT NULL AND files_clean_at IS NULL) AS files,
       (SELECT count(*) FROM erasures WHERE files_clean_at IS NOT NULL AND log_clean_at IS NULL)
     + (SELECT count(*) FROM key_rotations
        WHERE files_clean_at IS NOT NULL AND log_clean_at IS NULL) AS log;

-- name: destroy_keys
-- Rewrites the tables that keys stand in, as their owner, for the receipts that wait for it; those
-- that need not wait any more come back.
SELECT site, erasure, patient FROM kirdi_destroy_keys($1);

-- name: clean_log
-- Lets the log's old files go and says so in the receipts, which come back; or says what keeps it
-- from that.
SELECT obstacle, site, erasure, patient FROM kirdi_clean_log($1);

-- name: delete_template
DELETE FROM templates WHERE patient_id = $1 AND pack_id = $2;

-- name: delete_templates
-- A patient's templates of every pack; their keys go with them.
DELETE FROM templates WHERE patient_id = $1;

-- name: insert_template
INSERT INTO templates (template_id, patient_id, consent_id, pack_id, sealed_vector, photos,
                       created_at, enroller_refs)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8);

-- name: site_templates
-- Everybody's but the patient's own: what a new template is compared with, once, at enrolment. Only
-- under a consent in force.
SELECT t.template_id, t.patient_id, p.patient_ref, t.sealed_vector,
       coalesce(k.wrapped_key, p.wrapped_key) AS wrapped_key, k.template_id IS NOT NULL AS own_key
FROM templates t
JOIN patients p ON p.patient_id = t.patient_id
LEFT JOIN template_keys k ON k.template_id = t.template_id
JOIN consents c ON c.consent_id = t.consent_id AND c.patient_id = p.patient_id
    AND c.purpose = 'check-in' AND c.status = 'active'
    AND (c.expires_at IS NULL OR c.expires_at > $4)
WHERE p.site_id = $1 AND t.pack_id = $2 AND t.patient_id <> $3;

-- name: record_template_read
-- That every template of the site was compared with this patient's face, and whom it looked like;
-- or, at the desk, that the patient's own one was with the face of whoever stood there.
INSERT INTO template_reads (site_id, read_at, purpose, patient_id, pack_id, templates, alike)
VALUES ($1, $2, $7, $3, $4, $5, $6);

-- name: hold_templates
-- Others that are about to be named, before anything of one's own is deleted: whoever erases one
-- locks it before it deletes what names it.
SELECT FROM templates WHERE template_id = ANY($1::uuid[]) ORDER BY template_id FOR KEY SHARE;

-- name: insert_look_alike
-- Two templates too alike to be told apart: both leave the gallery. Nothing where the other one has
-- just been withdrawn: that is waited for.
INSERT INTO look_alikes (template_id, other_id, found_at)
SELECT $1, t.template_id, $3 FROM templates t WHERE t.template_id = $2 FOR KEY SHARE;

-- name: gallery_keys
-- Who may be recognised now: enrolled, an active and unexpired consent, neither staff nor dead, and
-- an appointment at this site whose presence window is open: $4 and $5 say which starts have it so.
-- Not who is too much like another patient: both check in by code.
-- Those who have arrived stay in, so that they are known and not searched for again; so do those who
-- are said not to have come, who may come yet.
SELECT t.template_id, a.appointment_id
FROM appointments a
JOIN patients p ON p.patient_id = a.patient_id AND NOT p.is_staff AND p.deceased_on IS NULL
JOIN templates t ON t.patient_id = p.patient_id AND t.pack_id = $2
JOIN consents c ON c.consent_id = t.consent_id AND c.patient_id = p.patient_id
    AND c.purpose = 'check-in' AND c.status = 'active'
    AND (c.expires_at IS NULL OR c.expires_at > $3)
WHERE a.site_id = $1 AND a.place = 'site'
  AND a.starts_at >= ($4::timestamptz[])[1]
  AND a.starts_at < ($5::timestamptz[])[cardinality($5::timestamptz[])]
  AND EXISTS (SELECT FROM unnest($4::timestamptz[], $5::timestamptz[]) AS open (begins, ends)
              WHERE a.starts_at >= open.begins AND a.starts_at < open.ends)
  AND a.status IN ('pending', 'booked', 'arrived', 'checked-in', 'fulfilled', 'noshow')
  AND NOT EXISTS (SELECT FROM look_alikes l WHERE t.template_id IN (l.template_id, l.other_id));

-- name: gallery_templates
-- The sealed vectors of some of gallery_keys, under the same conditions: consent is asked for again
-- at the moment the vector is read.
SELECT DISTINCT t.template_id, t.patient_id, t.pack_id, t.sealed_vector,
       coalesce(k.wrapped_key, p.wrapped_key) AS wrapped_key, k.template_id IS NOT NULL AS own_key
FROM appointments a
JOIN patients p ON p.patient_id = a.patient_id AND NOT p.is_staff AND p.deceased_on IS NULL
JOIN templates t ON t.patient_id = p.patient_id AND t.pack_id = $2
LEFT JOIN template_keys k ON k.template_id = t.template_id
JOIN consents c ON c.consent_id = t.consent_id AND c.patient_id = p.patient_id
    AND c.purpose = 'check-in' AND c.status = 'active'
    AND (c.expires_at IS NULL OR c.expires_at > $3)
WHERE a.site_id = $1 AND a.place = 'site'
  AND a.starts_at >= ($4::timestamptz[])[1]
  AND a.starts_at < ($5::timestamptz[])[cardinality($5::timestamptz[])]
  AND EXISTS (SELECT FROM unnest($4::timestamptz[], $5::timestamptz[]) AS open (begins, ends)
              WHERE a.starts_at >= open.begins AND a.starts_at < open.ends)
  AND a.status IN ('pending', 'booked', 'arrived', 'checked-in', 'fulfilled', 'noshow')
  AND NOT EXISTS (SELECT FROM look_alikes l WHERE t.template_id IN (l.template_id, l.other_id))
  AND t.template_id = ANY($6::uuid[]);

-- name: patient_at_desk
-- The one template a face at the desk is compared with, and all that may speak against doing so.
SELECT p.patient_id, p.is_staff, p.deceased_on IS NOT NULL AS is_deceased,
       c.consent_id IS NOT NULL AS consents, t.template_id, t.pack_id, t.sealed_vector,
       coalesce(k.wrapped_key, p.wrapped_key) AS wrapped_key, k.template_id IS NOT NULL AS own_key,
       EXISTS (SELECT FROM look_alikes l WHERE t.template_id IN (l.template_id, l.other_id))
           AS is_code_only
FROM patients p
LEFT JOIN consents c ON c.patient_id = p.patient_id AND c.purpose = 'check-in'
    AND c.status = 'active' AND (c.expires_at IS NULL OR c.expires_at > $4)
LEFT JOIN templates t ON t.patient_id = p.patient_id AND t.consent_id = c.consent_id
    AND t.pack_id = $3
LEFT JOIN template_keys k ON k.template_id = t.template_id
WHERE p.site_id = $1 AND p.patient_ref = $2;

-- name: lock_appointment
-- The one lock that every check-in of an appointment takes first.
SELECT patient_id, status, starts_at, place FROM appointments
WHERE appointment_id = $1 AND site_id = $2
FOR NO KEY UPDATE;

-- name: lock_appointments
-- Several at once, in one order for everybody and before any consent: who undoes one locks it before
-- the consents, too.
SELECT FROM appointments WHERE site_id = $1 AND appointment_id = ANY($2::uuid[])
ORDER BY appointment_id
FOR NO KEY UPDATE;

-- name: check_in_exists
-- Was this event delivered before, or is another check-in of the appointment in force?
SELECT EXISTS (
    SELECT FROM check_ins
    WHERE event_id = $1 OR (appointment_id = $2 AND undone_at IS NULL)
);

-- name: consent_for_check_in
-- Read anew under a lock: a withdrawal waits for this transaction or is seen by it. With the
-- practitioners who recorded it, or enrolled a face of the patient's. It has to have held ever since the
-- face was seen ($3): what was seen before a withdrawal serves no consent given after it.
SELECT c.consent_id, c.recorder_refs || ARRAY(
           SELECT unnest(t.enroller_refs) FROM templates t
           WHERE t.patient_id = c.patient_id AND t.enroller_refs <> '{}'
       ) AS voucher_refs
FROM consents c JOIN patients p ON p.patient_id = c.patient_id
WHERE c.patient_id = $1 AND c.purpose = 'check-in' AND c.status = 'active'
  AND (c.expires_at IS NULL OR c.expires_at > $2)
  AND NOT p.is_staff AND p.deceased_on IS NULL
  AND $3::timestamptz >= kirdi_consent_since(c.consent_id)
FOR SHARE OF c;

-- name: write_shown_check_in
-- Both of the above in one, where nothing has to be looked at in between: no consent for what rests on
-- no face. Written only at an appointment of the patient that is expected, at the site, and begins
-- after $16 and not after $17, of somebody who had not died before $18; what was found comes back.
WITH locked AS (
    SELECT a.appointment_id, a.patient_id, a.status, a.starts_at, a.place, EXISTS (
               SELECT FROM patients p WHERE p.patient_id = a.patient_id AND p.deceased_on < $18
           ) AS died_before
    FROM appointments a
    WHERE a.appointment_id = $3 AND a.site_id = $2
    FOR NO KEY UPDATE OF a
), fit AS (
    SELECT status FROM locked
    WHERE patient_id = $4 AND status IN ('booked', 'pending') AND place = 'site'
      AND starts_at > $16 AND starts_at <= $17 AND NOT died_before
), written AS (
    INSERT INTO check_ins (event_id, site_id, appointment_id, patient_id, consent_id, method,
                           evidence, occurred_at, camera_id, score, threshold, pack_id, decided_by,
                           device_id, note)
    SELECT $1::uuid, $2, $3::uuid, $4::uuid, $5::uuid, $6, $7, $8::timestamptz, $9, $10::float8,
           $11::float8, $12, $13, $14, $15 FROM fit
    ON CONFLICT DO NOTHING
    RETURNING event_id
), arrived AS (
    UPDATE appointments a SET status = 'arrived', status_changed_at = $8
    FROM written WHERE a.appointment_id = $3
), changed AS (
    INSERT INTO status_changes (site_id, appointment_id, event_id, from_status, to_status,
                                occurred_at, changed_by, reason)
    SELECT $2, $3, w.event_id, f.status, 'arrived', $8, $19, $15 FROM written w, fit f
)
SELECT l.patient_id, l.status, l.starts_at, l.place, l.died_before,
       EXISTS (SELECT FROM fit) AS fit, EXISTS (SELECT FROM written) AS written
FROM locked l;

-- name: write_check_in
-- With the appointment's new status, and the old one ($16) as FHIR R4 Provenance; those rows are only
-- ever added. Nothing is written where the event or another check-in in force is there already: two
-- deliveries of one event may name different appointments and so hold different locks.
WITH written AS (
    INSERT INTO check_ins (event_id, site_id, appointment_id, patient_id, consent_id, method,
                           evidence, occurred_at, camera_id, score, threshold, pack_id, decided_by,
                           device_id, note, voucher_refs)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $18)
    ON CONFLICT DO NOTHING
    RETURNING event_id, site_id, appointment_id, occurred_at, note
), arrived AS (
    UPDATE appointments a SET status = 'arrived', status_changed_at = w.occurred_at
    FROM written w WHERE a.appointment_id = w.appointment_id
), changed AS (
    INSERT INTO status_changes (site_id, appointment_id, event_id, from_status, to_status,
                                occurred_at, changed_by, reason)
    SELECT site_id, appointment_id, event_id, $16, 'arrived', occurred_at, $17, note FROM written
)
SELECT event_id FROM written;

-- name: face_blocked
-- Has a person said that whoever was taken for this patient on this day was somebody else? And, where
-- no person has decided ($4), has one undone a check-in of the appointment ($3) of that day ($6 to $7)?
-- Or does one bill it, or has billed it, who vouches for the face ($5)? A face alone does not write a
-- check-in then.
SELECT EXISTS (SELECT FROM face_blocks WHERE patient_id = $1 AND day = $2)
    OR ($4 AND EXISTS (SELECT FROM check_ins WHERE appointment_id = $3 AND undone_at IS NOT NULL
                       AND occurred_at >= $6 AND occurred_at < $7))
    OR ($4 AND cardinality($5::text[]) > 0 AND EXISTS (
        SELECT FROM practitioners d
        WHERE d.practitioner_ref = ANY($5) AND (
            d.practitioner_id = (SELECT practitioner_id FROM appointments WHERE appointment_id = $3)
            OR EXISTS (SELECT FROM former_practitioners f
                       WHERE f.appointment_id = $3 AND f.practitioner_id = d.practitioner_id))));

-- name: insert_status_change
-- FHIR R4 Provenance of a status. Rows are only ever added.
INSERT INTO status_changes (site_id, appointment_id, event_id, from_status, to_status, occurred_at,
                            changed_by, reason)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8);

-- name: insert_presence
-- Nothing is inserted when it is there: the id says whose, what, where and in which ten minutes. Nor
-- where a check-in of the last ten minutes at the same place says it already.
INSERT INTO presences (presence_id, site_id, patient_id, appointment_id, flag, method, evidence,
                       occurred_at, building, camera_id, device_id, score, threshold, pack_id,
                       decided_by, issuer_refs)
SELECT $1::uuid, $2, $3::uuid, $4::uuid, $5, $6, $7, $8::timestamptz, $9, $10, $11,
       $12::double precision, $13::double precision, $14, $15, $16::text[]
WHERE $5 <> 'again' OR NOT EXISTS (
    SELECT FROM check_ins c
    WHERE c.appointment_id = $4 AND c.undone_at IS NULL AND c.method = $6
      AND c.camera_id IS NOT DISTINCT FROM $10 AND c.device_id IS NOT DISTINCT FROM $11
      AND c.occurred_at > $8::timestamptz - interval '10 minutes')
ON CONFLICT DO NOTHING
RETURNING presence_id;

-- name: presence_fits
-- Is it the site's patient, and the patient's appointment, if there is one?
SELECT EXISTS (
    SELECT FROM patients p
    WHERE p.site_id = $1 AND p.patient_id = $2
      AND ($3::uuid IS NULL OR EXISTS (
          SELECT FROM appointments a
          WHERE a.appointment_id = $3 AND a.site_id = $1 AND a.patient_id = $2))
);

-- name: schedule_of_site
-- A day's appointments of a site, for the cache.
SELECT appointment_id, patient_id, starts_at, ends_at, status, place, building
FROM appointments
WHERE site_id = $1 AND starts_at >= $2 AND starts_at < $3
ORDER BY starts_at, appointment_id;

-- name: schedule_of_patient
SELECT appointment_id, patient_id, starts_at, ends_at, status, place, building
FROM appointments
WHERE site_id = $1 AND starts_at >= $2 AND starts_at < $3 AND patient_id = $4
ORDER BY starts_at, appointment_id;

-- name: schedule_states
-- Was anything of these days changed? Every write gives a row another xmin. See storage/held_day.py.
SELECT count(a.appointment_id) AS count, coalesce(sum(a.xmin::text::numeric * a.xmin::text::numeric), 0) AS squares
FROM unnest($2::timestamptz[], $3::timestamptz[]) WITH ORDINALITY AS day (starts, ends, place)
LEFT JOIN appointments a
    ON a.site_id = $1 AND a.starts_at >= day.starts AND a.starts_at < day.ends
GROUP BY day.place ORDER BY day.place;

-- name: schedule_versions
SELECT appointment_id, xmin::text::bigint AS version FROM appointments
WHERE site_id = $1 AND starts_at >= $2 AND starts_at < $3;

-- name: schedule_rows
SELECT appointment_id, patient_id, starts_at, ends_at, status, place, building,
       xmin::text::bigint AS version
FROM appointments WHERE site_id = $1 AND appointment_id = ANY($2::uuid[]);

-- name: list_appointments
SELECT a.appointment_ref, p.patient_id, p.patient_ref, d.practitioner_ref, a.service_code, a.service_name,
       a.starts_at, a.ends_at, a.status, a.place, a.building, a.room
FROM appointments a
JOIN patients p ON p.patient_id = a.patient_id
JOIN practitioners d ON d.practitioner_id = a.practitioner_id
WHERE a.site_id = $1 AND a.starts_at >= $2 AND a.starts_at < $3
ORDER BY a.starts_at, a.appointment_ref;

-- name: list_check_ins
-- Those in force; with $4 the undone ones too.
SELECT a.appointment_ref, p.patient_id, p.patient_ref, c.method, c.camera_id AS camera,
       c.occurred_at, c.recorded_at, c.score, a.status, c.evidence, c.threshold, c.decided_by, c.device_id, c.note,
       c.undone_at, c.undone_by, c.undone_reason, c.pack_id
FROM check_ins c
JOIN appointments a ON a.appointment_id = c.appointment_id
JOIN patients p ON p.patient_id = c.patient_id
WHERE c.site_id = $1 AND c.occurred_at >= $2 AND c.occurred_at < $3
  AND ($4 OR c.undone_at IS NULL)
ORDER BY c.occurred_at, a.appointment_ref, c.recorded_at;

-- name: open_uptime
SELECT state, reason, started_at FROM camera_uptime
WHERE site_id = $1 AND camera_id = $2 AND ended_at IS NULL
FOR UPDATE;

-- name: close_uptime
-- A clock that went back must not make an interval end before it began.
UPDATE camera_uptime
SET ended_at = greatest(started_at, $3), last_seen_at = greatest(started_at, $3)
WHERE site_id = $1 AND camera_id = $2 AND ended_at IS NULL;

-- name: insert_uptime
INSERT INTO camera_uptime (site_id, camera_id, state, reason, started_at, last_seen_at)
VALUES ($1, $2, $3, $4, $5, $5);

-- name: heartbeat_uptime
UPDATE camera_uptime SET last_seen_at = greatest(last_seen_at, $2)
WHERE site_id = $1 AND ended_at IS NULL;

-- name: recover_uptime
-- Intervals a crash left open: nobody knows what the camera did after the last heartbeat.
UPDATE camera_uptime SET ended_at = last_seen_at WHERE site_id = $1 AND ended_at IS NULL;

-- name: list_open_uptime
SELECT camera_id, state, reason, started_at, last_seen_at FROM camera_uptime
WHERE site_id = $1 AND ended_at IS NULL
ORDER BY camera_id;

-- name: uptime_between
-- What a camera did in [$3, $4); an open interval reaches to its last heartbeat.
SELECT state, reason, greatest(started_at, $3) AS began_at,
       least(coalesce(ended_at, last_seen_at), $4) AS ended_at
FROM camera_uptime
WHERE site_id = $1 AND camera_id = $2 AND started_at < $4
  AND coalesce(ended_at, last_seen_at) > $3
ORDER BY started_at;

-- name: server_now
SELECT clock_timestamp() AS now, current_setting('server_version') AS version;

-- name: insert_review
-- Rows are only ever added. Nothing is inserted when it is there: a decision may be sent twice.
INSERT INTO reviews (review_id, patient_id, site_id, lead, appointment_ids, camera_id, reason, band,
                     score, threshold, pack_id, decision, decided_by, captured_at, decided_at,
                     method, evidence, device_id, flags)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)
ON CONFLICT DO NOTHING
RETURNING decision;

-- name: review_decision
SELECT decision FROM reviews WHERE review_id = $1 AND patient_id = $2;

-- name: rejections_between
-- Whose face was said not to be the patient's, for the memory of the service that starts.
SELECT patient_id, score, decided_at FROM reviews
WHERE site_id = $1 AND decided_at >= $2 AND decided_at < $3 AND decision = 'rejected'
  AND score IS NOT NULL;

-- name: asked_between
-- Which presences a person was asked about, answered or not: once a day is enough.
SELECT DISTINCT patient_id, unnest(flags) AS flag FROM reviews
WHERE site_id = $1 AND decided_at >= $2 AND decided_at < $3 AND method = 'face';

-- name: told_between
-- Appointments whose conflict no face opens a review for any more.
SELECT DISTINCT unnest(appointment_ids) AS appointment_id FROM reviews
WHERE site_id = $1 AND decided_at >= $2 AND decided_at < $3 AND reason = 'noshow_set'
  AND (decision = 'confirmed' OR decision <> 'expired' AND method = 'face');

-- name: review_patients
-- References, and since when they have consented to being recognised; null = they do not.
SELECT p.patient_id, p.patient_ref, (
           SELECT kirdi_consent_since(c.consent_id) FROM consents c
           WHERE c.patient_id = p.patient_id AND c.purpose = 'check-in' AND c.status = 'active'
             AND (c.expires_at IS NULL OR c.expires_at > $3)
             AND NOT p.is_staff AND p.deceased_on IS NULL
       ) AS consents_since
FROM patients p
WHERE p.site_id = $1 AND p.patient_id = ANY($2::uuid[]);

-- name: open_shown_review
-- Not where a person has dealt with all of this conflict today: has confirmed it, however it was
-- shown, or has rejected what was shown this way. Nor where it waits already: then that one goes on
-- waiting, or, where its time is over and nobody has noted it yet, waits anew.
INSERT INTO waiting_reviews AS w (
    review_id, patient_id, site_id, lead, appointment_ids, reason, method, evidence, building,
    camera_id, device_id, score, threshold, pack_id, code_id, vouched_by, voucher_refs, note,
    captured_at, opened_at)
SELECT $1::uuid, $2::uuid, $3::text, true, $4::uuid[], $5::text, $6::text, $7::text, $8::text,
       $9::text, $10::text, $11::double precision, $12::double precision, $13::text, $14::uuid,
       $15::text, $16::text[], $17::text, $18::timestamptz, $19::timestamptz
WHERE EXISTS (
    SELECT FROM unnest($4::uuid[]) AS about (appointment_id)
    WHERE NOT EXISTS (
        SELECT FROM reviews r
        WHERE r.patient_id = $2 AND r.decided_at >= $20 AND r.reason = $5
          AND (r.decision = 'confirmed' OR r.decision <> 'expired' AND r.method = $6)
          AND about.appointment_id = ANY (r.appointment_ids)))
ON CONFLICT (patient_id, method, appointment_ids) WHERE method <> 'face' DO UPDATE
SET evidence = EXCLUDED.evidence, building = EXCLUDED.building, camera_id = EXCLUDED.camera_id,
    device_id = EXCLUDED.device_id, score = EXCLUDED.score, threshold = EXCLUDED.threshold,
    pack_id = EXCLUDED.pack_id, code_id = EXCLUDED.code_id, vouched_by = EXCLUDED.vouched_by,
    voucher_refs = EXCLUDED.voucher_refs, note = EXCLUDED.note,
    captured_at = EXCLUDED.captured_at, opened_at = EXCLUDED.opened_at
WHERE w.opened_at <= $21
RETURNING review_id;

-- name: shown_reviews
-- Those that are about no face in the service's memory, opened after a moment: these wait.
SELECT review_id, patient_id, appointment_ids, reason, method, evidence, building, camera_id,
       device_id, score, threshold, pack_id, code_id, vouched_by, voucher_refs, note, captured_at,
       opened_at
FROM waiting_reviews
WHERE site_id = $1 AND method <> 'face' AND opened_at > $2
ORDER BY opened_at, review_id
LIMIT $3;

-- name: shown_reviews_over
-- And those whose time is over.
SELECT review_id, patient_id, appointment_ids, reason, method, evidence, building, camera_id,
       device_id, score, threshold, pack_id, code_id, vouched_by, voucher_refs, note, captured_at,
       opened_at
FROM waiting_reviews
WHERE site_id = $1 AND method <> 'face' AND opened_at <= $2
ORDER BY opened_at, review_id
LIMIT $3;

-- name: keep_waiting_review
-- A face waits in the service's memory; here is what would be recorded if nobody decided.
INSERT INTO waiting_reviews (review_id, patient_id, site_id, lead, appointment_ids, flags, reason,
                             method, evidence, building, camera_id, band, score, threshold,
                             pack_id, captured_at, opened_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, 'face', 'face', $8, $9, $10, $11, $12, $13, $14, $15)
ON CONFLICT (review_id, patient_id) DO UPDATE
SET lead = EXCLUDED.lead, appointment_ids = EXCLUDED.appointment_ids, flags = EXCLUDED.flags,
    reason = EXCLUDED.reason, building = EXCLUDED.building, camera_id = EXCLUDED.camera_id,
    band = EXCLUDED.band, score = EXCLUDED.score, threshold = EXCLUDED.threshold,
    pack_id = EXCLUDED.pack_id, captured_at = EXCLUDED.captured_at;

-- name: forget_waiting_reviews
-- And, where a person has confirmed a patient's conflict ($3, $4, $5), however else that was shown:
-- nobody has to look any more. In one order, as two may settle each other's.
WITH settled AS (
    SELECT review_id, patient_id FROM waiting_reviews
    WHERE site_id = $1 AND (
        review_id = ANY($2::uuid[])
        OR patient_id = $3::uuid AND method <> 'face' AND reason = $4::text
           AND appointment_ids <@ $5::uuid[])
    ORDER BY review_id, patient_id
    FOR UPDATE
)
DELETE FROM waiting_reviews w USING settled s
WHERE w.review_id = s.review_id AND w.patient_id = s.patient_id;

-- name: hold_patients
-- Nobody erases them meanwhile; taken before rows that name them.
SELECT FROM patients WHERE patient_id = ANY($1::uuid[]) ORDER BY patient_id FOR KEY SHARE;

-- name: expire_left_reviews
-- Faces that waited in a service that was killed: nobody has decided, and nobody can.
WITH gone AS (
    DELETE FROM waiting_reviews WHERE site_id = $1 AND method = 'face' RETURNING *
)
INSERT INTO reviews (review_id, patient_id, site_id, lead, appointment_ids, camera_id, reason, band,
                     score, threshold, pack_id, decision, decided_by, captured_at, decided_at,
                     method, evidence, flags)
SELECT review_id, patient_id, site_id, lead, appointment_ids, camera_id, reason, band, score,
       threshold, pack_id, 'expired', $2::text, captured_at,
       least($3::timestamptz, opened_at + $4::interval), method, evidence, flags
FROM gone
ON CONFLICT DO NOTHING
RETURNING review_id;

-- name: lock_code
-- Before any appointment, as whoever redeems it does.
SELECT redeemed_at IS NULL AND revoked_at IS NULL AS unused FROM codes WHERE code_id = $1
FOR NO KEY UPDATE;

-- name: review_appointments
SELECT a.appointment_id, a.appointment_ref, a.starts_at, a.status, a.room,
       d.full_name AS practitioner
FROM appointments a JOIN practitioners d ON d.practitioner_id = a.practitioner_id
WHERE a.site_id = $1 AND a.appointment_id = ANY($2::uuid[]);

-- name: insert_photo_agreement
INSERT INTO photo_agreements (template_id, photo, distance, score) VALUES ($1, $2, $3, $4);

-- name: consenting_templates
-- Every template that may be compared at all, whatever is booked: a site's calibration compares
-- them with each other. Consent is checked as in gallery_keys, and look-alikes are left out as there.
SELECT t.template_id, t.patient_id, t.pack_id, t.sealed_vector,
       coalesce(k.wrapped_key, p.wrapped_key) AS wrapped_key, k.template_id IS NOT NULL AS own_key
FROM templates t
JOIN patients p ON p.patient_id = t.patient_id AND NOT p.is_staff AND p.deceased_on IS NULL
LEFT JOIN template_keys k ON k.template_id = t.template_id
JOIN consents c ON c.consent_id = t.consent_id AND c.patient_id = p.patient_id
    AND c.purpose = 'check-in' AND c.status = 'active'
    AND (c.expires_at IS NULL OR c.expires_at > $3)
WHERE p.site_id = $1 AND t.pack_id = $2
  AND NOT EXISTS (SELECT FROM look_alikes l WHERE t.template_id IN (l.template_id, l.other_id))
ORDER BY t.template_id;

-- name: genuine_scores
-- Each photo of an enrolment against the mean of its others.
SELECT g.score
FROM photo_agreements g
JOIN templates t ON t.template_id = g.template_id AND t.pack_id = $2
JOIN patients p ON p.patient_id = t.patient_id AND p.site_id = $1
ORDER BY g.score;

-- name: review_tally
-- Of the matches that would have been accepted and that a person decided about: how many there
-- were, and how many were not the patient the face was matched with. And how many nobody looked at.
-- Where a picture of a face was suspected the match would not have been accepted. Who was confirmed
-- and then undone as the wrong person was wrong; so was whoever arrived without a glance and was
-- undone as the wrong person: somebody has looked then. One sighting is one match, however many
-- appointments it arrived at.
WITH wrong AS (
    SELECT DISTINCT patient_id, camera_id, occurred_at, decided_by IS NULL AS by_itself
    FROM check_ins
    WHERE site_id = $1 AND pack_id = $2 AND method = 'face' AND wrong_person
), looked AS (
    SELECT r.decision, r.decision IN ('rejected', 'other') OR EXISTS (
        SELECT FROM wrong w
        WHERE w.patient_id = r.patient_id AND w.camera_id = r.camera_id
          AND w.occurred_at IN (r.captured_at, r.decided_at)
    ) AS is_wrong
    FROM reviews r
    WHERE r.site_id = $1 AND r.pack_id = $2 AND r.lead AND r.band = 'accept'
      AND r.reason <> 'liveness_doubt'
), unasked AS (
    SELECT count(*) AS matches FROM wrong WHERE by_itself
)
SELECT count(*) FILTER (WHERE decision <> 'expired') + (SELECT matches FROM unasked) AS decided,
       count(*) FILTER (WHERE decision <> 'expired' AND is_wrong)
           + (SELECT matches FROM unasked) AS wrong,
       count(*) FILTER (WHERE decision = 'expired') AS expired
FROM looked;

-- name: reviews_between
-- What people said of faces seen between two moments.
SELECT count(*) FILTER (WHERE decision <> 'expired') AS decided,
       count(*) FILTER (WHERE decision IN ('rejected', 'other')) AS rejected
FROM reviews
WHERE site_id = $1 AND pack_id = $2 AND lead AND captured_at >= $3 AND captured_at < $4;

-- name: insert_calibration
INSERT INTO site_calibrations (calibration_id, site_id, pack_id, made_at, made_by, figures,
                               accept_fpir, patients, impostor_pairs, decided_reviews,
                               wrong_reviews, impostor_tail)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12);

-- name: newest_calibration
SELECT made_at, made_by, figures, accept_fpir, patients, impostor_pairs, decided_reviews, wrong_reviews,
       impostor_tail
FROM site_calibrations
WHERE site_id = $1 AND pack_id = $2
ORDER BY made_at DESC, calibration_id LIMIT 1;

-- name: add_match_counts
INSERT INTO match_counts (site_id, day, camera_id, pack_id, tracks, gallery_sum, gallery_max,
                          accepted, reviewed)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
ON CONFLICT (site_id, day, camera_id, pack_id) DO UPDATE
SET tracks = match_counts.tracks + EXCLUDED.tracks,
    gallery_sum = match_counts.gallery_sum + EXCLUDED.gallery_sum,
    gallery_max = greatest(match_counts.gallery_max, EXCLUDED.gallery_max),
    accepted = match_counts.accepted + EXCLUDED.accepted,
    reviewed = match_counts.reviewed + EXCLUDED.reviewed;

-- name: list_match_counts
SELECT day, camera_id, tracks, gallery_sum, gallery_max, accepted, reviewed
FROM match_counts
WHERE site_id = $1 AND pack_id = $2
ORDER BY day, camera_id;

-- name: largest_gallery
SELECT max(gallery_max) FROM match_counts WHERE site_id = $1 AND pack_id = $2;

-- name: list_patients
-- Who consents to recognition, which packs there are templates of, and whom they are too much like
-- to be told apart by the pack in use: those check in by code only.
SELECT p.patient_id, p.patient_ref, c.document_ref AS consent_ref,
       array_remove(array_agg(t.pack_id ORDER BY t.pack_id), NULL) AS packs,
       NOT coalesce(bool_or(t.pack_id = $2), false) AS needs_enrolment,
       ARRAY(
           SELECT DISTINCT q.patient_ref
           FROM templates mine
           JOIN look_alikes l ON mine.template_id IN (l.template_id, l.other_id)
           JOIN templates other ON other.template_id IN (l.template_id, l.other_id)
               AND other.template_id <> mine.template_id
           JOIN patients q ON q.patient_id = other.patient_id
           WHERE mine.patient_id = p.patient_id AND mine.pack_id = $2
           ORDER BY q.patient_ref
       ) AS looks_like
FROM patients p
JOIN consents c ON c.patient_id = p.patient_id AND c.purpose = 'check-in' AND c.status = 'active'
    AND (c.expires_at IS NULL OR c.expires_at > $3)
LEFT JOIN templates t ON t.patient_id = p.patient_id
WHERE p.site_id = $1 AND NOT p.is_staff AND p.deceased_on IS NULL
GROUP BY p.patient_id, p.patient_ref, c.document_ref
ORDER BY p.patient_ref;

-- name: count_needing_enrolment
-- Consenting patients whom the pack in use cannot recognise.
SELECT count(*)
FROM patients p
JOIN consents c ON c.patient_id = p.patient_id AND c.purpose = 'check-in' AND c.status = 'active'
    AND (c.expires_at IS NULL OR c.expires_at > $3)
WHERE p.site_id = $1 AND NOT p.is_staff AND p.deceased_on IS NULL
  AND NOT EXISTS (SELECT FROM templates t WHERE t.patient_id = p.patient_id AND t.pack_id = $2);

-- name: account_practitioners
-- Whose appointments accounts of these names (in small letters) bill.
SELECT DISTINCT unnest(practitioner_refs) AS practitioner_ref FROM accounts
WHERE site_id = $1 AND lower(name) = ANY($2::text[]) AND practitioner_refs <> '{}';

-- name: bills_patient
-- Which of these practitioners has appointments with the patient, now or within a year before? Or had
-- them, until somebody made them another one's. Cancelled ones count: they are booked again as easily.
SELECT d.practitioner_ref
FROM practitioners d
WHERE d.site_id = $1 AND d.practitioner_ref = ANY($3) AND (
    EXISTS (
        SELECT FROM appointments a
        WHERE a.patient_id = $2 AND a.practitioner_id = d.practitioner_id
          AND a.status <> 'entered-in-error'
          AND a.starts_at > $4::timestamptz - interval '1 year')
    OR EXISTS (
        SELECT FROM former_practitioners f
        WHERE f.patient_id = $2 AND f.practitioner_id = d.practitioner_id
          AND f.changed_at > $4::timestamptz - interval '1 year'))
ORDER BY d.practitioner_ref
LIMIT 1;

-- name: billed_among
-- The same of several patients at once: whom these practitioners have, or had within a year.
SELECT p.patient_id
FROM unnest($2::uuid[]) AS p (patient_id)
WHERE EXISTS (
        SELECT FROM appointments a JOIN practitioners d ON d.practitioner_id = a.practitioner_id
        WHERE a.site_id = $1 AND a.patient_id = p.patient_id AND d.practitioner_ref = ANY($3)
          AND a.status <> 'entered-in-error'
          AND a.starts_at > $4::timestamptz - interval '1 year')
   OR EXISTS (
        SELECT FROM former_practitioners f
        JOIN practitioners d ON d.practitioner_id = f.practitioner_id
        WHERE f.patient_id = p.patient_id AND d.practitioner_ref = ANY($3)
          AND f.changed_at > $4::timestamptz - interval '1 year');

-- name: own_visits_among
-- When these practitioners have, or had, appointments with these patients; and which those are.
SELECT a.appointment_id, a.patient_id, a.starts_at
FROM appointments a JOIN practitioners d ON d.practitioner_id = a.practitioner_id
WHERE a.site_id = $1 AND a.patient_id = ANY($2::uuid[]) AND d.practitioner_ref = ANY($3)
  AND a.status <> 'entered-in-error'
UNION
SELECT f.appointment_id, f.patient_id, a.starts_at
FROM former_practitioners f
JOIN practitioners d ON d.practitioner_id = f.practitioner_id
JOIN appointments a ON a.appointment_id = f.appointment_id
WHERE f.site_id = $1 AND f.patient_id = ANY($2::uuid[]) AND d.practitioner_ref = ANY($3);

-- name: insert_former_practitioner
-- Whose an appointment was, and of whom, until now.
INSERT INTO former_practitioners (site_id, appointment_id, patient_id, practitioner_id, changed_at,
                                  changed_by)
VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (appointment_id, practitioner_id, patient_id)
DO UPDATE SET changed_at = EXCLUDED.changed_at, changed_by = EXCLUDED.changed_by;

-- name: count_attempt
-- Counts an attempt before it is evaluated, so that a hundred at once are a hundred. Nothing comes
-- back, and nothing is counted, while it has to wait. The rule is that of `checkin.codes.limits`.
-- No wait is a moment that is surely past: of two at once the later one may come here first.
-- Not waiting for the disk: a crash loses half a second of counts at most, and nothing else.
WITH guessed AS MATERIALIZED (
    SELECT EXISTS (
        SELECT FROM attempts
        WHERE site_id = $1::text AND scope = 'site' AND day = $4::date AND today >= $11::int
    ) AS strict, set_config('synchronous_commit', 'off', true)
), rule AS (
    SELECT strict, CASE WHEN strict THEN $8::float8[] ELSE $7::float8[] END AS waits FROM guessed
)
INSERT INTO attempts AS a (site_id, scope, subject, level, day, today, last_at, blocked_until)
SELECT $1::text, $2::text, $3::text, 1, $4::date, 1, $5::timestamptz,
       CASE WHEN 1 >= $10::int THEN $6::timestamptz
            WHEN waits[1] = 0 THEN $5::timestamptz - interval '1 minute'
            ELSE $5::timestamptz + make_interval(secs => waits[1])
       END
FROM rule
ON CONFLICT (site_id, scope, subject) DO UPDATE
SET (level, day, today, last_at, blocked_until) = (
    SELECT n.level, $4::date, n.today, $5::timestamptz,
           CASE WHEN n.today >= $10::int THEN $6::timestamptz
                WHEN w.wait_s = 0 THEN $5::timestamptz - interval '1 minute'
                ELSE $5::timestamptz + make_interval(secs => w.wait_s)
           END
    FROM rule, LATERAL (
        SELECT 1 + greatest(0, a.level - CASE WHEN rule.strict THEN 0 ELSE
                   greatest(0, extract(epoch FROM $5::timestamptz - a.last_at)) / $9::float8
                   END) AS level,
               CASE WHEN a.day = $4::date THEN a.today + 1 ELSE 1 END AS today
    ) AS n, LATERAL (
        SELECT rule.waits[
            least(greatest(1, ceil(n.level - 1e-6)::int), cardinality(rule.waits))] AS wait_s
    ) AS w
)
WHERE a.blocked_until <= $5::timestamptz
RETURNING a.blocked_until;

-- name: close_claim
-- The code has done its work ($3, NULL where there is none or it stays in force), the attempt was none
-- in vain ($6, NULL where none was counted), and the audit says so.
WITH used AS (
    UPDATE codes SET redeemed_at = $7, redeemed_by = $4, device_id = $5, code_hash = NULL
    WHERE code_id = $3
), taken_back AS (
    UPDATE attempts AS a
    SET level = greatest(0, a.level - 1), today = greatest(0, a.today - 1),
        blocked_until = CASE WHEN a.blocked_until = $8::timestamptz
                             THEN a.last_at - interval '1 minute' ELSE a.blocked_until END
    WHERE a.site_id = $1 AND a.scope = 'device' AND a.subject = $6
)
INSERT INTO audit_inbox (site_id, bodies) VALUES ($1, $2::json[]);

-- name: take_attempt_back
-- It was none in vain. Somebody else's wait, begun meanwhile, stays.
WITH quick AS (SELECT set_config('synchronous_commit', 'off', true))
UPDATE attempts AS a
SET level = greatest(0, a.level - 1), today = greatest(0, a.today - 1),
    blocked_until = CASE WHEN a.blocked_until = $4::timestamptz
                         THEN a.last_at - interval '1 minute' ELSE a.blocked_until END
FROM quick
WHERE a.site_id = $1 AND a.scope = $2 AND a.subject = $3;

-- name: count_site_failure
WITH quick AS (SELECT set_config('synchronous_commit', 'off', true))
INSERT INTO attempts AS a (site_id, scope, subject, level, day, today, last_at, blocked_until)
SELECT $1::text, 'site', 'all', 0, $2::date, 1, $3::timestamptz, $3::timestamptz FROM quick
ON CONFLICT (site_id, scope, subject) DO UPDATE
SET today = CASE WHEN a.day = $2::date THEN a.today + 1 ELSE 1 END, day = $2::date,
    last_at = $3::timestamptz;

-- name: patient_id_of
SELECT patient_id FROM patients WHERE site_id = $1 AND patient_ref = $2;

-- name: appointment_id_of
SELECT appointment_id AS id, patient_id FROM appointments
WHERE site_id = $1 AND appointment_ref = $2;

-- name: practitioner_id_of
SELECT practitioner_id FROM practitioners WHERE site_id = $1 AND practitioner_ref = $2;

-- name: forgive_attempts
-- The desk has helped: unblocked a device, or issued a patient a new code.
DELETE FROM attempts WHERE site_id = $1 AND scope = $2 AND subject = $3;

-- name: list_attempts
-- What failed on this day, and who waits: an end of a wait that is over is no news.
SELECT scope, subject, today, CASE WHEN blocked_until > $3 THEN blocked_until END AS blocked_until
FROM attempts
WHERE site_id = $1 AND scope <> 'patient' AND (day = $2 AND today > 0 OR blocked_until > $3)
ORDER BY scope, subject;

-- name: patient_for_code
-- Locked, so that two codes of one patient are issued one after the other.
SELECT patient_id, patient_ref, wrapped_key, sealed_profile, language, attached_from, attached_to,
       deceased_on, is_staff, payer, phone_changed_at
FROM patients WHERE site_id = $1 AND patient_ref = $2
FOR NO KEY UPDATE;

-- name: appointment_for_code
SELECT a.appointment_id, p.patient_ref, a.starts_at, a.status, a.place
FROM appointments a JOIN patients p ON p.patient_id = a.patient_id
WHERE a.site_id = $1 AND a.appointment_ref = $2;

-- name: codes_issued_since
SELECT count(*) FROM codes WHERE patient_id = $1 AND issued_at >= $2;

-- name: forget_expired_codes
-- Their digits are free again. Those that somebody holds just now, the next time.
UPDATE codes SET code_hash = NULL
WHERE code_id IN (
    SELECT code_id FROM codes
    WHERE site_id = $1 AND code_hash IS NOT NULL AND expires_at <= $2
    FOR NO KEY UPDATE SKIP LOCKED);

-- name: revoke_former_codes
-- For the same appointment, or the same day of the same patient, one code is in force.
UPDATE codes SET revoked_at = $3, code_hash = NULL
WHERE patient_id = $1 AND appointment_id IS NOT DISTINCT FROM $2
  AND redeemed_at IS NULL AND revoked_at IS NULL AND expires_at > $3;

-- name: revoke_code
UPDATE codes SET revoked_at = $2, code_hash = NULL
WHERE code_id = $1 AND redeemed_at IS NULL AND revoked_at IS NULL
RETURNING patient_id;

-- name: insert_code
-- Nothing comes back where the digits are in force already: others are drawn then.
INSERT INTO codes (code_id, site_id, patient_id, appointment_id, kind, grade, code_hash, issued_at,
                   issued_by, issuer_refs, expires_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
ON CONFLICT (site_id, code_hash) WHERE code_hash IS NOT NULL DO NOTHING
RETURNING code_id;

-- name: find_code_by_digits
-- Those in force only: used, replaced and expired digits are as unknown as all others, and so are
-- those for an appointment that begins after $6: what is sent out days ahead cannot be guessed yet.
-- With what can be arrived at, a row each: the holder's appointments from $4 to $5 and those of whom
-- they are guardian of, or the one that the code was issued for. The people first: by day alone it
-- would read the whole site's.
SELECT c.code_id, c.patient_id, c.appointment_id, c.grade, c.issued_by, c.issuer_refs,
       c.expires_at, c.redeemed_at, c.revoked_at, c.code_hash, EXISTS (
           SELECT FROM attempts t
           WHERE t.site_id = c.site_id AND t.scope = 'patient'
             AND t.subject = c.patient_id::text AND t.blocked_until > $3
       ) AS waits, EXISTS (
           SELECT FROM patients h
           WHERE h.patient_id = c.patient_id AND h.deceased_on IS NOT NULL
       ) AS died,
       v.appointment_id AS visit_id, v.appointment_ref, v.patient_id AS visitor_id, v.starts_at,
       v.ends_at, v.status, v.place, v.building, v.dependant_ref
FROM codes c
LEFT JOIN LATERAL (
    SELECT a.appointment_id, a.appointment_ref, a.patient_id, a.starts_at, a.ends_at, a.status,
           a.place, a.building, CASE WHEN a.patient_id <> c.patient_id THEN (
               SELECT p.patient_ref FROM patients p WHERE p.patient_id = a.patient_id
           ) END AS dependant_ref
    FROM (
        SELECT c.patient_id
        UNION ALL
        SELECT g.patient_id FROM guardians g
        WHERE g.guardian_id = c.patient_id AND c.appointment_id IS NULL
    ) AS person
    JOIN appointments a ON a.patient_id = person.patient_id
    WHERE a.site_id = $1 AND a.status <> 'entered-in-error'
      AND (c.appointment_id IS NULL OR a.appointment_id = c.appointment_id)
      AND a.starts_at >= CASE WHEN c.appointment_id IS NULL THEN $4::timestamptz ELSE '-infinity' END
      AND a.starts_at < CASE WHEN c.appointment_id IS NULL THEN $5::timestamptz ELSE 'infinity' END
) v ON true
WHERE c.site_id = $1 AND c.code_hash = $2 AND c.expires_at > $3
  AND (c.appointment_id IS NULL OR EXISTS (
      SELECT FROM appointments a
      WHERE a.appointment_id = c.appointment_id AND a.starts_at <= $6
  ))
FOR NO KEY UPDATE OF c;

-- name: find_code_by_id
-- In whatever state: a signed token that was used says whom it belonged to. Visits as above.
SELECT c.code_id, c.patient_id, c.appointment_id, c.grade, c.issued_by, c.issuer_refs,
       c.expires_at, c.redeemed_at, c.revoked_at, c.code_hash, EXISTS (
           SELECT FROM attempts t
           WHERE t.site_id = c.site_id AND t.scope = 'patient'
             AND t.subject = c.patient_id::text AND t.blocked_until > $3
       ) AS waits, EXISTS (
           SELECT FROM patients h
           WHERE h.patient_id = c.patient_id AND h.deceased_on IS NOT NULL
       ) AS died,
       v.appointment_id AS visit_id, v.appointment_ref, v.patient_id AS visitor_id, v.starts_at,
       v.ends_at, v.status, v.place, v.building, v.dependant_ref
FROM codes c
LEFT JOIN LATERAL (
    SELECT a.appointment_id, a.appointment_ref, a.patient_id, a.starts_at, a.ends_at, a.status,
           a.place, a.building, CASE WHEN a.patient_id <> c.patient_id THEN (
               SELECT p.patient_ref FROM patients p WHERE p.patient_id = a.patient_id
           ) END AS dependant_ref
    FROM (
        SELECT c.patient_id
        UNION ALL
        SELECT g.patient_id FROM guardians g
        WHERE g.guardian_id = c.patient_id AND c.appointment_id IS NULL
    ) AS person
    JOIN appointments a ON a.patient_id = person.patient_id
    WHERE a.site_id = $1 AND a.status <> 'entered-in-error'
      AND (c.appointment_id IS NULL OR a.appointment_id = c.appointment_id)
      AND a.starts_at >= CASE WHEN c.appointment_id IS NULL THEN $4::timestamptz ELSE '-infinity' END
      AND a.starts_at < CASE WHEN c.appointment_id IS NULL THEN $5::timestamptz ELSE 'infinity' END
) v ON true
WHERE c.site_id = $1 AND c.code_id = $2 AND c.kind = 'qr'
FOR NO KEY UPDATE OF c;

-- name: patient_of_number
SELECT patient_id, deceased_on IS NOT NULL AS died FROM patients WHERE site_id = $1 AND id_number_hash = $2;

-- name: visits_of_person
-- For whom the national service has named: the holder's appointments between two moments, and those of
-- whom they are guardian of, as the clinic says or that service does ($5, hashes).
SELECT a.appointment_id AS visit_id, a.appointment_ref, a.patient_id AS visitor_id, a.starts_at,
       a.ends_at, a.status, a.place, a.building, p.patient_ref AS dependant_ref
FROM appointments a JOIN patients p ON p.patient_id = a.patient_id
WHERE a.site_id = $1 AND a.status <> 'entered-in-error'
  AND a.patient_id = ANY(ARRAY(
      SELECT $2::uuid
      UNION ALL
      SELECT g.patient_id FROM guardians g WHERE g.guardian_id = $2
      UNION ALL
      SELECT w.patient_id FROM patients w
      WHERE w.site_id = $1 AND w.id_number_hash = ANY($5::bytea[])
  ))
  AND a.starts_at >= $3 AND a.starts_at < $4;

-- name: redeem_code
UPDATE codes SET redeemed_at = $2, redeemed_by = $3, device_id = $4, code_hash = NULL
WHERE code_id = $1;

-- name: list_codes
-- Those in force at some time of a day.
SELECT c.code_id, p.patient_id, p.patient_ref, a.appointment_ref, c.kind, c.grade, c.issued_at, c.issued_by,
       c.expires_at, c.redeemed_at, c.redeemed_by, c.device_id AS device,
       CASE WHEN c.redeemed_at IS NOT NULL THEN 'redeemed'
            WHEN c.revoked_at IS NOT NULL THEN 'revoked'
            WHEN c.expires_at <= $4 THEN 'expired'
            ELSE 'in_force' END AS state
FROM codes c
JOIN patients p ON p.patient_id = c.patient_id
LEFT JOIN appointments a ON a.appointment_id = c.appointment_id
WHERE c.site_id = $1 AND c.issued_at < $3 AND c.expires_at > $2
ORDER BY c.issued_at, c.code_id;

-- name: wards_of
SELECT patient_id FROM guardians WHERE guardian_id = $1;

-- name: undone_between
-- Appointments whose check-in of this time a person has undone.
SELECT DISTINCT appointment_id FROM check_ins
WHERE site_id = $1 AND occurred_at >= $2 AND occurred_at < $3 AND undone_at IS NOT NULL;

-- name: by_biller_between
-- Appointments from $2 to $3 that somebody bills, or has billed, who enrolled a face of their patient or
-- recorded the consent that it rests on.
WITH vouched AS MATERIALIZED (
    SELECT t.patient_id, t.enroller_refs AS refs FROM templates t
    WHERE t.site_id = $1 AND t.enroller_refs <> '{}'
    UNION ALL
    SELECT c.patient_id, c.recorder_refs FROM consents c
    WHERE c.site_id = $1 AND c.purpose = 'check-in' AND c.status = 'active'
      AND c.recorder_refs <> '{}'
)
SELECT DISTINCT a.appointment_id
FROM vouched v
JOIN appointments a ON a.patient_id = v.patient_id AND a.starts_at >= $2 AND a.starts_at < $3
JOIN practitioners d ON d.site_id = $1 AND d.practitioner_ref = ANY(v.refs)
WHERE d.practitioner_id = a.practitioner_id
   OR EXISTS (SELECT FROM former_practitioners f
              WHERE f.appointment_id = a.appointment_id AND f.practitioner_id = d.practitioner_id);

-- name: face_blocks_of
SELECT patient_id, day FROM face_blocks WHERE site_id = $1 AND day = $2;

-- name: late_bookings
-- Expected appointments without a check-in, or one undone that day, with the day's sightings of their patient that lie in
-- their arrival window. What a face was seen by needs what a check-in by face needs: a consent that
-- has held ever since (see consent_for_check_in) and no block; the transaction asks
-- again. No code counts that was issued by who bills the
-- appointment, and no face that they enrolled, or whose consent they recorded. First of all those few
-- are found who were seen and are expected as well: everything else is asked of them only.
WITH known AS MATERIALIZED (
    SELECT patient_id FROM presences
    WHERE site_id = $1 AND occurred_at >= $2 AND occurred_at < $3
    UNION
    SELECT patient_id FROM check_ins
    WHERE site_id = $1 AND occurred_at >= $2 AND occurred_at < $3 AND undone_at IS NULL
), expected AS MATERIALIZED (
    SELECT a.appointment_id, a.patient_id, a.starts_at, a.ends_at, a.status, a.place, a.building,
           a.practitioner_id
    FROM appointments a
    WHERE a.site_id = $1 AND a.place = 'site' AND a.status IN ('booked', 'pending')
      AND a.starts_at > $2::timestamptz - $5::interval
      AND a.starts_at < $3::timestamptz + $4::interval
      AND a.patient_id IN (SELECT patient_id FROM known)
)
SELECT a.appointment_id, a.patient_id, a.starts_at, a.ends_at, a.status, a.place, a.building,
       d.practitioner_ref, seen.source_id, seen.occurred_at, seen.seen_in, seen.method,
       seen.evidence, seen.camera_id, seen.device_id, seen.score, seen.threshold, seen.pack_id,
       seen.decided_by
FROM expected a
JOIN practitioners d ON d.practitioner_id = a.practitioner_id
CROSS JOIN LATERAL (
    SELECT p.presence_id AS source_id, p.occurred_at, p.building AS seen_in, p.method,
           p.evidence, p.camera_id, p.device_id, p.score, p.threshold, p.pack_id,
           p.decided_by, p.issuer_refs
    FROM presences p
    WHERE p.patient_id = a.patient_id AND p.site_id = $1
      AND p.occurred_at >= greatest($2::timestamptz, a.starts_at - $4::interval)
      AND p.occurred_at < least($3::timestamptz, a.starts_at + $5::interval)
    UNION ALL
    SELECT c.event_id, c.occurred_at, b.building, c.method,
           c.evidence, c.camera_id, c.device_id, c.score, c.threshold, c.pack_id, c.decided_by,
           c.voucher_refs || (SELECT k.issuer_refs FROM codes k
                              WHERE k.patient_id = c.patient_id AND k.redeemed_at = c.occurred_at
                              LIMIT 1)
    FROM check_ins c JOIN appointments b ON b.appointment_id = c.appointment_id
    WHERE c.patient_id = a.patient_id AND c.site_id = $1 AND c.undone_at IS NULL
      AND c.occurred_at >= greatest($2::timestamptz, a.starts_at - $4::interval)
      AND c.occurred_at < least($3::timestamptz, a.starts_at + $5::interval)
) AS seen
WHERE seen.evidence IN ('face', 'egov', 'code')
  AND NOT coalesce(d.practitioner_ref = ANY(seen.issuer_refs), false)
  AND NOT EXISTS (
      SELECT FROM check_ins c
      WHERE c.appointment_id = a.appointment_id
        AND (c.undone_at IS NULL OR c.occurred_at >= $2 AND c.occurred_at < $3))
  AND (seen.method NOT IN ('face', 'desk') OR (
      NOT EXISTS (SELECT FROM face_blocks f WHERE f.patient_id = a.patient_id AND f.day = $6)
      AND EXISTS (
          SELECT FROM consents k JOIN patients p ON p.patient_id = k.patient_id
          WHERE k.patient_id = a.patient_id AND k.purpose = 'check-in' AND k.status = 'active'
            AND (k.expires_at IS NULL OR k.expires_at > $7)
            AND NOT p.is_staff AND p.deceased_on IS NULL
            AND seen.occurred_at >= kirdi_consent_since(k.consent_id))))
ORDER BY a.appointment_id, seen.occurred_at, seen.source_id;

-- name: lock_appointment_by_ref
-- The lock that every check-in of an appointment takes first, by the clinic's reference.
SELECT a.appointment_id, a.patient_id, a.status, a.starts_at, a.place, p.patient_ref
FROM appointments a JOIN patients p ON p.patient_id = a.patient_id
WHERE a.site_id = $1 AND a.appointment_ref = $2
FOR NO KEY UPDATE OF a;

-- name: active_check_in
SELECT event_id, method, camera_id, occurred_at, score FROM check_ins
WHERE appointment_id = $1 AND undone_at IS NULL;

-- name: undo_check_in
-- The row stays: its event is never written again, and who undid it can be asked.
UPDATE check_ins SET undone_at = $2, undone_by = $3, undone_reason = $4, wrong_person = $5
WHERE event_id = $1 AND undone_at IS NULL;

-- name: mark_booked
-- The one step backwards, by a recorded undo.
UPDATE appointments SET status = 'booked', status_changed_at = $2
WHERE appointment_id = $1 AND status = 'arrived';

-- name: same_sighting
-- What else is arrived by one sighting of a face.
SELECT a.appointment_ref
FROM check_ins c JOIN appointments a ON a.appointment_id = c.appointment_id
WHERE c.patient_id = $1 AND c.camera_id = $2 AND c.occurred_at = $3 AND c.undone_at IS NULL
  AND c.method IN ('face', 'desk')
ORDER BY a.appointment_ref;

-- name: lock_consents
SELECT FROM consents WHERE patient_id = $1 AND purpose = 'check-in' AND status = 'active'
FOR NO KEY UPDATE;

-- name: insert_face_block
INSERT INTO face_blocks (patient_id, day, site_id, score, blocked_at, blocked_by)
VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT DO NOTHING;

-- name: list_presences
SELECT p.patient_id, p.patient_ref, a.appointment_ref, s.flag, s.method, s.evidence, s.building,
       s.camera_id AS camera, s.device_id, s.occurred_at, s.recorded_at, a.starts_at, a.status,
       s.score, s.threshold, s.decided_by
FROM presences s
JOIN patients p ON p.patient_id = s.patient_id
LEFT JOIN appointments a ON a.appointment_id = s.appointment_id
WHERE s.site_id = $1 AND s.occurred_at >= $2 AND s.occurred_at < $3
ORDER BY s.occurred_at, p.patient_ref, a.appointment_ref;

-- name: patients_told_to_payer
-- Of these patients those who agreed, as of $3, that the payer is told.
SELECT p.patient_id
FROM patients p
WHERE p.site_id = $1 AND p.patient_id = ANY($2::uuid[]) AND EXISTS (
    SELECT FROM consents k
    WHERE k.patient_id = p.patient_id AND k.purpose = 'payer-evidence' AND k.status = 'active'
      AND (k.expires_at IS NULL OR k.expires_at > $3));

-- name: read_appointments
-- A page of a day. In all of these `read_…`: $2 = only of these practitioners, $3 = only of patients
-- who agreed, as of $4, that the payer is told; each null or false where it does not matter.
SELECT a.appointment_ref, p.patient_id, p.patient_ref, d.practitioner_ref,
       d.full_name AS practitioner, a.service_code, a.service_name, a.starts_at, a.ends_at, a.status,
       a.place, a.department, a.building, a.room, a.walk_in, t.number AS ticket, c.method, c.evidence, c.occurred_at
FROM appointments a
JOIN patients p ON p.patient_id = a.patient_id
JOIN practitioners d ON d.practitioner_id = a.practitioner_id
LEFT JOIN check_ins c ON c.appointment_id = a.appointment_id AND c.undone_at IS NULL
LEFT JOIN tickets t ON t.appointment_id = a.appointment_id AND t.day = (
    a.starts_at AT TIME ZONE (SELECT s.time_zone FROM sites s WHERE s.site_id = $1))::date
WHERE a.site_id = $1
  AND ($2::text[] IS NULL OR d.practitioner_ref = ANY($2))
  AND (NOT $3::boolean OR EXISTS (
      SELECT FROM consents k
      WHERE k.patient_id = a.patient_id AND k.purpose = 'payer-evidence' AND k.status = 'active'
        AND (k.expires_at IS NULL OR k.expires_at > $4)))
  AND a.starts_at >= $5 AND a.starts_at < $6
  AND ($7::text IS NULL OR d.practitioner_ref = $7)
  AND ($8::text IS NULL OR p.patient_ref = $8)
  AND ($9::text IS NULL OR a.building = $9)
  AND ($10::text IS NULL OR a.room = $10)
  AND ($11::text IS NULL OR a.status = $11)
  AND ($12::timestamptz IS NULL OR (a.starts_at, a.appointment_ref) > ($12, $13::text))
ORDER BY a.starts_at, a.appointment_ref
LIMIT $14;

-- name: read_appointment
SELECT a.appointment_ref, p.patient_id, p.patient_ref, d.practitioner_ref,
       d.full_name AS practitioner, a.service_code, a.service_name, a.starts_at, a.ends_at, a.status,
       a.place, a.department, a.building, a.room, a.walk_in, t.number AS ticket, c.method, c.evidence, c.occurred_at
FROM appointments a
JOIN patients p ON p.patient_id = a.patient_id
JOIN practitioners d ON d.practitioner_id = a.practitioner_id
LEFT JOIN check_ins c ON c.appointment_id = a.appointment_id AND c.undone_at IS NULL
LEFT JOIN tickets t ON t.appointment_id = a.appointment_id AND t.day = (
    a.starts_at AT TIME ZONE (SELECT s.time_zone FROM sites s WHERE s.site_id = $1))::date
WHERE a.site_id = $1
  AND ($2::text[] IS NULL OR d.practitioner_ref = ANY($2))
  AND (NOT $3::boolean OR EXISTS (
      SELECT FROM consents k
      WHERE k.patient_id = a.patient_id AND k.purpose = 'payer-evidence' AND k.status = 'active'
        AND (k.expires_at IS NULL OR k.expires_at > $4)))
  AND a.appointment_ref = $5;

-- name: read_day
-- The day whole, for a page that shows it; or of these rows ($7) what is left of them on this day.
SELECT a.appointment_id, a.appointment_ref, p.patient_id, p.patient_ref, p.wrapped_key,
       p.sealed_profile, d.practitioner_ref, d.full_name AS practitioner, a.service_code,
       a.service_name, a.starts_at, a.ends_at, a.status, a.place, a.department, a.building, a.room,
       a.walk_in, t.number AS ticket, c.method, c.evidence, c.occurred_at,
       ARRAY(SELECT DISTINCT s.flag FROM presences s WHERE s.appointment_id = a.appointment_id
             ORDER BY s.flag) AS seen,
       (SELECT max(k.expires_at) FROM codes k
        WHERE (k.appointment_id = a.appointment_id
               OR k.appointment_id IS NULL AND k.patient_id = a.patient_id)
          AND k.redeemed_at IS NULL AND k.revoked_at IS NULL AND k.expires_at > $4) AS code_until,
       EXISTS (SELECT FROM templates m JOIN consents k ON k.consent_id = m.consent_id
               WHERE m.patient_id = a.patient_id AND k.purpose = 'check-in' AND k.status = 'active'
                 AND (k.expires_at IS NULL OR k.expires_at > $4)) AS enrolled
FROM appointments a
JOIN patients p ON p.patient_id = a.patient_id
JOIN practitioners d ON d.practitioner_id = a.practitioner_id
LEFT JOIN check_ins c ON c.appointment_id = a.appointment_id AND c.undone_at IS NULL
LEFT JOIN tickets t ON t.appointment_id = a.appointment_id AND t.day = (
    a.starts_at AT TIME ZONE (SELECT s.time_zone FROM sites s WHERE s.site_id = $1))::date
WHERE a.site_id = $1
  AND ($2::text[] IS NULL OR d.practitioner_ref = ANY($2))
  AND (NOT $3::boolean OR EXISTS (
      SELECT FROM consents k
      WHERE k.patient_id = a.patient_id AND k.purpose = 'payer-evidence' AND k.status = 'active'
        AND (k.expires_at IS NULL OR k.expires_at > $4)))
  AND a.starts_at >= $5 AND a.starts_at < $6
  AND ($7::uuid[] IS NULL OR a.appointment_id = ANY($7))
ORDER BY a.starts_at, a.appointment_ref
LIMIT $8;

-- name: day_state
-- Was anything of the day changed that pages show? The cheap question; see `schedule_states`. Who
-- is enrolled and consents at $4 belongs to it, wherever that was done.
SELECT (SELECT count(*) || ':' || coalesce(sum(xmin::text::numeric * xmin::text::numeric), 0)
        FROM appointments WHERE site_id = $1 AND starts_at >= $2 AND starts_at < $3)
    || '/' || (SELECT count(*) FROM presences WHERE site_id = $1 AND occurred_at >= $2)
    || '/' || (SELECT count(*) || ':' || count(redeemed_at) || ':' || count(revoked_at)
               FROM codes WHERE site_id = $1 AND expires_at > $2)
    || '/' || (SELECT count(*) || ':' || coalesce(sum(uuid_hash_extended(m.template_id, 0)), 0)
               FROM appointments a
               JOIN templates m ON m.patient_id = a.patient_id
               JOIN consents k ON k.consent_id = m.consent_id AND k.purpose = 'check-in'
                   AND k.status = 'active' AND (k.expires_at IS NULL OR k.expires_at > $4)
               WHERE a.site_id = $1 AND a.starts_at >= $2 AND a.starts_at < $3)
    || '/' || (SELECT coalesce(md5(string_agg(review_id::text, ',' ORDER BY review_id)), '')
               FROM waiting_reviews WHERE site_id = $1 AND lead) AS state;

-- name: day_versions
-- Every row's version: its own, how many presences it has, what its codes have come to, and whether
-- its patient is enrolled and consents at $4.
SELECT a.appointment_id, d.practitioner_ref,
       a.xmin || ':' || coalesce(s.mark, '') || ':' || coalesce(ka.mark, '') || ':'
           || coalesce(kp.mark, '') || ':'
           || EXISTS (SELECT FROM templates m JOIN consents k ON k.consent_id = m.consent_id
                      WHERE m.patient_id = a.patient_id AND k.purpose = 'check-in'
                        AND k.status = 'active'
                        AND (k.expires_at IS NULL OR k.expires_at > $4)) AS version
FROM appointments a
JOIN practitioners d ON d.practitioner_id = a.practitioner_id
LEFT JOIN (
    SELECT appointment_id, count(*)::text AS mark FROM presences
    WHERE site_id = $1 AND occurred_at >= $2 GROUP BY appointment_id
) s ON s.appointment_id = a.appointment_id
LEFT JOIN (
    SELECT appointment_id, count(*) || '.' || count(redeemed_at) || '.' || count(revoked_at) AS mark
    FROM codes WHERE site_id = $1 AND expires_at > $2 AND appointment_id IS NOT NULL
    GROUP BY appointment_id
) ka ON ka.appointment_id = a.appointment_id
LEFT JOIN (
    SELECT patient_id, count(*) || '.' || count(redeemed_at) || '.' || count(revoked_at) AS mark
    FROM codes WHERE site_id = $1 AND expires_at > $2 AND appointment_id IS NULL
    GROUP BY patient_id
) kp ON kp.patient_id = a.patient_id
WHERE a.site_id = $1 AND a.starts_at >= $2 AND a.starts_at < $3;

-- name: day_reviews
SELECT review_id, camera_id FROM waiting_reviews WHERE site_id = $1 AND lead;

-- name: read_check_ins
-- A page of a day; with $7 the undone ones too.
SELECT c.event_id, a.appointment_ref, p.patient_id, p.patient_ref, c.method, c.evidence,
       c.occurred_at, c.recorded_at, a.status, a.building, c.camera_id AS camera,
       c.device_id AS device, c.score, c.threshold, c.decided_by, c.note, c.undone_at, c.undone_by,
       c.undone_reason
FROM check_ins c
JOIN appointments a ON a.appointment_id = c.appointment_id
JOIN patients p ON p.patient_id = c.patient_id
JOIN practitioners d ON d.practitioner_id = a.practitioner_id
WHERE c.site_id = $1
  AND ($2::text[] IS NULL OR d.practitioner_ref = ANY($2))
  AND (NOT $3::boolean OR EXISTS (
      SELECT FROM consents k
      WHERE k.patient_id = c.patient_id AND k.purpose = 'payer-evidence' AND k.status = 'active'
        AND (k.expires_at IS NULL OR k.expires_at > $4)))
  AND c.occurred_at >= $5 AND c.occurred_at < $6
  AND ($7::boolean OR c.undone_at IS NULL)
  AND ($8::text IS NULL OR p.patient_ref = $8)
  AND ($9::timestamptz IS NULL OR (c.occurred_at, c.event_id) > ($9, $10::uuid))
ORDER BY c.occurred_at, c.event_id
LIMIT $11;

-- name: read_presences
-- A page of a day. Of one's own patients: with an appointment it must be one's own, too.
SELECT s.presence_id, p.patient_id, p.patient_ref, a.appointment_ref, s.flag, s.method, s.evidence,
       s.building, s.camera_id AS camera, s.device_id AS device, s.occurred_at, s.recorded_at,
       a.starts_at, a.status, s.score, s.threshold
FROM presences s
JOIN patients p ON p.patient_id = s.patient_id
LEFT JOIN appointments a ON a.appointment_id = s.appointment_id
LEFT JOIN practitioners d ON d.practitioner_id = a.practitioner_id
WHERE s.site_id = $1
  AND ($2::text[] IS NULL OR d.practitioner_ref = ANY($2)
       OR (s.appointment_id IS NULL AND EXISTS (
           SELECT FROM appointments b JOIN practitioners e ON e.practitioner_id = b.practitioner_id
           WHERE b.patient_id = s.patient_id AND e.practitioner_ref = ANY($2)
             AND b.status NOT IN ('cancelled', 'entered-in-error')
             AND b.starts_at > $4::timestamptz - interval '1 year')))
  AND (NOT $3::boolean OR EXISTS (
      SELECT FROM consents k
      WHERE k.patient_id = s.patient_id AND k.purpose = 'payer-evidence' AND k.status = 'active'
        AND (k.expires_at IS NULL OR k.expires_at > $4)))
  AND s.occurred_at >= $5 AND s.occurred_at < $6
  AND ($7::text IS NULL OR p.patient_ref = $7)
  AND ($8::timestamptz IS NULL OR (s.occurred_at, s.presence_id) > ($8, $9::uuid))
ORDER BY s.occurred_at, s.presence_id
LIMIT $10;

-- name: read_patients
-- A page by reference; $5 is the pack in use, with $7 only those it cannot recognise and may. Who was
-- erased at their wish is there for whoever has the number, and in no list.
SELECT p.patient_id, p.patient_ref, p.language, p.attached_from, p.attached_to, p.deceased_on,
       p.is_staff, p.payer, f.consents, f.packs, f.needs_enrolment,
       ARRAY(
           SELECT DISTINCT q.patient_ref
           FROM templates mine
           JOIN look_alikes l ON mine.template_id IN (l.template_id, l.other_id)
           JOIN templates other ON other.template_id IN (l.template_id, l.other_id)
               AND other.template_id <> mine.template_id
           JOIN patients q ON q.patient_id = other.patient_id
           WHERE mine.patient_id = p.patient_id AND mine.pack_id = $5
           ORDER BY q.patient_ref
       ) AS looks_like
FROM patients p
CROSS JOIN LATERAL (
    SELECT given.consents, made.packs,
           'check-in' = ANY(given.consents) AND NOT p.is_staff AND p.deceased_on IS NULL
               AND NOT $5 = ANY(made.packs) AS needs_enrolment
    FROM (SELECT ARRAY(
              SELECT c.purpose FROM consents c
              WHERE c.patient_id = p.patient_id AND c.status = 'active'
                AND (c.expires_at IS NULL OR c.expires_at > $4)
              ORDER BY c.purpose) AS consents) given,
         (SELECT ARRAY(
              SELECT t.pack_id FROM templates t WHERE t.patient_id = p.patient_id
              ORDER BY t.pack_id) AS packs) made
) f
WHERE p.site_id = $1
  AND ($2::text[] IS NULL OR EXISTS (
      SELECT FROM appointments a JOIN practitioners d ON d.practitioner_id = a.practitioner_id
      WHERE a.patient_id = p.patient_id AND d.practitioner_ref = ANY($2)
        AND a.status NOT IN ('cancelled', 'entered-in-error')
        AND a.starts_at > $4::timestamptz - interval '1 year'))
  AND (NOT $3::boolean OR 'payer-evidence' = ANY(f.consents))
  AND CASE WHEN $6::text IS NULL THEN p.erased_at IS NULL ELSE p.patient_ref = $6 END
  AND (NOT $7::boolean OR f.needs_enrolment)
  AND ($8::text IS NULL OR p.patient_ref > $8)
ORDER BY p.patient_ref
LIMIT $9;

-- name: read_consents
-- A page: of one patient everything there was, of the site what is in force.
SELECT c.consent_id, p.patient_id, p.patient_ref, c.purpose, c.status, c.document_ref, c.given_at,
       c.expires_at, g.patient_ref AS guardian_ref, c.identity_check, t.language,
       t.version AS text_version, c.recorded_by, c.recorded_at, c.ended_at, c.ended_by,
       c.ended_reason
FROM consents c
JOIN patients p ON p.patient_id = c.patient_id
LEFT JOIN patients g ON g.patient_id = c.guardian_id
LEFT JOIN consent_texts t ON t.text_id = c.text_id
WHERE p.site_id = $1
  AND CASE WHEN $2::text IS NULL
      THEN c.status = 'active' AND (c.expires_at IS NULL OR c.expires_at > $3)
      ELSE p.patient_ref = $2 END
  AND ($4::text IS NULL
       OR (p.patient_ref, coalesce(c.recorded_at, c.given_at), c.consent_id)
          > ($4, $5::timestamptz, $6::uuid))
ORDER BY p.patient_ref, coalesce(c.recorded_at, c.given_at), c.consent_id
LIMIT $7;

-- name: read_receipts
SELECT e.erasure_id, p.patient_id, p.patient_ref, e.reason, e.erased_by, e.erased_at, e.templates,
       e.files_clean_at, e.log_clean_at, e.backups_clean_by
FROM erasures e LEFT JOIN patients p ON p.patient_id = e.patient_id AND p.site_id = e.site_id
WHERE e.site_id = $1 AND ($2::text IS NULL OR p.patient_ref = $2)
  AND ($3::uuid IS NULL OR e.erasure_id = $3)
  AND ($4::timestamptz IS NULL OR (e.erased_at, e.erasure_id) > ($4, $5::uuid))
ORDER BY e.erased_at, e.erasure_id
LIMIT $6;

-- name: read_codes
-- A page of those in force at some time of a day.
SELECT c.code_id, p.patient_id, p.patient_ref, a.appointment_ref, c.kind, c.grade, c.issued_at,
       c.issued_by, c.expires_at, c.redeemed_at, c.redeemed_by, c.device_id AS device,
       CASE WHEN c.redeemed_at IS NOT NULL THEN 'redeemed'
            WHEN c.revoked_at IS NOT NULL THEN 'revoked'
            WHEN c.expires_at <= $4 THEN 'expired'
            ELSE 'in_force' END AS state
FROM codes c
JOIN patients p ON p.patient_id = c.patient_id
LEFT JOIN appointments a ON a.appointment_id = c.appointment_id
WHERE c.site_id = $1 AND c.issued_at < $3 AND c.expires_at > $2
  AND ($5::timestamptz IS NULL OR (c.issued_at, c.code_id) > ($5, $6::uuid))
ORDER BY c.issued_at, c.code_id
LIMIT $7;

-- name: claim_idempotency_key
-- Nothing comes back where somebody else is at it, it is done, or it was another request. What has
-- been written is never done again, whoever lost its answer.
INSERT INTO idempotency_keys AS held (site_id, account, key_hash, request_hash, claim, claimed_until,
                                      expires_at)
VALUES ($1, $2, $3, $4, $5, $7, $8)
ON CONFLICT (site_id, account, key_hash) DO UPDATE
SET request_hash = EXCLUDED.request_hash, claim = EXCLUDED.claim,
    claimed_until = EXCLUDED.claimed_until, expires_at = EXCLUDED.expires_at,
    written_at = NULL, status = NULL, sealed_answer = NULL
WHERE held.expires_at <= $6
   OR (held.request_hash = EXCLUDED.request_hash AND held.written_at IS NULL
       AND held.status IS NULL AND held.claimed_until <= $6)
RETURNING claim;

-- name: idempotency_key
SELECT request_hash, claimed_until, written_at, status, sealed_answer
FROM idempotency_keys WHERE site_id = $1 AND account = $2 AND key_hash = $3;

-- name: mark_idempotency_key
-- In the transaction of the write itself; nothing comes back where another has taken over.
UPDATE idempotency_keys SET written_at = $5
WHERE site_id = $1 AND account = $2 AND key_hash = $3 AND claim = $4
RETURNING claim;

-- name: answer_idempotency_key
UPDATE idempotency_keys SET status = $5, sealed_answer = $6
WHERE site_id = $1 AND account = $2 AND key_hash = $3 AND claim = $4;

-- name: release_idempotency_key
-- The request came to nothing: it may be made again. With $5 also where something was written.
DELETE FROM idempotency_keys
WHERE site_id = $1 AND account = $2 AND key_hash = $3 AND claim = $4
  AND ($5::boolean OR written_at IS NULL);

-- name: forget_idempotency_keys
DELETE FROM idempotency_keys WHERE site_id = $1 AND expires_at <= $2;
-- name: audit_heads
SELECT lane, sequence, head FROM audit_lanes WHERE site_id = $1 ORDER BY lane;

-- name: audit_lanes_of
SELECT lane, sequence, head, base_sequence, base_hash FROM audit_lanes
WHERE site_id = $1 ORDER BY lane;

-- name: audit_oldest_at
SELECT min(recorded_at) FROM audit_events WHERE site_id = $1;

-- name: audit_chain
-- Everything, in the order in which it is linked.
SELECT lane, sequence, recorded_at, body::text AS body, hash, kind, actor, patient_id
FROM audit_events WHERE site_id = $1
ORDER BY lane, sequence;

-- name: audit_left_over
-- Events that were committed and never linked: only somebody who switched the trigger off does that.
SELECT coalesce(sum(greatest(1, cardinality(bodies))), 0) FROM audit_inbox WHERE site_id = $1;

-- name: audit_triggers
-- Those that link and guard, and are switched on.
SELECT c.relname || '.' || t.tgname AS name
FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
WHERE NOT t.tgisinternal AND t.tgenabled IN ('O', 'A')
  AND c.oid IN ('audit_events'::regclass, 'audit_lanes'::regclass, 'audit_inbox'::regclass);

-- name: list_audit
-- The newest first. A patient's: about them, or a gallery's load that names them.
SELECT lane, sequence, recorded_at, body::text AS body, hash
FROM audit_events
WHERE site_id = $1 AND recorded_at >= $2 AND recorded_at < $3
  AND ($4::text IS NULL OR kind = $4) AND ($5::text IS NULL OR actor = $5)
  AND ($6::uuid IS NULL OR patient_id = $6
       OR (body -> 'detail' ->> 'patients' IS NOT NULL
           AND string_to_array(body -> 'detail' ->> 'patients', ',') @> ARRAY[$6::text]))
  AND ($8::timestamptz IS NULL OR (recorded_at, lane, sequence) < ($8, $9::smallint, $10::bigint))
ORDER BY recorded_at DESC, lane DESC, sequence DESC LIMIT $7;

-- name: export_audit
SELECT lane, sequence, recorded_at, body::text AS body, hash
FROM audit_events WHERE site_id = $1
ORDER BY lane, sequence;

-- name: append_audit
-- Linked to a chain at the commit, all of them in one go.
INSERT INTO audit_inbox (site_id, bodies) VALUES ($1, $2::json[]);

-- name: insert_account
-- Nothing comes back where the name is taken.
INSERT INTO accounts (account_id, site_id, name, password_hash, roles, practitioner_refs, cameras,
                      issuer, subject, roles_from_provider, created_at, created_by,
                      password_changed_at, password_until)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12,
        CASE WHEN $4::text IS NULL THEN NULL ELSE $11::timestamptz END, $13)
ON CONFLICT (site_id, name) DO NOTHING
RETURNING account_id;

-- name: account_by_name
SELECT account_id, name, roles, practitioner_refs, cameras, password_hash, issuer, subject,
       roles_from_provider, created_at, last_sign_in_at, disabled_at, password_until
FROM accounts WHERE site_id = $1 AND name = $2;

-- name: lock_account
SELECT account_id, name, roles, practitioner_refs, cameras, password_hash, issuer, subject,
       roles_from_provider, created_at, last_sign_in_at, disabled_at, password_until
FROM accounts WHERE site_id = $1 AND name = $2 FOR NO KEY UPDATE;

-- name: account_by_identity
SELECT account_id, name, roles, practitioner_refs, cameras, password_hash, issuer, subject,
       roles_from_provider, created_at, last_sign_in_at, disabled_at, password_until
FROM accounts WHERE site_id = $1 AND issuer = $2 AND subject = $3 FOR NO KEY UPDATE;

-- name: list_accounts
SELECT account_id, name, roles, practitioner_refs, cameras, password_hash, issuer, subject,
       roles_from_provider, created_at, last_sign_in_at, disabled_at, password_until
FROM accounts WHERE site_id = $1 ORDER BY name;

-- name: update_account
UPDATE accounts
SET roles = $2, practitioner_refs = $3, cameras = $4, issuer = $5, subject = $6,
    disabled_at = $7
WHERE account_id = $1;

-- name: set_password
UPDATE accounts SET password_hash = $2, password_changed_at = $3, password_until = $4
WHERE account_id = $1;

-- name: rehash_password
-- The same password under newer parameters; not if it has been changed meanwhile.
UPDATE accounts SET password_hash = $3 WHERE account_id = $1 AND password_hash = $2;

-- name: note_sign_in
UPDATE accounts SET last_sign_in_at = $2 WHERE account_id = $1;

-- name: insert_session
INSERT INTO web_sessions (session_hash, site_id, account_id, method, started_at, last_used_at,
                          expires_at)
VALUES ($1, $2, $3, $4, $5, $5, $6);

-- name: find_session
-- In force: neither over nor left alone for too long, of an account that may sign in.
SELECT s.method, s.expires_at, s.last_used_at, a.account_id, a.name, a.roles, a.practitioner_refs,
       a.cameras, a.password_hash, a.issuer, a.subject, a.roles_from_provider, a.created_at,
       a.last_sign_in_at, a.disabled_at, a.password_until
FROM web_sessions s JOIN accounts a ON a.account_id = s.account_id
WHERE s.session_hash = $1 AND s.site_id = $2 AND s.expires_at > $3 AND s.last_used_at > $4
  AND a.disabled_at IS NULL;

-- name: touch_session
-- Once a minute at most, and not waiting for the disk.
WITH quick AS (SELECT set_config('synchronous_commit', 'off', true))
UPDATE web_sessions SET last_used_at = greatest(last_used_at, $2::timestamptz)
FROM quick WHERE session_hash = $1;

-- name: end_session
DELETE FROM web_sessions WHERE session_hash = $1 AND site_id = $2 RETURNING account_id, method;

-- name: end_sessions_of
DELETE FROM web_sessions WHERE account_id = $1;

-- name: other_admins
-- How many beside one are admins and can sign in.
SELECT count(*) FROM accounts
WHERE site_id = $1 AND account_id <> $2 AND 'admin' = ANY (roles) AND disabled_at IS NULL
  AND (subject IS NOT NULL
       OR (password_hash IS NOT NULL AND (password_until IS NULL OR password_until > $3)));

-- name: end_all_sessions
DELETE FROM web_sessions WHERE site_id = $1;

-- name: revoke_all_tokens
UPDATE api_tokens SET revoked_at = $2 WHERE site_id = $1 AND revoked_at IS NULL;

-- name: unpair_all_devices
-- Kept as they are set up; each is paired by a new code.
UPDATE devices SET token_hash = NULL, pairing_hash = NULL, pairing_until = NULL, expires_at = NULL
WHERE site_id = $1 AND (token_hash IS NOT NULL OR pairing_hash IS NOT NULL);

-- name: forget_old_sessions
DELETE FROM web_sessions WHERE site_id = $1 AND (expires_at <= $2 OR last_used_at <= $3);

-- name: trim_sessions
-- Ten of one account at a time; the ones used longest ago end.
DELETE FROM web_sessions WHERE session_hash IN (
    SELECT session_hash FROM web_sessions WHERE account_id = $1
    ORDER BY last_used_at DESC, session_hash OFFSET 10
);

-- name: insert_token
INSERT INTO api_tokens (token_id, token_hash, site_id, account_id, name, scopes, created_at,
                        created_by, expires_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9);

-- name: find_token
SELECT t.token_id, t.scopes, t.last_used_at, a.account_id, a.name, a.roles, a.practitioner_refs,
       a.cameras, a.password_hash, a.issuer, a.subject, a.roles_from_provider, a.created_at,
       a.last_sign_in_at, a.disabled_at, a.password_until
FROM api_tokens t JOIN accounts a ON a.account_id = t.account_id
WHERE t.token_hash = $1 AND t.site_id = $2 AND t.expires_at > $3 AND t.revoked_at IS NULL
  AND a.disabled_at IS NULL;

-- name: touch_token
WITH quick AS (SELECT set_config('synchronous_commit', 'off', true))
UPDATE api_tokens SET last_used_at = greatest(last_used_at, $2::timestamptz)
FROM quick WHERE token_id = $1;

-- name: revoke_token
UPDATE api_tokens SET revoked_at = $3
WHERE token_id = $1 AND site_id = $2 AND revoked_at IS NULL RETURNING account_id;

-- name: list_tokens
SELECT t.token_id, a.name AS account, t.name, t.scopes, t.created_at, t.created_by, t.expires_at,
       t.last_used_at, t.revoked_at
FROM api_tokens t JOIN accounts a ON a.account_id = t.account_id
WHERE t.site_id = $1 AND ($2::text IS NULL OR a.name = $2)
ORDER BY a.name, t.created_at;

-- name: blocked_sign_in
-- Until when one of these has to wait.
SELECT max(a.blocked_until) FROM sign_in_attempts a
JOIN unnest($2::text[], $3::bytea[]) AS asked (scope, subject)
  ON a.scope = asked.scope AND a.subject = asked.subject
WHERE a.site_id = $1 AND a.blocked_until > $4;

-- name: count_sign_in
-- Counts before the password is looked at, so that a hundred at once are a hundred. Forgotten after
-- a day without another. `free` failures cost nothing, then the wait doubles up to `longest_s`.
INSERT INTO sign_in_attempts AS a (site_id, scope, subject, failures, last_at, blocked_until)
SELECT $1, scope, subject, 1, $6::timestamptz, $6::timestamptz
FROM unnest($2::text[], $3::bytea[], $4::int[], $5::float8[])
     AS asked (scope, subject, free, longest_s)
ORDER BY scope, subject
ON CONFLICT (site_id, scope, subject) DO UPDATE
SET (failures, last_at, blocked_until) = (
    SELECT counted.failures, greatest(a.last_at, $6::timestamptz),
           CASE WHEN counted.failures <= asked.free THEN a.blocked_until
                ELSE $6::timestamptz + make_interval(secs =>
                     least(asked.longest_s, 2.0 ^ least(30, counted.failures - asked.free - 1)))
           END
    FROM unnest($2::text[], $3::bytea[], $4::int[], $5::float8[])
         AS asked (scope, subject, free, longest_s),
         LATERAL (SELECT CASE WHEN a.last_at < $6::timestamptz - interval '1 day' THEN 1
                              ELSE least(a.failures, 1000000) + 1 END) AS counted (failures)
    WHERE asked.scope = a.scope AND asked.subject = a.subject
);

-- name: forgive_sign_in
-- It was right: nothing is held against the account from there, nor one failure against the address.
WITH gone AS (
    DELETE FROM sign_in_attempts WHERE site_id = $1 AND scope = 'pair' AND subject = $2
)
UPDATE sign_in_attempts SET failures = greatest(0, failures - 1), blocked_until = $5::timestamptz
WHERE site_id = $1
  AND ((scope = 'address' AND subject = $3) OR (scope = 'account' AND subject = $4));

-- name: forget_sign_in_attempts
DELETE FROM sign_in_attempts WHERE site_id = $1 AND last_at < $2 AND blocked_until < $3;

-- name: known_place
SELECT EXISTS (
    SELECT FROM sign_in_places p JOIN accounts a ON a.account_id = p.account_id
    WHERE a.site_id = $1 AND a.name = $2 AND p.place = $3 AND p.last_at > $4
);

-- name: note_place
INSERT INTO sign_in_places (account_id, site_id, place, last_at) VALUES ($1, $2, $3, $4)
ON CONFLICT (account_id, place) DO UPDATE SET last_at = EXCLUDED.last_at;

-- name: trim_places
DELETE FROM sign_in_places WHERE account_id = $1 AND place IN (
    SELECT place FROM sign_in_places WHERE account_id = $1
    ORDER BY last_at DESC, place OFFSET 20
);

-- name: forget_old_places
DELETE FROM sign_in_places WHERE site_id = $1 AND last_at < $2;

-- name: forget_places
DELETE FROM sign_in_places WHERE account_id = $1;
-- name: known_job_runs
SELECT period FROM job_runs WHERE site_id = $1 AND job = $2 AND period = ANY($3::text[]);

-- name: first_job_run
SELECT min(due_at) FROM job_runs WHERE site_id = $1 AND job = $2;

-- name: oldest_audit_event_at
SELECT recorded_at FROM audit_events WHERE site_id = $1 ORDER BY recorded_at LIMIT 1;

-- name: open_job_runs
-- To be tried again, or left by a service that was killed.
SELECT period, due_at FROM job_runs
WHERE site_id = $1 AND job = $2 AND state IN ('running', 'waiting')
  AND coalesce(next_try_at, lease_until) <= clock_timestamp()
ORDER BY due_at, period;

-- name: claim_job_run
-- One statement, so that of several services one gets it. All its times are the database's. $7: also
-- what is done or was given up.
INSERT INTO job_runs AS r (site_id, job, period, due_at, state, attempts, owner, lease_until,
                           started_at)
VALUES ($1, $2, $3, $4, 'running', 1, $5, clock_timestamp() + $6::interval, clock_timestamp())
ON CONFLICT (site_id, job, period) DO UPDATE
SET state = 'running', owner = EXCLUDED.owner, lease_until = EXCLUDED.lease_until,
    attempts = CASE WHEN r.state IN ('done', 'failed') THEN 1 ELSE r.attempts + 1 END,
    next_try_at = NULL, started_at = EXCLUDED.started_at, ended_at = NULL, outcome = NULL
WHERE (r.state IN ('running', 'waiting')
       AND (coalesce(r.next_try_at, r.lease_until) <= clock_timestamp()
            OR $7 AND r.state = 'waiting'))
   OR ($7 AND r.state IN ('done', 'failed'))
RETURNING attempts;

-- name: keep_job_run
UPDATE job_runs SET lease_until = clock_timestamp() + $5::interval
WHERE site_id = $1 AND job = $2 AND period = $3 AND owner = $4
RETURNING period;

-- name: end_job_run
-- By whoever still has it, and nobody else. Done, failed, or ($8) to be tried again after a while.
UPDATE job_runs
SET state = $5, owner = NULL, lease_until = NULL, ended_at = clock_timestamp(), outcome = $6,
    error = $7, next_try_at = clock_timestamp() + $8::interval
WHERE site_id = $1 AND job = $2 AND period = $3 AND owner = $4
RETURNING period;

-- name: give_back_job_run
-- Unfinished, and no fault of the work's: no attempt is counted.
UPDATE job_runs
SET state = 'waiting', owner = NULL, lease_until = NULL, next_try_at = clock_timestamp(),
    attempts = attempts - 1
WHERE site_id = $1 AND job = $2 AND period = $3 AND owner = $4
RETURNING period;

-- name: list_job_runs
SELECT job, period, due_at, state, attempts, started_at, ended_at, next_try_at, lease_until,
       outcome::text AS outcome, error
FROM job_runs WHERE site_id = $1 AND ($2::text IS NULL OR job = $2)
ORDER BY started_at DESC, job, period DESC
LIMIT $3;

-- name: begin_retention_run
INSERT INTO retention_runs (run_id, site_id, started_at, run_by, cutoffs, deleted)
VALUES ($1, $2, $3, $4, $5, '{}');

-- name: note_retention
-- In the transaction that deletes: a run that is killed has reported what it did.
UPDATE retention_runs
SET deleted = deleted || jsonb_build_object($2::text, coalesce((deleted ->> $2)::bigint, 0) + $3)
WHERE run_id = $1;

-- name: end_retention_run
UPDATE retention_runs SET ended_at = $2 WHERE run_id = $1;

-- name: list_retention_runs
SELECT run_id, started_at, ended_at, run_by, cutoffs::text AS cutoffs, deleted::text AS deleted
FROM retention_runs WHERE site_id = $1
ORDER BY started_at DESC, run_id LIMIT $2;

-- name: can_prune_audit
SELECT to_regprocedure('kirdi_audit_prune(text, timestamptz)') IS NOT NULL;

-- name: prune_audit
SELECT kirdi_audit_prune($1, $2);

-- name: read_one_moment
-- Everything this transaction reads is of one moment.
SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY;

-- name: file_patient
SELECT patient_id, patient_ref, wrapped_key, sealed_profile, language, attached_from, attached_to,
       deceased_on, is_staff, payer, created_at, updated_at
FROM patients WHERE site_id = $1 AND patient_ref = $2;

-- name: file_dependants
SELECT p.patient_ref FROM guardians g JOIN patients p ON p.patient_id = g.patient_id
WHERE g.guardian_id = $1 ORDER BY p.patient_ref;

-- name: file_consents
SELECT c.purpose, c.status, c.document_ref, c.given_at, c.expires_at, g.patient_ref AS guardian_ref,
       c.identity_check, c.recorded_by, c.recorded_at, c.ended_at, c.ended_by, c.ended_reason,
       t.language AS text_language, t.version AS text_version, t.body AS text
FROM consents c
LEFT JOIN patients g ON g.patient_id = c.guardian_id
LEFT JOIN consent_texts t ON t.text_id = c.text_id
WHERE c.patient_id = $1 ORDER BY c.given_at, c.consent_id;

-- name: file_templates
SELECT t.template_id, t.pack_id, t.photos::int AS photos, t.created_at,
       EXISTS (SELECT FROM look_alikes l WHERE t.template_id IN (l.template_id, l.other_id))
           AS code_only
FROM templates t WHERE t.patient_id = $1 ORDER BY t.created_at, t.template_id;

-- name: file_appointments
SELECT a.appointment_ref, d.full_name AS practitioner, a.service_code, a.service_name, a.starts_at,
       a.ends_at, a.status, a.status_changed_at, a.department, a.building, a.room, a.place, a.walk_in,
       (SELECT string_agg(o.full_name, ', ' ORDER BY f.changed_at)
        FROM former_practitioners f JOIN practitioners o ON o.practitioner_id = f.practitioner_id
        WHERE f.appointment_id = a.appointment_id AND f.patient_id = a.patient_id
          AND f.practitioner_id <> a.practitioner_id) AS formerly
FROM appointments a JOIN practitioners d ON d.practitioner_id = a.practitioner_id
WHERE a.patient_id = $1 ORDER BY a.starts_at, a.appointment_ref;

-- name: file_check_ins
SELECT a.appointment_ref, c.method, c.evidence, c.occurred_at, c.recorded_at, c.camera_id,
       c.device_id, c.score, c.threshold, c.pack_id, c.decided_by, c.note, c.undone_at, c.undone_by,
       c.undone_reason
FROM check_ins c JOIN appointments a ON a.appointment_id = c.appointment_id
WHERE c.patient_id = $1 ORDER BY c.occurred_at, c.event_id;

-- name: file_status_changes
SELECT a.appointment_ref, s.from_status, s.to_status, s.occurred_at, s.changed_by, s.reason
FROM status_changes s JOIN appointments a ON a.appointment_id = s.appointment_id
WHERE a.patient_id = $1 ORDER BY s.change_id;

-- name: file_presences
SELECT s.occurred_at, s.flag, s.method, s.evidence, a.appointment_ref, s.building, s.camera_id,
       s.device_id, s.score, s.threshold, s.pack_id
FROM presences s LEFT JOIN appointments a ON a.appointment_id = s.appointment_id
WHERE s.patient_id = $1 ORDER BY s.occurred_at, s.presence_id;

-- name: file_reviews
SELECT captured_at, decided_at, decision, decided_by, camera_id, reason, band, score, threshold,
       pack_id, method, evidence, device_id
FROM reviews WHERE patient_id = $1 ORDER BY decided_at, review_id;

-- name: file_blocks
SELECT day, blocked_at, blocked_by FROM face_blocks WHERE patient_id = $1 ORDER BY day;

-- name: file_codes
SELECT c.kind, c.grade, a.appointment_ref, c.issued_at, c.issued_by, c.expires_at, c.redeemed_at,
       c.redeemed_by, c.device_id, c.revoked_at
FROM codes c LEFT JOIN appointments a ON a.appointment_id = c.appointment_id
WHERE c.patient_id = $1 ORDER BY c.issued_at, c.code_id;

-- name: file_claims
SELECT c.claim_ref, c.appointment_ref, d.full_name AS practitioner, c.service_code, c.service_name,
       c.performed_at, c.time_precision, c.amount::text AS amount, c.currency, c.quantity, c.payer,
       c.contract, c.icd10, c.tariff, c.entered_at, c.place, c.room, c.recorded_at
FROM claims c JOIN practitioners d ON d.practitioner_id = c.practitioner_id
WHERE c.patient_id = $1 ORDER BY c.performed_at, c.claim_ref;

-- name: file_confirmations
SELECT confirmation_ref, method, confirmed_at, appointment_ref, taken_by, building, recorded_at
FROM confirmations WHERE patient_id = $1 ORDER BY confirmed_at, confirmation_ref;

-- name: file_attempts
SELECT day, today, last_at, blocked_until FROM attempts
WHERE site_id = $1 AND scope = 'patient' AND subject = $2::uuid::text;

-- name: file_erasures
SELECT erasure_id, reason, erased_by, erased_at, templates, files_clean_at, log_clean_at,
       backups_clean_by
FROM erasures WHERE site_id = $1 AND patient_id = $2 ORDER BY erased_at, erasure_id;

-- name: file_comparisons
SELECT read_at, purpose, pack_id, templates FROM template_reads
WHERE site_id = $1 AND patient_id = $2 ORDER BY read_at, read_id;

-- name: file_accesses
SELECT recorded_at, kind, body ->> 'action' AS action, actor, body ->> 'outcome' AS outcome,
       body ->> 'entity_type' AS entity_type, body ->> 'reason' AS reason
FROM audit_events
WHERE site_id = $1
  AND (patient_id = $2::uuid
       OR (body -> 'detail' ->> 'patients' IS NOT NULL
           AND string_to_array(body -> 'detail' ->> 'patients', ',') @> ARRAY[$2::text]))
ORDER BY recorded_at, lane, sequence;

-- name: any_erased
SELECT EXISTS (SELECT FROM erased_patients WHERE site_id = $1);

-- name: erased_among
SELECT ref_hash FROM erased_patients WHERE site_id = $1 AND ref_hash = ANY($2::bytea[]);

-- name: remember_erased
INSERT INTO erased_patients (site_id, ref_hash, erased_at) VALUES ($1, $2, $3)
ON CONFLICT DO NOTHING;

-- name: forget_erased
DELETE FROM erased_patients WHERE site_id = $1 AND ref_hash = ANY($2::bytea[]);

-- name: lock_patient_appointments
SELECT FROM appointments WHERE patient_id = $1 ORDER BY appointment_id FOR NO KEY UPDATE;

-- name: lock_patient_codes
-- Before any appointment, as whoever redeems one does.
SELECT FROM codes WHERE patient_id = $1 ORDER BY code_id FOR NO KEY UPDATE;

-- name: signed_for_others
SELECT DISTINCT p.patient_ref
FROM consents c JOIN patients p ON p.patient_id = c.patient_id
WHERE c.guardian_id = $1 AND c.status = 'active' ORDER BY p.patient_ref;

-- name: erase_waiting_reviews
DELETE FROM waiting_reviews
WHERE site_id = $1 AND patient_id = $2 AND $3::timestamptz IS NOT NULL
RETURNING review_id;

-- name: erase_attempts
DELETE FROM attempts
WHERE site_id = $1 AND scope = 'patient' AND subject = $2::uuid::text
  AND $3::timestamptz IS NOT NULL
RETURNING subject;

-- name: erase_guardians
DELETE FROM guardians
WHERE $1::text IS NOT NULL AND (patient_id = $2 OR guardian_id = $2) AND $3::timestamptz IS NOT NULL
RETURNING patient_id;

-- name: erase_person
-- What nothing rests on, by the owner's hand: the service can't delete it. Only of whom no profile is
-- left.
SELECT kind, deleted FROM kirdi_erase_person($1, $2);

-- name: analyze_tables
SELECT kirdi_analyze();

-- name: erase_notes
-- What staff wrote in their own words may name the patient.
UPDATE check_ins
SET note = CASE WHEN note IS NOT NULL THEN '(erased)' END,
    undone_reason = CASE WHEN undone_reason IS NOT NULL THEN '(erased)' END
WHERE site_id = $1 AND patient_id = $2 AND (note IS NOT NULL OR undone_reason IS NOT NULL)
  AND $3::timestamptz IS NOT NULL
RETURNING event_id;

-- name: empty_patient
UPDATE patients
SET patient_ref = $2, wrapped_key = $3, sealed_profile = $4, id_number_hash = NULL, language = NULL,
    attached_from = NULL, attached_to = NULL, deceased_on = NULL, is_staff = false, payer = NULL,
    phone_changed_at = NULL, updated_at = $5, erased_at = $5
WHERE patient_id = $1;

-- name: still_kept
-- What stays of a patient, and the newest moment of each.
SELECT kind, count(*) AS rows, max(at) AS newest
FROM (
    SELECT 'codes' AS kind, expires_at AS at FROM codes WHERE site_id = $1 AND patient_id = $2
    UNION ALL
    SELECT 'presences', occurred_at FROM presences WHERE site_id = $1 AND patient_id = $2
    UNION ALL
    SELECT 'reviews', decided_at FROM reviews WHERE site_id = $1 AND patient_id = $2
    UNION ALL
    SELECT 'check_ins', occurred_at FROM check_ins WHERE site_id = $1 AND patient_id = $2
    UNION ALL
    SELECT 'status_changes', s.occurred_at
    FROM status_changes s JOIN appointments a ON a.appointment_id = s.appointment_id
    WHERE a.site_id = $1 AND a.patient_id = $2
    UNION ALL
    SELECT 'claims', performed_at FROM claims WHERE site_id = $1 AND patient_id = $2
    UNION ALL
    SELECT 'confirmations', confirmed_at FROM confirmations WHERE site_id = $1 AND patient_id = $2
    UNION ALL
    SELECT 'report_replies', visit_at FROM report_replies WHERE site_id = $1 AND patient_id = $2
    UNION ALL
    SELECT 'appointments', starts_at FROM appointments WHERE site_id = $1 AND patient_id = $2
    UNION ALL
    SELECT 'consents', coalesce(ended_at, withdrawn_at, expires_at, given_at) FROM consents
    WHERE patient_id = $2
    UNION ALL
    SELECT 'receipts', erased_at FROM erasures WHERE site_id = $1 AND patient_id = $2
    UNION ALL
    SELECT 'template_reads', read_at FROM template_reads WHERE site_id = $1 AND patient_id = $2
    UNION ALL
    SELECT 'audit', recorded_at FROM audit_events WHERE site_id = $1 AND patient_id = $2
) AS everything
GROUP BY kind ORDER BY kind;

-- name: incident_stored
-- Whose data was in the database before the end of the time; who was erased since it began is counted
-- only: once nothing rests on it, retention deletes the row as well, and the receipt is all there is.
SELECT patient_id FROM patients WHERE site_id = $1 AND created_at < $3
UNION
SELECT patient_id FROM erasures
WHERE site_id = $1 AND reason IN ('erasure', 'retention') AND erased_at >= $2;

-- name: incident_seen
-- Who was recognised by one of the cameras ($4; none named: by any) in the time.
SELECT patient_id FROM check_ins
WHERE site_id = $1 AND occurred_at >= $2 AND occurred_at < $3 AND camera_id IS NOT NULL
  AND (cardinality($4::text[]) = 0 OR camera_id = ANY($4))
UNION
SELECT patient_id FROM presences
WHERE site_id = $1 AND occurred_at >= $2 AND occurred_at < $3 AND camera_id IS NOT NULL
  AND (cardinality($4::text[]) = 0 OR camera_id = ANY($4))
UNION
SELECT patient_id FROM reviews
WHERE site_id = $1 AND captured_at >= $2 AND captured_at < $3 AND camera_id IS NOT NULL
  AND (cardinality($4::text[]) = 0 OR camera_id = ANY($4));

-- name: incident_touched
-- About whom the audit has something by one of the accounts, itself or through another one; a list
-- names all whom it showed.
SELECT DISTINCT named.patient_id FROM audit_events e
CROSS JOIN LATERAL (
    SELECT e.patient_id UNION ALL
    SELECT unnest(string_to_array(e.body -> 'detail' ->> 'patients', ','))::uuid
) named
WHERE site_id = $1 AND recorded_at >= $2 AND recorded_at < $3 AND named.patient_id IS NOT NULL
  AND EXISTS (
      SELECT FROM unnest($4::text[]) AS account
      WHERE lower(actor) = lower(account)
         OR starts_with(lower(actor), lower(account) || ' (through ')
         OR right(lower(actor), length(account) + 10) = '(through ' || lower(account) || ')'
  );

-- name: incident_patients
SELECT p.patient_id, p.patient_ref, p.wrapped_key, p.sealed_profile, p.language, p.attached_from,
       p.attached_to, p.deceased_on, p.is_staff, p.payer,
       p.patient_id IN (SELECT t.patient_id FROM templates t WHERE t.patient_id = ANY($2::uuid[]))
       OR EXISTS (SELECT FROM erasures e
                  WHERE e.site_id = $1 AND e.patient_id = p.patient_id AND e.templates > 0)
           AS had_template
FROM patients p
WHERE p.site_id = $1 AND p.patient_id = ANY($2::uuid[]) AND p.erased_at IS NULL
ORDER BY p.patient_ref;

-- name: incident_accesses
SELECT actor, kind, body ->> 'action' AS action, body ->> 'outcome' AS outcome,
       count(DISTINCT (lane, sequence)) AS events, count(DISTINCT named.patient_id) AS patients,
       min(recorded_at) AS first_at, max(recorded_at) AS last_at
FROM audit_events e
CROSS JOIN LATERAL (
    SELECT e.patient_id UNION ALL
    SELECT unnest(string_to_array(e.body -> 'detail' ->> 'patients', ','))::uuid
) named
WHERE site_id = $1 AND recorded_at >= $2 AND recorded_at < $3
GROUP BY 1, 2, 3, 4 ORDER BY events DESC, actor, kind;

-- name: ensure_meta
INSERT INTO meta (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING;

-- name: replace_meta
INSERT INTO meta (name, value) VALUES ($1, $2)
ON CONFLICT (name) DO UPDATE SET value = EXCLUDED.value;

-- name: keys_in_force
-- Which keys wrap, will in a moment, or did and are still needed.
SELECT key_id, check_value, state, since FROM wrapping_keys WHERE state <> 'retired';

-- name: all_keys
SELECT key_id, state, since, retired_at FROM wrapping_keys ORDER BY since, key_id;

-- name: hold_keys
-- Shared by all who write wrapped keys, until their transaction ends: the current key stays it.
SELECT pg_advisory_xact_lock_shared(hashtextextended('kirdi/keys', 0));

-- name: wait_one_second_for_locks
-- Whoever is behind a lock that is waited for waits with it.
SELECT set_config('lock_timeout', '1s', true);

-- name: change_keys
-- And by nobody while another key becomes current, or one is retired.
SELECT pg_advisory_xact_lock(hashtextextended('kirdi/keys', 0));

-- name: only_rotation
-- For as long as the connection lasts.
SELECT pg_try_advisory_lock(hashtextextended('kirdi/rotation', 0));

-- name: current_key
SELECT key_id FROM wrapping_keys WHERE state = 'current';

-- name: insert_key
INSERT INTO wrapping_keys (key_id, check_value, state, since) VALUES ($1, $2, $3, $4);

-- name: set_key_state
UPDATE wrapping_keys
SET state = $2, retired_at = CASE WHEN $2 = 'retired' THEN $3::timestamptz END,
    since = CASE WHEN $2 = 'current' THEN $3 ELSE since END
WHERE key_id = $1;

-- name: site_secrets
SELECT use, wrapped_key FROM site_secrets;

-- name: insert_site_secret
INSERT INTO site_secrets (use, wrapped_key) VALUES ($1, $2);

-- name: insert_rotation
INSERT INTO key_rotations (rotation_id, former_id, key_id, began_at, began_by)
VALUES ($1, $2, $3, $4, $5);

-- name: open_rotation
-- The one whose rows are not all wrapped anew.
SELECT rotation_id, former_id, key_id FROM key_rotations WHERE rewrapped_at IS NULL
ORDER BY began_at DESC LIMIT 1;

-- name: list_rotations
SELECT rotation_id, former_id, key_id, began_at, began_by, rewrapped_at, files_clean_at, log_clean_at
FROM key_rotations ORDER BY began_at;

-- name: rows_are_rewrapped
UPDATE key_rotations SET rewrapped_at = $2 WHERE rotation_id = $1;

-- name: wrapped_keys_by_key
-- How many wrapped keys name which key; an empty name is that of version 1, which has none.
SELECT kind, name, count(*) AS number
FROM (
    SELECT 'patient' AS kind,
           CASE get_byte(wrapped_key, 0) WHEN 2 THEN encode(substr(wrapped_key, 2, 8), 'hex')
           ELSE '' END AS name
    FROM patients
    UNION ALL
    SELECT 'template',
           CASE get_byte(wrapped_key, 0) WHEN 2 THEN encode(substr(wrapped_key, 2, 8), 'hex')
           ELSE '' END
    FROM template_keys
    UNION ALL
    SELECT 'secret',
           CASE get_byte(wrapped_key, 0) WHEN 2 THEN encode(substr(wrapped_key, 2, 8), 'hex')
           ELSE '' END
    FROM site_secrets
) AS wrapped
GROUP BY kind, name ORDER BY name, kind;

-- name: patients_to_rewrap
-- From one id on; those that somebody else is writing are left for the next round.
SELECT patient_id, wrapped_key FROM patients
WHERE patient_id > $2 AND substr(wrapped_key, 1, 9) <> $1
ORDER BY patient_id LIMIT $3 FOR NO KEY UPDATE SKIP LOCKED;

-- name: rewrap_patients
-- Compare and swap: whatever was written meanwhile stays.
UPDATE patients p SET wrapped_key = n.fresh
FROM unnest($1::uuid[], $2::bytea[], $3::bytea[]) AS n (id, former, fresh)
WHERE p.patient_id = n.id AND p.wrapped_key = n.former;

-- name: template_keys_to_rewrap
SELECT k.template_id, t.patient_id, k.wrapped_key
FROM template_keys k JOIN templates t ON t.template_id = k.template_id
WHERE k.template_id > $2 AND substr(k.wrapped_key, 1, 9) <> $1
ORDER BY k.template_id LIMIT $3 FOR NO KEY UPDATE OF k SKIP LOCKED;

-- name: rewrap_template_keys
UPDATE template_keys k SET wrapped_key = n.fresh
FROM unnest($1::uuid[], $2::bytea[], $3::bytea[]) AS n (id, former, fresh)
WHERE k.template_id = n.id AND k.wrapped_key = n.former;

-- name: rewrap_site_secret
UPDATE site_secrets SET wrapped_key = $3 WHERE use = $1 AND wrapped_key = $2;

-- name: not_rewrapped
-- How many are still wrapped by another key, version 1 included.
SELECT (SELECT count(*) FROM patients WHERE substr(wrapped_key, 1, 9) <> $1)
     + (SELECT count(*) FROM template_keys WHERE substr(wrapped_key, 1, 9) <> $1)
     + (SELECT count(*) FROM site_secrets WHERE substr(wrapped_key, 1, 9) <> $1);

-- name: moment
SELECT now();

-- name: erased_since
-- What goes into the register of erasures: consents that ended, and receipts.
SELECT 'consent' AS kind, c.consent_id AS id, p.site_id, c.patient_id, c.purpose,
       c.ended_reason AS reason, c.ended_at AS at
FROM consents c JOIN patients p ON p.patient_id = c.patient_id
WHERE c.ended_at > $1 AND c.ended_reason <> 'superseded'
UNION ALL
SELECT 'erasure', erasure_id, site_id, patient_id, 'check-in', reason, erased_at
FROM erasures WHERE erased_at > $1
ORDER BY at, kind, id;

-- name: knows_erased
-- Is this end of a consent, or this erasure, known here? Of patients who are not here there is
-- nothing to be known.
SELECT NOT EXISTS (SELECT FROM patients WHERE patient_id = $2)
    OR CASE $3 WHEN 'consent'
       THEN EXISTS (SELECT FROM consents WHERE consent_id = $1 AND ended_at IS NOT NULL)
       ELSE EXISTS (SELECT FROM erasures WHERE erasure_id = $1) END;

-- name: is_being_restored
SELECT to_regclass('kirdi_restore') IS NOT NULL;

-- name: begin_restore
CREATE TABLE IF NOT EXISTS kirdi_restore (backup_id text NOT NULL);

-- name: note_restore
INSERT INTO kirdi_restore (backup_id) VALUES ($1);

-- name: backup_being_restored
SELECT backup_id FROM kirdi_restore;

-- name: end_restore
DROP TABLE kirdi_restore;

-- name: has_schema
SELECT to_regclass('alembic_version') IS NOT NULL OR to_regclass('patients') IS NOT NULL;

-- name: came_back
-- Is there, of before, what had ended? What was agreed to later stays.
SELECT EXISTS (SELECT FROM consents WHERE patient_id = $1 AND purpose = $2 AND status = 'active'
               AND coalesce(recorded_at, given_at) <= $3)
    OR ($2 = 'check-in'
        AND EXISTS (SELECT FROM templates WHERE patient_id = $1 AND created_at <= $3)
        AND NOT EXISTS (SELECT FROM consents WHERE patient_id = $1 AND purpose = $2
                        AND status = 'active' AND coalesce(recorded_at, given_at) > $3));

-- name: is_person_here
-- Has a patient who was erased at their wish come back?
SELECT EXISTS (SELECT FROM patients
               WHERE site_id = $1 AND patient_id = $2 AND erased_at IS NULL);

-- name: missing_roles
-- Of these roles, those that the server lacks.
SELECT coalesce(array_agg(wanted), '{}') FROM unnest($1::text[]) AS wanted
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = wanted);

-- name: may_become
SELECT pg_has_role(session_user, $1::name, 'MEMBER');

-- name: who_migrates
SELECT session_user::text AS login, current_database()::text AS database;

-- name: close_database
-- Nothing to everybody: who is none of Kirdi's roles can neither connect nor make a table, not even
-- a temporary one. What is so already is not asked for: it takes the database's owner.
DO $$
DECLARE
    place text := quote_ident(current_database());
    home text := quote_ident(coalesce(
        (SELECT relnamespace::regnamespace::name FROM pg_class
         WHERE oid = to_regclass('alembic_version')), current_schema()));
BEGIN
    IF has_database_privilege('public', current_database(), 'CONNECT, TEMPORARY')
       OR has_schema_privilege('public', home, 'USAGE, CREATE')
       OR NOT has_database_privilege('kirdi_owner', current_database(), 'CONNECT')
       OR NOT has_schema_privilege('kirdi_owner', home, 'CREATE') THEN
        EXECUTE 'REVOKE ALL ON DATABASE ' || place || ' FROM PUBLIC';
        EXECUTE 'GRANT CONNECT ON DATABASE ' || place
            || ' TO kirdi_owner, kirdi_service, kirdi_retention, kirdi_auditor';
        EXECUTE 'REVOKE ALL ON SCHEMA ' || home || ' FROM PUBLIC';
        EXECUTE 'GRANT USAGE ON SCHEMA ' || home
            || ' TO kirdi_owner, kirdi_service, kirdi_retention, kirdi_auditor';
        EXECUTE 'GRANT CREATE ON SCHEMA ' || home || ' TO kirdi_owner';
        IF has_database_privilege('public', current_database(), 'CONNECT, TEMPORARY')
           OR NOT has_schema_privilege('kirdi_owner', home, 'CREATE') THEN
            -- Who owns neither is only warned by GRANT.
            RAISE insufficient_privilege;
        END IF;
    END IF;
END
$$;

-- name: give_schema_to_owner
-- What was migrated before there was an owner belongs to whoever did it.
DO $$
DECLARE
    former oid := (SELECT relowner FROM pg_class WHERE oid = to_regclass('alembic_version'));
    home oid := (SELECT relnamespace FROM pg_class WHERE oid = to_regclass('alembic_version'));
    item record;
BEGIN
    IF former = 'kirdi_owner'::regrole THEN
        RETURN;
    END IF;
    FOR item IN
        SELECT 'TABLE ' || c.oid::regclass AS named FROM pg_class c
        WHERE c.relnamespace = home AND c.relowner = former AND c.relkind IN ('r', 'p')
        UNION ALL
        SELECT 'FUNCTION ' || p.oid::regprocedure FROM pg_proc p
        WHERE p.pronamespace = home AND p.proowner = former AND starts_with(p.proname, 'kirdi_')
    LOOP
        EXECUTE 'ALTER ' || item.named || ' OWNER TO kirdi_owner';
    END LOOP;
END
$$;

-- name: schema_of_kirdi
SELECT coalesce(
    (SELECT relnamespace::regnamespace::text FROM pg_class
     WHERE oid = to_regclass('alembic_version')), quote_ident(current_schema()));

-- name: search_only_in
-- Temporary tables last: unnamed they would be looked for first.
SELECT set_config('search_path', $1 || ', pg_temp', true);

-- name: rights_of_login
-- Is the session's login a member of a role, and of nothing that is more than it?
SELECT session_user::text AS login,
       EXISTS (SELECT FROM pg_roles wanted
               WHERE wanted.rolname = $1 AND pg_has_role(session_user, wanted.oid, 'USAGE'))
           AS is_member,
       CASE WHEN rolsuper THEN 'a superuser'
            WHEN rolbypassrls THEN 'BYPASSRLS'
            WHEN rolcreaterole THEN 'CREATEROLE'
            WHEN rolreplication THEN 'REPLICATION'
            WHEN has_database_privilege(session_user, current_database(), 'CREATE, TEMPORARY')
                THEN 'it may create in the database'
            ELSE (SELECT 'a member of ' || string_agg(other.rolname, ', ' ORDER BY other.rolname)
                  FROM pg_roles other
                  WHERE (other.rolname = ANY($2::name[]) OR other.rolname IN (
                      'pg_read_all_data', 'pg_write_all_data', 'pg_maintain', 'pg_read_server_files',
                      'pg_write_server_files', 'pg_execute_server_program'))
                    AND pg_has_role(session_user, other.oid, 'MEMBER')
                  HAVING count(*) > 0)
       END AS too_much
FROM pg_roles WHERE rolname = session_user;

-- name: session_login
SELECT session_user::text;

-- name: number_of_sites
SELECT kirdi_sites();

-- name: insert_device
INSERT INTO devices (device_key, site_id, device_id, kind, building, days, pairing_hash,
                     pairing_until, created_at, created_by)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
ON CONFLICT (site_id, device_id) WHERE revoked_at IS NULL DO NOTHING
RETURNING device_key;

-- name: draw_pairing
-- What it was paired with before stays good until the new code is used.
UPDATE devices SET pairing_hash = $3, pairing_until = $4
WHERE site_id = $1 AND device_id = $2 AND revoked_at IS NULL
RETURNING device_key;

-- name: pair_device
-- Once: of two who type the code the second finds none.
UPDATE devices
SET token_hash = $3, pairing_hash = NULL, pairing_until = NULL, paired_at = $4, last_used_at = NULL,
    expires_at = $4::timestamptz + make_interval(days => days)
WHERE site_id = $1 AND pairing_hash = $2 AND pairing_until > $4 AND revoked_at IS NULL
RETURNING device_key, device_id, kind, building, days;

-- name: find_device
SELECT device_key, device_id, kind, building, last_used_at FROM devices
WHERE site_id = $1 AND token_hash = $2 AND expires_at > $3 AND revoked_at IS NULL;

-- name: touch_device
WITH quick AS (SELECT set_config('synchronous_commit', 'off', true))
UPDATE devices SET last_used_at = greatest(last_used_at, $2::timestamptz)
FROM quick WHERE device_key = $1;

-- name: revoke_device
UPDATE devices
SET revoked_at = $3, token_hash = NULL, pairing_hash = NULL, pairing_until = NULL
WHERE site_id = $1 AND device_id = $2 AND revoked_at IS NULL
RETURNING device_key;

-- name: list_devices
SELECT device_id, kind, building, created_at, created_by, pairing_until, paired_at, expires_at,
       last_used_at, revoked_at
FROM devices WHERE site_id = $1 ORDER BY device_id, created_at;

-- name: draw_tickets
-- For every appointment at the site of a day ($2, which begins at $3 and ends at $4) that has none: a
-- number nobody has that day, drawn at random, so that it tells nothing. Three digits as long as
-- they suffice. Two at once draw the same numbers for the same appointments or lose to each other.
WITH booked AS (
    SELECT a.appointment_id, EXISTS (
        SELECT FROM tickets t WHERE t.appointment_id = a.appointment_id AND t.day = $2
    ) AS has
    FROM appointments a
    WHERE a.site_id = $1 AND a.starts_at >= $3 AND a.starts_at < $4 AND a.place = 'site'
), missing AS (
    SELECT appointment_id, row_number() OVER (ORDER BY random()) AS place FROM booked WHERE NOT has
), free AS (
    SELECT number, row_number() OVER (ORDER BY random()) AS place
    FROM generate_series(
        100, 99 + least(99900, greatest(900, 2 * (SELECT count(*) FROM booked)))::int) AS number
    WHERE NOT EXISTS (
        SELECT FROM tickets t WHERE t.site_id = $1 AND t.day = $2 AND t.number = number.number)
)
INSERT INTO tickets (site_id, day, number, appointment_id)
SELECT $1, $2, free.number, missing.appointment_id FROM missing JOIN free USING (place)
ON CONFLICT DO NOTHING;

-- name: visit_places
-- Of some appointments; $3 is the site's zone, which says of which day a number is.
SELECT a.appointment_ref, a.starts_at, a.building, a.room, t.number AS ticket
FROM appointments a
LEFT JOIN tickets t ON t.appointment_id = a.appointment_id
    AND t.day = (a.starts_at AT TIME ZONE $3)::date
WHERE a.site_id = $1 AND a.appointment_ref = ANY($2::text[])
ORDER BY a.starts_at, a.appointment_ref;

-- name: tickets_of_patient
SELECT t.number
FROM appointments a LEFT JOIN tickets t ON t.appointment_id = a.appointment_id AND t.day = $3
WHERE a.site_id = $1 AND a.patient_id = $2 AND a.place = 'site'
  AND ($4::uuid IS NULL OR a.appointment_id = $4)
  AND a.starts_at >= $5 AND a.starts_at < $6
  AND a.status NOT IN ('cancelled', 'entered-in-error', 'noshow')
ORDER BY a.starts_at;

-- name: newest_arrivals
-- Who has arrived and was not taken on yet, by number; in a building, or wherever.
SELECT t.number AS ticket, a.building, a.room, c.occurred_at AS arrived_at
FROM check_ins c
JOIN appointments a ON a.appointment_id = c.appointment_id
JOIN tickets t ON t.appointment_id = a.appointment_id AND t.day = $2
WHERE c.site_id = $1 AND c.undone_at IS NULL AND c.occurred_at >= $3
  AND a.status IN ('arrived', 'checked-in')
  AND ($4::text IS NULL OR a.building IS NULL OR a.building = $4)
ORDER BY c.occurred_at DESC, t.number
LIMIT $5;

-- name: arrival_without_ticket
SELECT EXISTS (
    SELECT FROM check_ins c JOIN appointments a ON a.appointment_id = c.appointment_id
    WHERE c.site_id = $1 AND c.undone_at IS NULL AND c.occurred_at >= $3 AND c.occurred_at < $4
      AND a.place = 'site' AND a.starts_at >= $3 AND a.starts_at < $4
      AND NOT EXISTS (
          SELECT FROM tickets t WHERE t.appointment_id = a.appointment_id AND t.day = $2));

-- name: forget_old_tickets
DELETE FROM tickets WHERE site_id = $1 AND day < $2;

-- name: ensure_practitioner
-- Named by whoever bills; the schedule gives the name later.
INSERT INTO practitioners (practitioner_id, site_id, practitioner_ref, full_name)
VALUES ($1, $2, $3, $3)
ON CONFLICT (site_id, practitioner_ref) DO NOTHING;

-- name: claims_for_import
-- The stored side of a portion.
SELECT claim_id AS id, claim_ref AS ref, appointment_ref, patient_id, practitioner_id, service_code,
       service_name, performed_at, amount, currency, time_precision, payer, contract, icd10, tariff,
       quantity, entered_at, place, room
FROM claims WHERE site_id = $1 AND claim_ref = ANY($2::text[]);

-- name: insert_claim
INSERT INTO claims (claim_id, site_id, claim_ref, appointment_ref, patient_id, practitioner_id,
                    service_code, service_name, performed_at, amount, currency, time_precision,
                    payer, contract, icd10, tariff, quantity, entered_at, place, room)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20);

-- name: update_claim
UPDATE claims
SET updated_at = $2, appointment_ref = $3, patient_id = $4, practitioner_id = $5, service_code = $6,
    service_name = $7, performed_at = $8, amount = $9, currency = $10, time_precision = $11,
    payer = $12, contract = $13, icd10 = $14, tariff = $15, quantity = $16, entered_at = $17,
    place = $18, room = $19
WHERE claim_id = $1;

-- name: confirmations_for_import
-- The stored side of a portion.
SELECT confirmation_id AS id, confirmation_ref AS ref, patient_id, method, confirmed_at,
       appointment_ref, taken_by, building
FROM confirmations WHERE site_id = $1 AND confirmation_ref = ANY($2::text[]);

-- name: insert_confirmation
INSERT INTO confirmations (confirmation_id, site_id, confirmation_ref, patient_id, method,
                           confirmed_at, appointment_ref, taken_by, building)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9);

-- name: update_confirmation
UPDATE confirmations
SET updated_at = $2, patient_id = $3, method = $4, confirmed_at = $5, appointment_ref = $6,
    taken_by = $7, building = $8
WHERE confirmation_id = $1;

-- name: report_practitioners
-- Few, so that what names them need not be joined with them day by day.
SELECT practitioner_id, practitioner_ref, full_name FROM practitioners WHERE site_id = $1;

-- name: report_service_codes
-- Services that were billed between two moments.
SELECT DISTINCT service_code FROM claims
WHERE site_id = $1 AND performed_at >= $2 AND performed_at < $3;

-- name: report_patients_of
-- Who was billed some services between two moments.
SELECT DISTINCT patient_id FROM claims
WHERE site_id = $1 AND performed_at >= $2 AND performed_at < $3 AND service_code = ANY ($4);

-- name: report_visits
-- How many appointments and claims there are between two moments, so many of each at the most.
SELECT (SELECT count(*) FROM (SELECT FROM appointments
        WHERE site_id = $1 AND starts_at >= $2 AND starts_at < $3 LIMIT $4) AS a)
     + (SELECT count(*) FROM (SELECT FROM claims
        WHERE site_id = $1 AND performed_at >= $2 AND performed_at < $3 LIMIT $4) AS c);

-- name: export_moment
-- A name under which another transaction can read exactly what this one reads.
SELECT pg_export_snapshot();

-- name: report_appointments
-- Those that begin between two moments, as reports read them: moments as numbers, see `epoch`.
SELECT appointment_id, appointment_ref, patient_id, practitioner_id, service_code, service_name,
       date_part('epoch', starts_at), status, department, building, room, place,
       date_part('epoch', recorded_at)
FROM appointments
WHERE site_id = $1 AND starts_at >= $2 AND starts_at < $3
ORDER BY starts_at, appointment_id;

-- name: report_appointments_by_ref
-- Of other days.
SELECT appointment_id, appointment_ref, patient_id, practitioner_id, service_code, service_name,
       date_part('epoch', starts_at), status, department, building, room, place,
       date_part('epoch', recorded_at)
FROM appointments
WHERE site_id = $1 AND appointment_ref = ANY($2::text[]);

-- name: report_former_practitioners
-- Of appointments that begin between two moments, whose they were before, of their patient of today.
SELECT f.appointment_id, f.practitioner_id
FROM former_practitioners f JOIN appointments a ON a.appointment_id = f.appointment_id
WHERE f.site_id = $1 AND a.starts_at >= $2 AND a.starts_at < $3 AND a.patient_id = f.patient_id
  AND a.practitioner_id <> f.practitioner_id
ORDER BY f.appointment_id, f.practitioner_id;

-- name: report_claims
-- Services given between two moments. Nothing is joined: of a year's tables each day would read all.
-- Without what no verdict and no rule asks for. Amounts as text: read as numbers they take longer.
SELECT claim_id, claim_ref, appointment_ref, patient_id, practitioner_id, service_code,
       service_name, date_part('epoch', performed_at), amount::text, currency, time_precision, payer,
       place, room
FROM claims WHERE site_id = $1 AND performed_at >= $2 AND performed_at < $3
ORDER BY performed_at, claim_ref;

-- name: report_evidence
-- Check-ins in force, presences and confirmations between two moments. An empty list takes ten times
-- as long to read as none.
SELECT 'check_in' AS source, event_id AS source_id, patient_id, appointment_id, evidence AS grade,
       date_part('epoch', occurred_at), NULL AS building, camera_id, device_id, decided_by,
       NULL AS taken_by, NULL AS appointment_ref, nullif(voucher_refs, '{}') AS issuer_refs, method
FROM check_ins
WHERE site_id = $1 AND occurred_at >= $2 AND occurred_at < $3 AND undone_at IS NULL
UNION ALL
SELECT 'presence', presence_id, patient_id, appointment_id, evidence,
       date_part('epoch', occurred_at), building, camera_id, device_id, decided_by,
       NULL, NULL, nullif(issuer_refs, '{}'), method
FROM presences WHERE site_id = $1 AND occurred_at >= $2 AND occurred_at < $3
UNION ALL
SELECT 'confirmation', confirmation_id, patient_id, NULL,
       CASE method WHEN 'face_id' THEN 'face' ELSE 'egov' END, date_part('epoch', confirmed_at),
       building, NULL, NULL, NULL, taken_by, appointment_ref, NULL, NULL
FROM confirmations WHERE site_id = $1 AND confirmed_at >= $2 AND confirmed_at < $3;

-- name: report_code_issuers
-- Practitioners who had a hand in codes redeemed between two moments, by when and where.
SELECT redeemed_at, device_id, issuer_refs FROM codes
WHERE site_id = $1 AND redeemed_at >= $2 AND redeemed_at < $3 AND issuer_refs <> '{}';

-- name: report_unlooked
-- Appointments whose patient was perhaps seen, and nobody said whether it was them.
SELECT DISTINCT unnest(appointment_ids) AS appointment_id FROM (
    SELECT appointment_ids FROM reviews
    WHERE site_id = $1 AND decided_at >= $2 AND decided_at < $3 AND decision = 'expired'
    UNION ALL
    SELECT appointment_ids FROM waiting_reviews
    WHERE site_id = $1 AND captured_at >= $2 AND captured_at < $3
) AS undecided;

-- name: report_patients
SELECT patient_id, patient_ref, is_staff, deceased_on, attached_from, attached_to
FROM patients WHERE site_id = $1 AND patient_id = ANY($2::uuid[]);

-- name: report_consents
-- Consents to check-in of whoever has a template that were in force at any time between two moments;
-- without their times where they were throughout. A template that is erased has left its receipt.
SELECT patient_id,
       CASE WHEN given_at > $2 OR until < $3 THEN given_at END AS given_at,
       CASE WHEN given_at > $2 OR until < $3 THEN until END AS until
FROM (SELECT patient_id, given_at,
             coalesce(ended_at, withdrawn_at, expires_at, 'infinity') AS until
      FROM consents
      WHERE site_id = $1 AND purpose = 'check-in' AND status IN ('active', 'inactive')
        AND given_at < $3) AS consent
WHERE until > $2
  AND (patient_id IN (SELECT patient_id FROM templates WHERE site_id = $1)
       OR patient_id IN (SELECT patient_id FROM erasures WHERE site_id = $1 AND templates > 0));

-- name: report_refusals
-- Who had refused check-in by face before a moment, or withdrawn their consent, and when first.
SELECT patient_id, min(coalesce(ended_at, withdrawn_at, expires_at, given_at)) AS since
FROM consents
WHERE site_id = $1 AND purpose = 'check-in'
  AND (status = 'rejected' OR status IN ('active', 'inactive') AND ended_reason = 'withdrawn')
  AND coalesce(ended_at, withdrawn_at, expires_at, given_at) < $2
GROUP BY patient_id;

-- name: report_code_only
-- Who is too much like another patient to be recognised.
SELECT DISTINCT t.patient_id
FROM look_alikes l JOIN templates t ON t.template_id IN (l.template_id, l.other_id)
WHERE l.site_id = $1 AND t.site_id = $1;

-- name: profiles_of
-- For rules about sex and age, and of no more patients than these ask about.
SELECT patient_id, patient_ref, wrapped_key, sealed_profile, language, attached_from, attached_to,
       deceased_on, payer, is_staff
FROM patients WHERE site_id = $1 AND patient_id = ANY($2::uuid[]);

-- name: report_screening_steps
SELECT patient_id, service_code, performed_at, claim_ref FROM claims
WHERE site_id = $1 AND patient_id = ANY($2::uuid[]) AND service_code = ANY($3::text[])
  AND performed_at >= $4 AND performed_at < $5;

-- name: report_uptime
-- What cameras were doing between two moments. An open interval holds until its last heartbeat.
SELECT camera_id, state, reason, started_at, coalesce(ended_at, last_seen_at) AS ended_at
FROM camera_uptime
WHERE site_id = $1 AND started_at < $3 AND coalesce(ended_at, last_seen_at) > $2
ORDER BY started_at;

-- name: report_cameras_since
-- When each camera that was ever in use began.
SELECT camera_id, min(started_at) AS since FROM camera_uptime WHERE site_id = $1 GROUP BY camera_id;

-- name: report_accounts
-- Who of the staff bills whose appointments.
SELECT name, practitioner_refs FROM accounts WHERE site_id = $1 AND practitioner_refs <> '{}';

-- name: report_of_period
SELECT report_id, final_on FROM reports
WHERE site_id = $1 AND kind = $2 AND first_day = $3 AND last_day = $4;

-- name: insert_report
INSERT INTO reports (report_id, site_id, kind, first_day, last_day, final_on)
VALUES ($1, $2, $3, $4, $5, $6);

-- name: read_revision
-- One of a report, or (number null) its newest, or the newest that was there at a moment.
SELECT r.report_id, v.number, r.kind, r.first_day, r.last_day, v.state, v.made_at, v.made_by,
       v.digest, r.final_on, v.appointments, v.unverified, v.changes, v.header, v.day_digests,
       v.content
FROM reports r JOIN report_revisions v USING (site_id, report_id)
WHERE r.site_id = $1 AND r.report_id = $2 AND ($3::integer IS NULL OR v.number = $3)
  AND ($4::timestamptz IS NULL OR v.made_at <= $4)
ORDER BY v.number DESC LIMIT 1;

-- name: insert_revision
INSERT INTO report_revisions (site_id, report_id, number, state, made_at, made_by, digest, content,
                              appointments, verified, unverified, unknown, changes, header,
                              day_digests)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15);

-- name: insert_report_day
INSERT INTO report_days (site_id, report_id, number, day, part, rows)
VALUES ($1, $2, $3, $4, $5, $6);

-- name: read_report_day
-- Both parts of one, in order.
SELECT part, rows FROM report_days
WHERE site_id = $1 AND report_id = $2 AND number = $3 AND day = $4 ORDER BY part;

-- name: list_revisions
-- The newest periods first, and of each its newest revision first.
SELECT r.report_id, v.number, r.kind, r.first_day, r.last_day, v.state, v.made_at, v.made_by,
       v.digest, r.final_on, v.appointments, v.unverified
FROM reports r JOIN report_revisions v USING (site_id, report_id)
WHERE r.site_id = $1
ORDER BY r.last_day DESC, r.first_day DESC, r.kind, v.number DESC LIMIT $2;

-- name: former_reports
-- Of the same kind, or of as many days where days were chosen freely; the newest revision of each.
SELECT * FROM (
    SELECT DISTINCT ON (r.report_id) r.first_day, r.last_day, v.appointments, v.verified,
           v.unverified, v.unknown
    FROM reports r JOIN report_revisions v USING (site_id, report_id)
    WHERE r.site_id = $1 AND r.kind = $2 AND r.last_day < $3
      AND (r.kind <> 'range' OR r.last_day - r.first_day = $4)
    ORDER BY r.report_id, v.number DESC
) AS former ORDER BY last_day DESC LIMIT $5;

-- name: row_of_report
-- What a row of a report is about, as the database has it now.
SELECT patient_id, starts_at AS at FROM appointments
WHERE site_id = $1 AND $2 = 'appointment' AND appointment_ref = $3
UNION ALL
SELECT patient_id, performed_at FROM claims
WHERE site_id = $1 AND $2 = 'claim' AND claim_ref = $3;


-- name: insert_reply
-- Nothing where there is one that was not rejected.
INSERT INTO report_replies (reply_id, site_id, report_id, kind, ref, patient_id, practitioner_ref,
                            visit_at, sealed_answer, written_by, written_at, state)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 'waiting')
ON CONFLICT (site_id, kind, ref) WHERE state <> 'rejected' DO NOTHING
RETURNING reply_id;


-- name: read_reply
SELECT r.*, p.wrapped_key FROM report_replies r JOIN patients p ON p.patient_id = r.patient_id
WHERE r.site_id = $1 AND r.reply_id = $2;


-- name: list_replies
-- Of one report ($2) or all, of practitioners ($3) or all, in one state ($4) or any: the newest first,
-- or the oldest ($5), after one of a list ($6, $7).
SELECT r.*, p.wrapped_key FROM report_replies r JOIN patients p ON p.patient_id = r.patient_id
WHERE r.site_id = $1 AND ($2::uuid IS NULL OR r.report_id = $2)
  AND ($3::text[] IS NULL OR r.practitioner_ref = ANY($3))
  AND ($4::text IS NULL OR r.state = $4)
  AND ($6::timestamptz IS NULL
       OR CASE WHEN $5 THEN (r.written_at, r.reply_id) > ($6, $7::uuid)
               ELSE (r.written_at, r.reply_id) < ($6, $7) END)
ORDER BY CASE WHEN $5 THEN r.written_at END, CASE WHEN $5 THEN r.reply_id END,
         r.written_at DESC, r.reply_id DESC
LIMIT $8;


-- name: decide_reply
-- By one of several who decide at once.
UPDATE report_replies SET state = $3, sealed_note = $4, decided_by = $5, decided_at = $6
WHERE site_id = $1 AND reply_id = $2 AND state = 'waiting'
RETURNING reply_id;


-- name: explained_rows
-- Accepted answers about visits between two moments.
SELECT kind, ref FROM report_replies
WHERE site_id = $1 AND state = 'accepted' AND visit_at >= $2 AND visit_at < $3;


-- name: lock_replies
-- A patient's, whose key is being replaced.
SELECT reply_id, sealed_answer, sealed_note FROM report_replies
WHERE patient_id = $1 AND (sealed_answer IS NOT NULL OR sealed_note IS NOT NULL) FOR UPDATE;


-- name: reseal_reply
UPDATE report_replies SET sealed_answer = $2, sealed_note = $3 WHERE reply_id = $1;


-- name: erase_replies
-- That there was an answer, and what became of it, stays; what it said goes with the patient's key.
UPDATE report_replies SET sealed_answer = NULL, sealed_note = NULL
WHERE site_id = $1 AND patient_id = $2 AND (sealed_answer IS NOT NULL OR sealed_note IS NOT NULL)
  AND $3::timestamptz IS NOT NULL
RETURNING reply_id;


-- name: file_replies
SELECT kind, ref, practitioner_ref, written_by, written_at, state, decided_by, decided_at,
       reply_id, sealed_answer, sealed_note
FROM report_replies WHERE patient_id = $1 ORDER BY written_at, reply_id;


-- name: insert_delivery
-- Once for each revision, schedule and destination, however often it is asked for.
INSERT INTO report_deliveries (delivery_id, site_id, report_id, number, schedule, destination, forms,
                               language, state, created_at, next_try_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'waiting', $9, clock_timestamp())
ON CONFLICT (site_id, report_id, number, schedule, destination) DO NOTHING
RETURNING delivery_id;


-- name: list_report_schedules
-- Those that were not removed.
SELECT schedule_id, kind, cron, forms, language, destinations, every_revision, paused, changed_by,
       changed_at
FROM report_schedules WHERE site_id = $1 AND removed_at IS NULL ORDER BY schedule_id;


-- name: insert_report_schedule
-- Nothing, where there is or was one of this name.
INSERT INTO report_schedules (site_id, schedule_id, kind, cron, forms, language, destinations,
                              every_revision, paused, changed_by, changed_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
ON CONFLICT (site_id, schedule_id) DO NOTHING
RETURNING schedule_id;


-- name: change_report_schedule
-- Never its kind: what ran under its name is of this kind.
UPDATE report_schedules
SET cron = $3, forms = $4, language = $5, destinations = $6, every_revision = $7, paused = $8,
    changed_by = $9, changed_at = $10
WHERE site_id = $1 AND schedule_id = $2 AND removed_at IS NULL
RETURNING schedule_id;


-- name: remove_report_schedule
UPDATE report_schedules SET changed_by = $3, changed_at = $4, removed_at = $4
WHERE site_id = $1 AND schedule_id = $2 AND removed_at IS NULL
RETURNING schedule_id;


-- name: any_delivery
-- Was anything of a report ever to be sent by a schedule?
SELECT EXISTS (SELECT FROM report_deliveries
               WHERE site_id = $1 AND report_id = $2 AND schedule = $3);


-- name: claim_delivery
-- One that is due, for whoever asks first; again once a killed service's time is over. All its times
-- are the database's.
UPDATE report_deliveries SET state = 'sending', owner = $2, attempts = attempts + 1,
       next_try_at = clock_timestamp() + $3::interval
WHERE delivery_id = (
    SELECT delivery_id FROM report_deliveries
    WHERE site_id = $1 AND next_try_at <= clock_timestamp()
    ORDER BY next_try_at, delivery_id LIMIT 1 FOR UPDATE SKIP LOCKED)
RETURNING delivery_id, report_id, number, schedule, destination, forms, language, attempts;


-- name: end_delivery
-- By whoever still has it: sent, failed for good, or ($4) to be tried again after a while.
UPDATE report_deliveries
SET state = CASE WHEN $3 = 'failed' AND $4::interval IS NOT NULL THEN 'waiting' ELSE $3 END,
    owner = NULL, error = $5, next_try_at = clock_timestamp() + $4::interval,
    ended_at = CASE WHEN $4::interval IS NULL THEN clock_timestamp() END
WHERE delivery_id = $1 AND owner = $2
RETURNING delivery_id;


-- name: retry_deliveries
-- What was given up, once more: one, or (null) all.
UPDATE report_deliveries
SET state = 'waiting', attempts = 0, next_try_at = clock_timestamp(), ended_at = NULL
WHERE site_id = $1 AND state = 'failed' AND ($2::uuid IS NULL OR delivery_id = $2)
RETURNING delivery_id;


-- name: list_deliveries
SELECT d.delivery_id, d.report_id, d.number, r.kind, r.first_day, r.last_day, d.schedule,
       d.destination, d.forms, d.language, d.state, d.attempts, d.created_at, d.next_try_at,
       d.ended_at, d.error
FROM report_deliveries d JOIN reports r USING (site_id, report_id)
WHERE d.site_id = $1 AND ($2::text IS NULL OR d.state = $2)
  AND ($3::uuid IS NULL OR d.report_id = $3)
ORDER BY d.created_at DESC, d.destination, d.delivery_id LIMIT $4;


-- name: preliminary_reports
-- Those whose newest revision is, and ($2) whose answers have ended by then.
SELECT kind, first_day, last_day FROM (
    SELECT DISTINCT ON (r.report_id) r.kind, r.first_day, r.last_day, r.final_on, v.state
    FROM reports r JOIN report_revisions v USING (site_id, report_id)
    WHERE r.site_id = $1 ORDER BY r.report_id, v.number DESC
) AS newest WHERE state = 'preliminary' AND ($2::timestamptz IS NULL OR final_on <= $2)
ORDER BY last_day, first_day, kind;

-- name: revisions_made_since
SELECT r.report_id, v.number, r.kind, r.first_day, r.last_day, v.state, v.made_at, v.made_by,
       v.digest, r.final_on, v.appointments, v.unverified
FROM reports r JOIN report_revisions v USING (site_id, report_id)
WHERE r.site_id = $1 AND v.made_at >= $2 AND v.number > 1
ORDER BY v.made_at, r.report_id, v.number;
