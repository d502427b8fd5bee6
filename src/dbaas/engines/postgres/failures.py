"""The server's errors in our words. Codes are those of PostgreSQL's manual, appendix A.

Only what the server says of the error is told, never the statement it quotes: that could hold a verifier.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from dbaas.contracts.engine import (
    Closed,
    Denied,
    EngineError,
    Exists,
    InUse,
    LoginRefused,
    Missing,
    Retryable,
    Unreachable,
    Untrusted,
)
from dbaas.engines.postgres.tls import find_sign

if TYPE_CHECKING:
    import psycopg

_BY_CODE: dict[str, type[EngineError]] = {
    "28000": LoginRefused,
    "28P01": LoginRefused,
    "40001": Retryable,  # serialization_failure
    "40P01": Retryable,  # deadlock_detected
    "55P03": Retryable,  # lock_not_available
    "42501": Denied,
    "55006": InUse,  # object_in_use
    "2BP01": InUse,  # dependent_objects_still_exist
    "3D000": Missing,
    "3F000": Missing,
    "42704": Missing,
    "42P01": Missing,
    "42883": Missing,
    "58P01": Missing,  # a file: the library of an extension
    "42P04": Exists,
    "42710": Exists,
    "42P06": Exists,
    "42P07": Exists,
    "57P01": Unreachable,  # admin_shutdown
    "57P02": Unreachable,  # crash_shutdown
    "57P03": Unreachable,  # cannot_connect_now
    "57P05": Unreachable,  # idle_session_timeout
}
_REASON_BY_CODE = {
    "0A000": "NotSupported",
    "25006": "ReadOnlyServer",
    "53100": "DiskFull",
    "53300": "TooManyConnections",
    "55000": "NotInRightState",
    "57014": "TimedOut",
}
_LACKING = re.compile(r'could not open extension control file ".*/([^/"]+)\.control"')
# libpq gives no code for a failed connection, only the server's text, in the server's language.
_REFUSED_LOGIN = (
    "password authentication failed",
    "authentication failed",
    "no pg_hba.conf entry",
    "pg_hba.conf rejects",
    "is not permitted to log in",
    "no password supplied",
    "does not support SASL",
    "requires a valid client certificate",
)


def translate(error: psycopg.Error, what: str, *, briefly: bool = False) -> EngineError:
    """`what` begins the message: "cannot connect to …". Errors without a code are of the connection itself.

    `briefly`: without the detail, which may tell what rows hold.
    """
    from psycopg import OperationalError  # loaded already: there is an error of it

    code = error.sqlstate
    if code is None:
        kind = Unreachable if isinstance(error, OperationalError) else EngineError
        return kind(f"{what}: {_plain(str(error))}")
    kind = _BY_CODE.get(code, Unreachable if code.startswith("08") else EngineError)
    if code == "58P01" and (lacking := _LACKING.match(error.diag.message_primary or "")):  # as from version 15 on
        told = f'extension "{lacking[1]}" is not available; {_told(error)}'
        return EngineError(f"{what}: {told}", reason=_REASON_BY_CODE["0A000"])
    if _is_race(error, code):
        kind = Retryable
    return kind(f"{what}: {_told(error, briefly=briefly)}", reason=_REASON_BY_CODE.get(code))


def translate_connecting(error: psycopg.Error, what: str, database: str) -> EngineError:
    """For a connection that was never there. What is wrong with one database alone says nothing about the server."""
    name = " ".join(database.split())  # one with line breaks would end the reason in its middle
    text = _plain(str(error).replace(database, name) if database else str(error))
    message = f"{what}: {text}"
    if f'database "{name}" does not exist' in text:
        return Missing(message)
    if f'database "{name}" is not currently accepting connections' in text:
        return Closed(message)
    if f'permission denied for database "{name}"' in text:
        return Denied(message)
    if f'too many connections for database "{name}"' in text:
        return EngineError(message, reason="TooManyConnections")
    if (sign := find_sign(text)) is not None:
        return Untrusted(f"{what}: {sign.meaning or text}", reason=sign.reason)
    if ("role " in text and "does not exist" in text) or any(sign in text for sign in _REFUSED_LOGIN):
        return LoginRefused(message)
    return Unreachable(message)


def _is_race(error: psycopg.Error, code: str) -> bool:
    """Two of us changed one catalogue row: the loser sees an internal error or a broken unique index."""
    message = error.diag.message_primary or ""
    if code == "XX000":
        return message in ("tuple concurrently updated", "tuple concurrently deleted")
    return code == "23505" and error.diag.schema_name == "pg_catalog"


def _told(error: psycopg.Error, *, briefly: bool = False) -> str:
    diagnosis = error.diag
    detail = None if briefly else diagnosis.message_detail
    parts = [diagnosis.message_primary or "the server gives no reason", detail]
    return "; ".join(part.rstrip(".") for part in parts if part)


def _plain(text: str) -> str:
    """libpq names the address, several times if there are several; what happened is at the end of a line."""
    reasons = re.findall(r"failed: ([^\n]+)", text) or text.splitlines()[:1]
    if not reasons:
        return "the connection was lost"
    return str(reasons[-1]).rpartition(" failed: ")[2].removeprefix("FATAL:").strip()
