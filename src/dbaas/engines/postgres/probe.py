"""What a server says of itself and of our login."""

from __future__ import annotations

from typing import Any

from dbaas.contracts.engine import Denied, ServerFacts
from dbaas.engines.postgres.session import PostgresSession

_ABOUT = """
    SELECT current_setting('server_version'), current_setting('server_version_num')::int, rolname,
           rolsuper, rolcreatedb, rolcreaterole, rolreplication,
           coalesce(host(inet_server_addr()), 'local') || ':' || coalesce(inet_server_port(), 0)
    FROM pg_roles WHERE rolname = current_user
"""
_IDENTITY = "SELECT system_identifier::text FROM pg_control_system()"
_MEMBERSHIPS = """
    SELECT rolname FROM pg_roles WHERE rolname <> current_user AND pg_has_role(current_user, oid, 'USAGE')
"""
_CAPABILITIES = ("superuser", "createdb", "createrole", "replication")


async def probe(session: PostgresSession) -> ServerFacts:
    """`identity` is the system identifier that initdb drew; where we may not read it, the server's address."""
    row = (await session.fetch(_ABOUT))[0]
    version, number, login = row[0:3]
    capabilities = frozenset(name for name, has in zip(_CAPABILITIES, row[3:7], strict=True) if has)
    memberships: list[tuple[Any, ...]] = [] if "superuser" in capabilities else await session.fetch(_MEMBERSHIPS)
    return ServerFacts(
        version=version.split()[0], version_number=number, identity=await _identify(session) or row[7], login=login,
        capabilities=capabilities, memberships=frozenset(member for (member,) in memberships),
        encryption=session.encryption,
    )  # fmt: skip


async def _identify(session: PostgresSession) -> str:
    try:
        return str((await session.fetch(_IDENTITY))[0][0])
    except Denied:
        return ""
