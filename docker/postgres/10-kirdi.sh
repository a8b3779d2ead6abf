#!/bin/bash
# Run once by PostgreSQL's image, on an empty volume: a role and a database for Kirdi, which is no
# superuser. The password is read by psql itself, so that it stands on no command line.
set -euo pipefail
psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname postgres <<'SQL'
\set password `cat "$KIRDI_PASSWORD_FILE"`
CREATE ROLE kirdi LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD :'password';
CREATE DATABASE kirdi OWNER kirdi ENCODING 'UTF8' TEMPLATE template0;
REVOKE ALL ON DATABASE kirdi FROM PUBLIC;
GRANT pg_checkpoint TO kirdi;
\connect kirdi
-- What an erased key leaves in the write-ahead log goes with its old files: docs/design/0013.
GRANT EXECUTE ON FUNCTION pg_switch_wal(), pg_ls_waldir() TO kirdi;
SQL
