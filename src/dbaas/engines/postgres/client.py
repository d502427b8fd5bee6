"""How people and applications get in: psql with its login in the environment, and the usual connection strings."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote, urlencode

from dbaas.contracts.engine import ClientCommand, ClientLogin
from dbaas.engines.postgres.server import PostgresServer
from dbaas.engines.postgres.session import place_of
from dbaas.engines.postgres.tls import mode_of

_ENCRYPTED_MODES = ("require", "verify-ca", "verify-full")


def start_client(login: ClientLogin) -> ClientCommand:
    """psql of this machine, else that of the newest server programs we have."""
    address, mode = login.address, _ssl_mode(login)
    env = {
        **{f"PG{name.upper()}": str(value) for name, value in place_of(address).items()},
        "PGUSER": address.username,
        "PGPASSWORD": address.password.reveal(),
        "PGDATABASE": login.database,
        "PGSSLMODE": mode,
        "PGAPPNAME": "dbaas connect",
    }
    return ClientCommand((_find_psql(mode),), env, {"PGSSLROOTCERT": address.tls.ca} if address.tls.ca else {})


def publish(login: ClientLogin) -> Mapping[str, str]:
    """Keys of a published Secret, besides those that are the same for all engines."""
    address = login.address
    host = f"[{address.host}]" if ":" in address.host else address.host
    place = f"{host}:{address.port}/{quote(login.database, safe='')}"
    user, password = quote(address.username, safe=""), quote(address.password.reveal(), safe="")
    mode = _ssl_mode(login)
    query = urlencode(
        {"user": address.username, "password": address.password.reveal(), "sslmode": mode}, quote_via=quote
    )
    return {
        "uri": f"postgresql://{user}:{password}@{place}?sslmode={mode}",
        "jdbcUri": f"jdbc:postgresql://{place}?{query}",
        "sslmode": mode,
        **({"ca.crt": address.tls.ca} if address.tls.ca else {}),
    }


def _ssl_mode(login: ClientLogin) -> str:
    return mode_of(login.address)


def _find_psql(mode: str) -> str:
    """One that can encrypt, where there must be encryption."""
    found = shutil.which("psql")
    if found is not None:
        return found
    server, encrypted = PostgresServer(), mode in _ENCRYPTED_MODES
    folders = (server.programs(version, encrypted=encrypted) for version in server.versions)
    return next((str(Path(folder) / "psql") for folder in folders if folder), "psql")
