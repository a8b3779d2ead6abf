"""The audit: append-only, hash-chained, written in the transaction that it describes.

A transaction puts its events into `audit_inbox`; at its commit a deferred trigger takes them out
and links them to a chain. A site has several chains ("lanes"), so that commits do not wait for each
other's disk; which one is free is taken. Whoever writes to the chains themselves is refused, the
owner by a slip included: only the functions here do. The service may insert into the inbox and
read, no more (docs/design/0019).
"""

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

LANES = 8

_STATEMENTS: tuple[str, ...] = (
    # The end of each chain, and where it begins: retention may have taken older events away.
    """
    CREATE TABLE audit_lanes (
        site_id text NOT NULL REFERENCES sites,
        lane smallint NOT NULL CHECK (lane >= 0),
        sequence bigint NOT NULL CHECK (sequence >= 0),
        head bytea NOT NULL CHECK (octet_length(head) = 32),
        base_sequence bigint NOT NULL DEFAULT 0,
        base_hash bytea NOT NULL CHECK (octet_length(base_hash) = 32),
        PRIMARY KEY (site_id, lane),
        CONSTRAINT audit_lanes_order CHECK (base_sequence <= sequence)
    )
    """,
    # `body` is `json` and not `jsonb`: it keeps every character that was hashed. What queries look
    # for is generated from it and can't be changed apart from it.
    """
    CREATE TABLE audit_events (
        site_id text NOT NULL,
        lane smallint NOT NULL,
        sequence bigint NOT NULL,
        recorded_at timestamptz NOT NULL,
        body json NOT NULL,
        hash bytea NOT NULL CHECK (octet_length(hash) = 32),
        kind text NOT NULL GENERATED ALWAYS AS (body ->> 'kind') STORED,
        actor text NOT NULL GENERATED ALWAYS AS (body ->> 'actor') STORED,
        patient_id uuid GENERATED ALWAYS AS ((body ->> 'patient_id')::uuid) STORED,
        PRIMARY KEY (site_id, lane, sequence)
    )
    """,
    "CREATE INDEX audit_events_day ON audit_events (site_id, recorded_at)",
    """
    CREATE INDEX audit_events_of_patient ON audit_events (patient_id, recorded_at)
        WHERE patient_id IS NOT NULL
    """,
    # A gallery's load names all its patients in one event.
    """
    CREATE INDEX audit_events_of_patients ON audit_events
        USING gin (string_to_array(body -> 'detail' ->> 'patients', ','))
        WHERE body -> 'detail' ->> 'patients' IS NOT NULL
    """,
    # Empty whenever nobody is committing. A row holds what one statement records, in order: linking
    # costs as much for a row as for all its events.
    """
    CREATE TABLE audit_inbox (
        entry_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        site_id text NOT NULL,
        bodies json[] NOT NULL
    )
    """,
    """
    CREATE FUNCTION kirdi_audit_lanes() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER AS $$
    BEGIN
        INSERT INTO audit_lanes (site_id, lane, sequence, head, base_hash)
        SELECT NEW.site_id, lane, 0, start, start
        FROM (SELECT lane, sha256(convert_to('kirdi/audit/' || NEW.site_id || '/' || lane, 'UTF8'))
              FROM generate_series(0, {last}) AS lane) AS fresh (lane, start)
        ON CONFLICT DO NOTHING;
        RETURN NULL;
    END
    $$
    """.replace("{last}", str(LANES - 1)),
    """
    CREATE TRIGGER kirdi_audit_lanes AFTER INSERT ON sites
    FOR EACH ROW EXECUTE FUNCTION kirdi_audit_lanes()
    """,
    """
    INSERT INTO audit_lanes (site_id, lane, sequence, head, base_hash)
    SELECT site_id, lane, 0, start, start
    FROM sites, generate_series(0, {last}) AS lane,
         LATERAL sha256(convert_to('kirdi/audit/' || site_id || '/' || lane, 'UTF8')) AS start
    """.replace("{last}", str(LANES - 1)),
    # A transaction that has a lane keeps to it; where none is free it waits for one of them, which
    # is about to commit and waits for nobody. `kirdi.audit_lane` lasts as long as the transaction.
    """
    CREATE FUNCTION kirdi_audit_link() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER AS $$
    DECLARE
        held text := nullif(current_setting('kirdi.audit_lane', true), '');
        chain audit_lanes;
        moment timestamptz := clock_timestamp();
        micros bytea := int8send((extract(epoch FROM moment) * 1000000)::bigint);
        hashes bytea[] := '{}';
        event json;
    BEGIN
        SELECT * INTO chain FROM audit_lanes
        WHERE site_id = NEW.site_id AND (held IS NULL OR lane = held::smallint)
        LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED;
        IF NOT FOUND THEN
            SELECT * INTO chain FROM audit_lanes
            WHERE site_id = NEW.site_id AND lane = mod(pg_backend_pid(), {lanes}) FOR NO KEY UPDATE;
        END IF;
        IF NOT FOUND THEN
            RAISE EXCEPTION USING MESSAGE = 'audit: site ' || NEW.site_id || ' has no chain';
        END IF;
        PERFORM set_config('kirdi.audit_lane', chain.lane::text, true);
        FOREACH event IN ARRAY NEW.bodies LOOP
            chain.sequence := chain.sequence + 1;
            chain.head := sha256(chain.head || int2send(chain.lane) || int8send(chain.sequence)
                || micros || convert_to(event::text, 'UTF8'));
            hashes := hashes || chain.head;
        END LOOP;
        INSERT INTO audit_events (site_id, lane, sequence, recorded_at, body, hash)
        SELECT NEW.site_id, chain.lane, chain.sequence - cardinality(hashes) + place, moment,
               body, hash
        FROM unnest(NEW.bodies, hashes) WITH ORDINALITY AS linked (body, hash, place);
        UPDATE audit_lanes SET sequence = chain.sequence, head = chain.head
        WHERE site_id = NEW.site_id AND lane = chain.lane;
        DELETE FROM audit_inbox WHERE entry_id = NEW.entry_id;
        RETURN NULL;
    END
    $$
    """.replace("{lanes}", str(LANES)),
    """
    CREATE CONSTRAINT TRIGGER kirdi_audit_link AFTER INSERT ON audit_inbox
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION kirdi_audit_link()
    """,
    # Retention: what is older goes, from the beginning of each chain, and one linked event says
    # where all chains begin now. What does not verify stays, so that no trace of tampering is
    # tidied away. The lanes are held for the last moment only. Who has only the login of retention
    # removes nothing that is younger than the shortest term there is (`retention.audit_days`).
    """
    CREATE FUNCTION kirdi_audit_prune(site text, before timestamptz) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER AS $$
    DECLARE
        chain audit_lanes;
        lanes smallint[] := '{}';
        cuts bigint[] := '{}';
        hashes bytea[] := '{}';
        cut bigint;
        sound bigint;
        gone bigint := 0;
    BEGIN
        IF NOT pg_has_role(session_user, current_user, 'MEMBER') THEN
            before := least(before, clock_timestamp() - interval '29 days');
        END IF;
        PERFORM pg_advisory_xact_lock(hashtextextended('kirdi audit prune ' || site, 0));
        FOR chain IN SELECT * FROM audit_lanes WHERE site_id = site ORDER BY lane LOOP
            SELECT sequence - 1 INTO cut FROM audit_events
            WHERE site_id = site AND lane = chain.lane AND recorded_at >= before
            ORDER BY sequence LIMIT 1;
            cut := coalesce(cut, chain.sequence);
            CONTINUE WHEN cut <= chain.base_sequence;
            SELECT count(*) INTO sound
            FROM (
                SELECT e.sequence, e.hash, sha256(
                    lag(e.hash, 1, chain.base_hash) OVER (ORDER BY e.sequence)
                    || int2send(e.lane) || int8send(e.sequence)
                    || int8send((extract(epoch FROM e.recorded_at) * 1000000)::bigint)
                    || convert_to(e.body::text, 'UTF8')) AS linked
                FROM audit_events e
                WHERE e.site_id = site AND e.lane = chain.lane AND e.sequence <= cut
            ) AS old
            WHERE old.hash = old.linked AND old.sequence > chain.base_sequence;
            IF sound <> cut - chain.base_sequence THEN
                RAISE EXCEPTION USING ERRCODE = 'data_corrupted',
                    MESSAGE = 'audit: lane ' || chain.lane
                        || ' does not verify; nothing was removed';
            END IF;
            gone := gone + sound;
            lanes := lanes || chain.lane;
            cuts := cuts || cut;
            hashes := hashes || (SELECT hash FROM audit_events
                WHERE site_id = site AND lane = chain.lane AND sequence = cut);
            DELETE FROM audit_events
            WHERE site_id = site AND lane = chain.lane AND sequence <= cut;
        END LOOP;
        IF gone = 0 THEN
            RETURN 0;
        END IF;
        FOR place IN 1 .. cardinality(lanes) LOOP
            UPDATE audit_lanes SET base_sequence = cuts[place], base_hash = hashes[place]
            WHERE site_id = site AND lane = lanes[place];
        END LOOP;
        INSERT INTO audit_inbox (site_id, bodies)
        SELECT site, ARRAY[json_build_object(
            'action', 'D', 'actor', 'kirdi', 'detail', said.detail, 'entity_type', 'AuditEvent',
            'kind', 'retention', 'occurred_at', to_json(clock_timestamp()), 'outcome', '0')]
        FROM (
            SELECT jsonb_build_object('before', to_json(before), 'events', gone,
                       'role', session_user)
                   || jsonb_object_agg('lane_' || lane,
                          base_sequence || ':' || encode(base_hash, 'hex')) AS detail
            FROM audit_lanes WHERE site_id = site AND base_sequence > 0
        ) AS said;
        RETURN gone;
    END
    $$
    """,
    "REVOKE ALL ON FUNCTION kirdi_audit_prune(text, timestamptz) FROM PUBLIC",
    # Who is on the call stack can't be set, as a variable could be.
    """
    CREATE FUNCTION kirdi_audit_guard() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE
        stack text;
    BEGIN
        GET DIAGNOSTICS stack = PG_CONTEXT;
        IF stack ~ 'kirdi_audit_(link|lanes|prune)[(]' THEN
            RETURN NULL;
        END IF;
        RAISE EXCEPTION USING ERRCODE = 'insufficient_privilege',
            MESSAGE = 'audit: ' || TG_TABLE_NAME || ' is written by its own functions only';
    END
    $$
    """,
    """
    CREATE TRIGGER kirdi_audit_guard BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON audit_events
    FOR EACH STATEMENT EXECUTE FUNCTION kirdi_audit_guard()
    """,
    """
    CREATE TRIGGER kirdi_audit_guard BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON audit_lanes
    FOR EACH STATEMENT EXECUTE FUNCTION kirdi_audit_guard()
    """,
    # A comparison at the desk is a reading, too.
    "ALTER TABLE template_reads DROP CONSTRAINT template_reads_purpose_check",
    """
    ALTER TABLE template_reads ADD CONSTRAINT template_reads_purpose_check
        CHECK (purpose IN ('enrolment', 'desk'))
    """,
    # Not even temporary tables of these names come before ours, for whoever runs as the owner.
    """
    DO $$
    DECLARE
        one regprocedure;
    BEGIN
        FOREACH one IN ARRAY ARRAY['kirdi_audit_lanes()', 'kirdi_audit_link()',
                                   'kirdi_audit_prune(text, timestamptz)']::regprocedure[] LOOP
            EXECUTE 'ALTER FUNCTION ' || one || ' SET search_path = '
                || quote_ident(current_schema()) || ', pg_temp';
        END LOOP;
    END
    $$
    """,
)


def upgrade() -> None:
    """Create the chains."""
    for statement in _STATEMENTS:
        op.execute(statement)
