"""PgBouncer before a cluster: how it is configured, and what it needs to find on the server.

It logs clients in with what the server stores of their passwords, and with the same it logs in to the server in their
name, so it knows no password but its own. The function that it asks is in the administrative database, runs as the
administrator, and answers for ordinary logins only. Manual: pgbouncer.org/config.html, `auth_query`, `auth_dbname`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from dbaas.api.cluster import DatabaseClusterSpec
from dbaas.contracts.pooling import SERVER_HOST, SERVER_PORT, Pooler, pooler_login
from dbaas.contracts.provider import CheckCommand, File, Instance, Port, ServerImage, Site, Stop, certificate_of
from dbaas.contracts.statement import Statement
from dbaas.engines.postgres.queries import compose
from dbaas.engines.postgres.session import PostgresSession

PROGRAM = "pgbouncer"
POOLER_USER = "dbaas-pooler"
PORT = Port("pool", 6432)
LEAST_MINOR = 19  # of version 1: the first that knows auth_dbname
# That of CloudNativePG. Which account it runs as is all the same to PgBouncer, as long as it is not root.
IMAGE = ServerImage("ghcr.io/cloudnative-pg/pgbouncer:1.25.1", 998, 996)
CONFIGURATION, LISTEN, LOGINS = "pgbouncer.ini", "listen.ini", "userlist.txt"
_WHAT_TO_INSTALL = (
    f"1.{LEAST_MINOR} or later is needed: install the package pgbouncer of Debian 13, Ubuntu 24.04, apt.postgresql.org "
    "or Homebrew, or a newer one"
)
# Where it listens is known only when it starts, and stays: so it is in a file of its own, written by the command. That
# one names no section, since a section that begins again makes all that was said in it the usual again.
_START = f"""\
program=$(command -v "$3") || {{
	echo "FATAL: PgBouncer is not installed, and {_WHAT_TO_INSTALL}" >&2
	exit 1
}}
version=$("$program" --version | sed -n 's/^PgBouncer \\([0-9.]*\\).*/\\1/p')
minor=$(echo "$version" | sed -n 's/^1\\.\\([0-9]*\\).*/\\1/p')
if [ "${{minor:-{LEAST_MINOR}}}" -lt {LEAST_MINOR} ]; then
	echo "FATAL: $program is PgBouncer $version, which cannot ask one database about all logins; {_WHAT_TO_INSTALL}" >&2
	exit 1
fi
ulimit -S -n "$(ulimit -H -n)" 2>/dev/null || : # a file for each client and each connection to the server
printf 'listen_addr = %s\\nlisten_port = %s\\n' "$1" "$2" > {LISTEN} && exec "$program" {CONFIGURATION}"""
# A server that takes no writes is left at once: one that is just about to give up is still found where writes go. That
# it ends such a connection itself is the only answer to such a query that counts (manual, `connect_query`).
_CONFIGURATION = f"""\
; Written by dbaas.
[databases]
* = host={SERVER_HOST} port={SERVER_PORT} connect_query='SELECT pg_terminate_backend(pg_backend_pid()) WHERE \
pg_is_in_recovery()'
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
# It asks clients for no certificate, and wants to know all the same whom it would trust: by default whom the machine
# does, which a small image does not say.
_CLIENTS_ENCRYPT = """\
client_tls_sslmode = allow
client_tls_cert_file = server.crt
client_tls_key_file = server.key
client_tls_ca_file = server.crt
"""
# On a laptop, it goes to the server over this machine's own network alone: who is there need not be proven. A server
# on Kubernetes may still be about to learn to encrypt; when all of them have, `strict` takes over.
_TO_SERVER: Mapping[Site, str] = {
    "laptop": "server_tls_sslmode = require\n",
    "kubernetes": "server_tls_sslmode = prefer\n",
}
_STRICT = """\
server_tls_sslmode = verify-full
server_tls_ca_file = ca.crt
"""
# A machine that is lost says nothing any more, and neither does a connection to it: 25 seconds at the most.
_NETWORK = """\
server_connect_timeout = 5
tcp_keepidle = 10
tcp_keepintvl = 5
tcp_keepcnt = 3
tcp_user_timeout = 25000
"""
_MORE: Mapping[Site, str] = {"laptop": "", "kubernetes": _NETWORK}
_ENCRYPTED_FILES = {"server.crt": "tls.crt", "server.key": "tls.key"}
# Its usual end is to wait for all clients to leave, from version 1.23 on. On a laptop it is to end at once; where there
# are several, clients that come anew go elsewhere meanwhile.
_STOPS: Mapping[Site, Stop] = {"laptop": Stop("SIGQUIT", 5.0), "kubernetes": Stop("SIGTERM", 30.0)}
# Whether it would encrypt by GSSAPI: that question it must answer itself, while connections are also accepted for a
# program that is halted (manual of PostgreSQL, "Message Formats", GSSENCRequest). Who asks for TLS must go on with it.
_ASK = """\
exec 3<>"/dev/tcp/127.0.0.1/$0" && printf '\\0\\0\\0\\10\\4\\322\\26\\60' >&3 && read -r -n 1 -t 2 answer <&3 &&
[[ $answer == [GN] ]]"""

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


def build_pooler(cluster: str, spec: DatabaseClusterSpec, site: Site) -> Pooler | None:
    """None where the spec asks for none."""
    if spec.proxy is None or not spec.proxy.enabled:
        return None
    login = pooler_login(cluster)
    text = _CONFIGURATION + _MORE[site] + (_CLIENTS_ENCRYPT + _TO_SERVER[site] if spec.is_encrypted else "")
    certificate = _ENCRYPTED_FILES if spec.is_encrypted else {}
    ask = ("bash", "-c", _ASK, f"$(PORT_{PORT.name.upper()})")
    instance = Instance(
        name=login.name,
        command=("/bin/sh", "-c", _START, "sh", "$(HOST)", f"$(PORT_{PORT.name.upper()})", PROGRAM),
        files=(
            File(CONFIGURATION, content=text, on_change="reload"),
            File(LOGINS, content=f'"{POOLER_USER}" "$(PASSWORD)"\n', on_change="reload", secrets={"PASSWORD": login}),
            *(File(p, secret=certificate_of(cluster, key), on_change="reload") for p, key in certificate.items()),
        ),
        ports=(PORT,),
        ready=CheckCommand(port=PORT.name) if site == "laptop" else CheckCommand(ask, period_seconds=5.0),
        alive=None if site == "laptop" else CheckCommand(ask, period_seconds=10.0, timeout_seconds=5.0, failures=6),
        stop=_STOPS[site],
    )
    strict = _build_strict(instance, cluster) if spec.is_encrypted and site == "kubernetes" else None
    user = {"username": POOLER_USER, "drop": {"revokePrivileges": True}}
    return Pooler(instance, PROGRAM, login, user, IMAGE, strict)


def _build_strict(instance: Instance, cluster: str) -> Instance:
    """The same, but what proves who the server is."""
    configuration, *others = instance.files
    told = replace(configuration, content=(configuration.content or "").replace(_TO_SERVER["kubernetes"], _STRICT))
    trusted = File("ca.crt", secret=certificate_of(cluster, "ca.crt"), on_change="reload")
    return replace(instance, files=(told, *others, trusted))


async def prepare_pooler(session: PostgresSession) -> Sequence[Statement] | None:
    """Implements `contracts.pooling.Prepare`."""
    if not (await session.fetch(_HAS_LOGIN, {"user": POOLER_USER}))[0][0]:
        return None
    if (await session.fetch(_IS_PREPARED, {"user": POOLER_USER, "source": _FUNCTION}))[0][0]:
        return ()
    return tuple(Statement(compose(text)) for text in _STATEMENTS)
