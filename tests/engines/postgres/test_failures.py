"""Errors in our words."""

from __future__ import annotations

import psycopg
import pytest

from dbaas.contracts.engine import Closed, Denied, EngineError, LoginRefused, Missing, Retryable, Unreachable
from dbaas.core.offload import InlineOffload
from dbaas.engines.postgres.failures import translate, translate_connecting
from dbaas.engines.postgres.session import PostgresConnect
from fixtures.postgres import TestServer

REFUSED = 'connection failed: connection to server at "127.0.0.1", port 5432 failed: FATAL:  '


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ('password authentication failed for user "a"', LoginRefused),
        ('no pg_hba.conf entry for host "10.0.0.1", user "a", database "shop", no encryption', LoginRefused),
        ('role "a" is not permitted to log in', LoginRefused),
        ('role "a" does not exist', LoginRefused),
        ('database "shop" does not exist', Missing),
        ('permission denied for database "shop"', Denied),
        ('database "shop" is not currently accepting connections', Closed),
        ('too many connections for database "shop"', EngineError),
        ("the database system is starting up", Unreachable),
        ("sorry, too many clients already", Unreachable),
    ],
)
def test_what_is_wrong_with_one_login_or_database_is_told_apart_from_a_server_that_is_away(
    text: str, kind: type[EngineError]
) -> None:
    failure = translate_connecting(psycopg.OperationalError(REFUSED + text), "cannot connect", "shop")
    assert type(failure) is kind and failure.message == f"cannot connect: {text}"


def test_a_name_with_line_breaks_does_not_hide_what_is_wrong() -> None:
    name = " two  blanks\tand\nlines "
    error = psycopg.OperationalError(f'{REFUSED}permission denied for database "{name}"\nDETAIL:  User lacks it.')
    failure = translate_connecting(error, "cannot connect", name)
    assert type(failure) is Denied
    assert failure.message == 'cannot connect: permission denied for database "two blanks and lines"'


def test_of_several_addresses_the_last_one_is_told() -> None:
    attempt = (
        "- host: 'x', port: '1', hostaddr: '{0}': connection failed: connection to server at \"{0}\", port 1 failed: "
    )
    text = "Multiple connection attempts failed. All failures were:\n"
    text += attempt.format("::1") + "Network unreachable\n\tIs the server running?\n"
    text += attempt.format("127.0.0.1") + "Connection refused\n\tIs the server running?"
    failure = translate_connecting(psycopg.OperationalError(text), "cannot connect", "shop")
    assert failure.message == "cannot connect: Connection refused"


def test_an_error_without_a_code_is_of_the_connection() -> None:
    assert type(translate(psycopg.OperationalError("the connection is closed"), "cannot read")) is Unreachable
    assert type(translate(psycopg.OperationalError(""), "cannot read")) is Unreachable


def test_what_the_driver_will_not_send_does_not_mean_that_the_server_is_away() -> None:
    assert type(translate(psycopg.DataError("a text cannot contain NUL"), "cannot read")) is EngineError


@pytest.mark.real_server
@pytest.mark.parametrize(
    ("code", "message", "kind", "reason"),
    [
        ("XX000", "tuple concurrently updated", Retryable, "Retryable"),
        ("XX000", "something else", EngineError, "ServerError"),
        ("40P01", "deadlock detected", Retryable, "Retryable"),
        ("42501", "permission denied", Denied, "PermissionDenied"),
        ("57P01", "terminating connection", Unreachable, "Unreachable"),
        ("08006", "gone", Unreachable, "Unreachable"),
        ("57014", "canceling statement", EngineError, "TimedOut"),
        ("53100", "disk full", EngineError, "DiskFull"),
        ("22012", "division by zero", EngineError, "ServerError"),
    ],
)
async def test_codes_of_a_server_have_their_kinds(
    postgres_18: TestServer, code: str, message: str, kind: type[EngineError], reason: str
) -> None:
    session = await PostgresConnect(InlineOffload())(postgres_18.address, None)
    raising = f"DO $$BEGIN RAISE EXCEPTION '{message}' USING ERRCODE = '{code}', DETAIL = 'a detail.'; END$$"
    with pytest.raises(EngineError) as caught:
        await session.fetch(raising)
    await session.close()
    assert type(caught.value) is kind and caught.value.reason == reason
    assert caught.value.message == f"cannot read the catalogue of database 'postgres': {message}; a detail"
    assert isinstance(caught.value.__cause__, psycopg.Error)
