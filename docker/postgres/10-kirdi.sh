#!/bin/bash
# Run once by PostgreSQL's image, on an empty volume: Kirdi's four roles, a login for each, and a
# database that belongs to the owner's role. None is a superuser, and nothing is given to everybody.
# The passwords are read by psql itself, so that they stand on no command line.
set -euo pipefail
psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname postgres <<'SQL'
\set owner `cat "$KIRDI_OWNER_PASSWORD_FILE"`
\set service `cat "$KIRDI_PASSWORD_FILE"`
\set retention `cat "$KIRDI_RETENTION_PASSWORD_FILE"`
\set auditor `cat "$KIRDI_AUDITOR_PASSWORD_FILE"`
CREATE ROLE kirdi_owner NOLOGIN;
CREATE ROLE kirdi_service NOLOGIN;
CREATE ROLE kirdi_retention NOLOGIN;
CREATE ROLE kirdi_auditor NOLOGIN;
CREATE ROLE kirdi_migrate LOGIN PASSWORD :'owner' IN ROLE kirdi_owner;
CREATE ROLE kirdi LOGIN PASSWORD :'service' IN ROLE kirdi_service;
CREATE ROLE kirdi_clean LOGIN PASSWORD :'retention' IN ROLE kirdi_retention;
CREATE ROLE kirdi_audit LOGIN PASSWORD :'auditor' IN ROLE kirdi_auditor;
CREATE DATABASE kirdi OWNER kirdi_owner ENCODING 'UTF8' TEMPLATE template0;
REVOKE ALL ON DATABASE kirdi, postgres, template1 FROM PUBLIC;
GRANT CONNECT ON DATABASE kirdi TO kirdi_owner, kirdi_service, kirdi_retention, kirdi_auditor;
GRANT pg_checkpoint TO kirdi_owner;
\connect kirdi
-- What an erased key leaves in the write-ahead log goes with its old files: docs/design/0013.
GRANT EXECUTE ON FUNCTION pg_switch_wal(), pg_ls_waldir() TO kirdi_owner;
-- Nobody keeps anything beside the tables.
REVOKE EXECUTE ON FUNCTION lo_create(oid), lo_creat(integer), lo_from_bytea(oid, bytea) FROM PUBLIC;
SQL
