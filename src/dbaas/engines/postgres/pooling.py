"""PgBouncer before a cluster: how it is configured, and what it needs to find on the server.

It logs clients in with what the server stores of their passwords, and with the same it logs in to the server in their
name, so it knows no password but its own. The function that it asks is in the administrative database, runs as the
administrator, and answers for ordinary logins only. Manual: pgbouncer.org/config.html, `auth_query`, `auth_dbname`.
"""

from __future__ import annotations

from collections.abc import Sequence

from dbaas.api.cluster import DatabaseClusterSpec
from dbaas.contracts.pooling import SERVER_HOST, SERVER_PORT, Pooler, pooler_login
from dbaas.contracts.provider import CheckCommand, File, Instance, Port, Stop, certificate_of
from dbaas.contracts.statement import Statement
from dbaas.engines.postgres.queries import compose
from dbaas.engines.postgres.session import PostgresSession

PROGRAM = "pgbouncer"
POOLER_USER = "dbaas-pooler"
PORT = Port("pool", 6432)
LEAST_MINOR = 19  # of version 1: the first that knows auth_dbname
CONFIGURATION, LISTEN, LOGINS = "pgbouncer.ini", "listen.ini", "userlist.txt"
# Where it listens is known only when it starts, and stays: so it is in a file of its own, written by the command. That
# one names no section, since a section that begins again makes all that was said in it the usual again.
_START = f"""\
minor=$("$3" --version | sed -n 's/^PgBouncer 1\\.\\([0-9]*\\).*/\\1/p')
if [ "${{minor:-{LEAST_MINOR}}}" -lt {LEAST_MINOR} ]; then
	echo "FATAL: PgBouncer 1.$minor cannot ask one database about all logins: install 1.{LEAST_MINOR} or later" >&2
	exit 1
fi
printf 'listen_addr = %s\\nlisten_port = %s\\n' "$1" "$2" > {LISTEN} && exec "$3" {CONFIGURATION}"""
_CONFIGURATION = f"""\
; Written by dbaas.
[databases]
* = host={SERVER_HOST} port={SERVER_PORT}
[pgbouncer]
%include {LISTEN}
auth_type = scram-sha-256
auth_user = {POOLER_USER}
auth_dbname = postgres
auth_query = SELECT name, verifier FROM dbaas_pooler.user_search($1)
auth_file = {LOGINS}
pool_mode = session
max_client_conn = 1000
default_pool_size = 20
server_login_retry = 1
log_connections = 0
log_disconnections = 0
ignore_startup_parameters = extra_float_digits
unix_socket_dir =
"""
# To the server it goes over this machine's own network alone: who is there need not be proven.
_ENCRYPTION = """\
client_tls_sslmode = allow
client_tls_cert_file = server.crt
client_tls_key_file = server.key
server_tls_sslmode = require
"""
_ENCRYPTED_FILES = {"server.crt": "tls.crt", "server.key": "tls.key"}
_STOP = Stop("SIGQUIT", 5.0)  # at once; at the usual one it waits for all clients to leave, from version 1.23 on

_FUNCTION = """\
SELECT r.rolname::text, r.rolpassword FROM pg_catalog.pg_authid r
WHERE r.rolname = wanted AND r.rolcanlogin AND NOT r.rolsuper AND NOT r.rolreplication
AND (r.rolvaliduntil IS NULL OR r.rolvaliduntil > pg_catalog.now())"""
_STATEMENTS = (
    "CREATE SCHEMA IF NOT EXISTS dbaas_pooler",
    "DROP FUNCTION IF EXISTS dbaas_pooler.user_search(text)",
    "CREATE FUNCTION dbaas_pooler.user_search(wanted text) RETURNS TABLE (name text, verifier text)\n"
    f"LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $${_FUNCTION}$$",
    "REVOKE ALL ON FUNCTION dbaas_pooler.user_search(text) FROM PUBLIC",
    f'GRANT EXECUTE ON FUNCTION dbaas_pooler.user_search(text) TO "{POOLER_USER}"',
    f'GRANT USAGE ON SCHEMA dbaas_pooler TO "{POOLER_USER}"',
)
_HAS_LOGIN = "SELECT count(*) > 0 FROM pg_roles WHERE rolname = %(user)s"
_IS_PREPARED = """
    SELECT count(*) > 0 FROM pg_proc p
    JOIN pg_namespace n ON n.oid = p.pronamespace JOIN pg_roles o ON o.oid = p.proowner
    WHERE n.nspname = 'dbaas_pooler' AND p.proname = 'user_search' AND p.prosrc = %(source)s
      AND p.prosecdef AND o.rolsuper
      AND has_schema_privilege(%(user)s, n.oid, 'USAGE') AND has_function_privilege(%(user)s, p.oid, 'EXECUTE')
      AND NOT EXISTS (SELECT FROM aclexplode(p.proacl) WHERE grantee = 0)
"""


def build_pooler(cluster: str, spec: DatabaseClusterSpec) -> Pooler | None:
    """None where the spec asks for none."""
    if spec.proxy is None or not spec.proxy.enabled:
        return None
    login = pooler_login(cluster)
    logins = f'"{POOLER_USER}" "$(PASSWORD)"\n'
    text = _CONFIGURATION + (_ENCRYPTION if spec.is_encrypted else "")
    certificate = _ENCRYPTED_FILES if spec.is_encrypted else {}
    instance = Instance(
        name=login.name,
        command=("/bin/sh", "-c", _START, "sh", "$(HOST)", f"$(PORT_{PORT.name.upper()})", f"$(PROGRAMS)/{PROGRAM}"),
        files=(
            File(CONFIGURATION, content=text, on_change="reload"),
            File(LOGINS, content=logins, on_change="reload", secrets={"PASSWORD": login}),
            *(File(p, secret=certificate_of(cluster, key), on_change="reload") for p, key in certificate.items()),
        ),
        ports=(PORT,),
        ready=CheckCommand(port=PORT.name),
        stop=_STOP,
    )
    user = {"username": POOLER_USER, "drop": {"revokePrivileges": True}}
    return Pooler(instance, PROGRAM, login, user)


async def prepare_pooler(session: PostgresSession) -> Sequence[Statement] | None:
    """Implements `contracts.pooling.Prepare`."""
    if not (await session.fetch(_HAS_LOGIN, {"user": POOLER_USER}))[0][0]:
        return None
    if (await session.fetch(_IS_PREPARED, {"user": POOLER_USER, "source": _FUNCTION}))[0][0]:
        return ()
    return tuple(Statement(compose(text)) for text in _STATEMENTS)
