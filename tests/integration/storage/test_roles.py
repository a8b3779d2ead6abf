"""Who may do what in the database: the catalog is walked, so that a new table says it, too."""

import asyncpg

from tests.integration.storage.filled import SHARED, tables_of

OWNERS_ONLY = {"site_logins"}
ONLY_ADDED = {
    "audit_events",
    "audit_inbox",
    "audit_lanes",
    "erasures",
    "report_days",
    "report_revisions",
    "reports",
    "reviews",
    "status_changes",
    "template_reads",
}
# Bytes that anybody may see: what proves the audit, the texts and reports.
PROOFS = {"hash", "head", "base_hash", "sha256", "digest", "content", "day_digests"}


# What the catalog says


async def test_every_table_is_guarded_by_site_and_granted(owner: asyncpg.Connection) -> None:
    for table in await tables_of(owner):
        row = await owner.fetchrow(
            "SELECT relrowsecurity AND relforcerowsecurity AS forced, "
            "       pg_get_userbyid(relowner) AS owner, "
            "       EXISTS (SELECT FROM pg_attribute WHERE attrelid = c.oid "
            "               AND attname = 'site_id' AND attnotnull) AS of_a_site, "
            "       (SELECT array_agg(coalesce(qual, '') || coalesce(with_check, '')) "
            "        FROM pg_policies p WHERE p.tablename = c.relname AND cmd = 'ALL' "
            "        AND permissive = 'PERMISSIVE' AND policyname <> 'kirdi_tests') AS policies "
            "FROM pg_class c WHERE oid = to_regclass($1)",
            table,
        )
        assert row is not None
        assert row["owner"] == "kirdi_owner", table
        if table not in SHARED:
            assert row["of_a_site"], f"{table}: give it site_id text NOT NULL, or name it in SHARED"
            assert row["forced"], f"{table}: call kirdi_protect for it"
            (policy,) = row["policies"]
            assert policy.count("(site_id = ( SELECT kirdi_site()") == 2, table
        granted = await owner.fetchval(
            "SELECT has_any_column_privilege('kirdi_service', to_regclass($1), 'SELECT, INSERT')",
            table,
        )
        assert granted == (table not in OWNERS_ONLY), f"{table}: grant what the service needs"


async def test_nothing_is_given_to_everybody(owner: asyncpg.Connection) -> None:
    given = await owner.fetch(
        "SELECT 'table ' || relname AS what FROM pg_class, aclexplode(relacl) AS acl "
        "WHERE relnamespace = 'public'::regnamespace AND acl.grantee = 0 "
        "UNION ALL SELECT 'column ' || attname FROM pg_attribute, aclexplode(attacl) AS acl "
        "WHERE acl.grantee = 0 AND attrelid IN "
        "    (SELECT oid FROM pg_class WHERE relnamespace = 'public'::regnamespace) "
        "UNION ALL SELECT 'function ' || proname FROM pg_proc, "
        "    aclexplode(coalesce(proacl, acldefault('f', proowner))) AS acl "
        "WHERE pronamespace = 'public'::regnamespace AND acl.grantee = 0 "
        "UNION ALL SELECT 'schema' FROM pg_namespace, aclexplode(nspacl) AS acl "
        "WHERE nspname = 'public' AND acl.grantee = 0 "
        "UNION ALL SELECT 'database' FROM pg_database, aclexplode(datacl) AS acl "
        "WHERE datname = current_database() AND acl.grantee = 0"
    )
    assert [row["what"] for row in given] == []


async def test_functions_with_the_owners_rights_search_nowhere_else(
    owner: asyncpg.Connection,
) -> None:
    rows = await owner.fetch(
        "SELECT proname, proconfig FROM pg_proc "
        "WHERE pronamespace = 'public'::regnamespace AND prosecdef"
    )
    assert {"kirdi_site", "kirdi_audit_link"} < {row["proname"] for row in rows}
    for row in rows:
        assert "search_path=public, pg_temp" in (row["proconfig"] or ()), row["proname"]


async def test_what_is_only_added_to_stays(owner: asyncpg.Connection) -> None:
    for table in ONLY_ADDED & set(await tables_of(owner)):
        changed = await owner.fetchval(
            "SELECT has_any_column_privilege('kirdi_service', to_regclass($1), 'UPDATE') "
            "OR has_table_privilege('kirdi_service', to_regclass($1), 'DELETE, TRUNCATE')",
            table,
        )
        assert not changed, table
    for table in await tables_of(owner):
        for role in ("kirdi_service", "kirdi_retention", "kirdi_auditor"):
            more = (
                "SELECT has_table_privilege($2, to_regclass($1), 'TRUNCATE, REFERENCES, TRIGGER')"
            )
            assert not await owner.fetchval(more, table, role), (table, role)


async def test_the_others_see_nothing_sealed_and_the_auditor_only_looks(
    owner: asyncpg.Connection,
) -> None:
    columns = await owner.fetch(
        "SELECT attrelid::regclass::text AS name, attname, atttypid::regtype::text AS type "
        "FROM pg_attribute JOIN pg_class c ON c.oid = attrelid "
        "WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND attnum > 0 "
        "AND NOT attisdropped"
    )
    secret = [
        row
        for row in columns
        if (row["type"] == "bytea" and row["attname"] not in PROOFS)
        or row["attname"].startswith("sealed")
        or row["attname"] == "password_hash"
    ]
    assert len(secret) >= 6
    for row in secret:
        for role in ("kirdi_retention", "kirdi_auditor"):
            seen = "SELECT has_column_privilege($3, $1, $2, 'SELECT')"
            where = (row["name"], row["attname"])
            assert not await owner.fetchval(seen, *where, role), (*where, role)
    for table in await tables_of(owner):
        written = await owner.fetchval(
            "SELECT has_any_column_privilege('kirdi_auditor', to_regclass($1), 'INSERT, UPDATE') "
            "OR has_table_privilege('kirdi_auditor', to_regclass($1), 'DELETE')",
            table,
        )
        assert not written, table
