"""One connection to one database, by psycopg. What it sends is exactly the statements it is given."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, LiteralString, cast

from dbaas.contracts.engine import Address, MaySend, may_always_send
from dbaas.contracts.statement import Statement
from dbaas.core.duration import parse_duration
from dbaas.core.offload import Offload
from dbaas.engines.postgres import passwords
from dbaas.engines.postgres.failures import translate, translate_connecting
from dbaas.engines.postgres.options.instances import InstanceOptions
from dbaas.engines.postgres.queries import Query, Verifier, encode
from dbaas.engines.postgres.statements import act_as

if TYPE_CHECKING:
    from psycopg import AsyncConnection, AsyncCursor

DEFAULT_DATABASE = "postgres"
LOCK_TIMEOUT_MS = 10_000
LONGEST_TOLD = 160
# To drop a database the server first writes all that is new in any database to its disk, which may take minutes;
# a reconcile has two.
_BE_PATIENT = "SET statement_timeout = '100s'"


class PostgresSession:
    """Implements `contracts.engine.Session`, and reads the catalogue for the parts of this engine."""

    def __init__(self, connection: AsyncConnection, offload: Offload) -> None:
        self._connection = connection
        self._offload = offload
        self.can_read_verifiers: bool | None = None  # found out by the part that wants to know

    @property
    def database(self) -> str:
        return self._connection.info.dbname

    @property
    def server_version(self) -> int:
        """As `server_version_num`: 160004 is 16.4."""
        return self._connection.info.server_version

    async def fetch(self, query: LiteralString, arguments: Mapping[str, object] | None = None) -> list[tuple[Any, ...]]:
        """All rows of a reading query; `arguments` are bound by the server. Raises EngineError."""
        with _told(lambda: f"cannot read the catalogue of database {self.database!r}"):
            cursor = await self._connection.execute(query, arguments)
            return await cursor.fetchall()

    async def execute(self, statements: Sequence[Statement], may_send: MaySend = may_always_send) -> None:
        queries = [cast(Query, statement.sql) for statement in statements]
        texts = [await self._encode(query) for query in queries]
        if all(statement.transactional for statement in statements):
            await self._execute_together(statements, texts, may_send)
        else:
            for statement, text in zip(statements, texts, strict=True):
                with _told(partial(_shorten, statement), _hides(statement)):
                    await self._execute_alone(text, may_send, patiently=bool(statement.vacates))

    async def close(self) -> None:
        await self._connection.close()

    async def _execute_alone(self, text: bytes, may_send: MaySend, *, patiently: bool) -> None:
        if not patiently:
            may_send()
            await self._connection.execute(text)
            return
        await self._connection.execute(_BE_PATIENT)
        try:
            may_send()
            await self._connection.execute(text)
        finally:
            if not self._connection.closed:
                await self._connection.execute("RESET statement_timeout")

    async def _execute_together(
        self, statements: Sequence[Statement], texts: Sequence[bytes], may_send: MaySend
    ) -> None:
        """One transaction, sent in one go where libpq can."""
        from psycopg import capabilities  # loaded when first used: it is slow to import

        cursors: list[AsyncCursor] = []
        connection = self._connection

        def failed() -> str:
            done = sum(cursor.pgresult is not None for cursor in cursors)
            return _shorten(statements[min(done, len(statements) - 1)])

        pipeline = connection.pipeline() if capabilities.has_pipeline() else contextlib.nullcontext()
        with _told(failed, any(map(_hides, statements))):
            async with pipeline, connection.transaction():
                role = None
                for statement, text in zip(statements, texts, strict=True):
                    if statement.run_as is not None and statement.run_as != role:
                        role = statement.run_as
                        await connection.execute(await self._encode(act_as(role)))
                    may_send()
                    cursors.append(await connection.execute(text))
                may_send()  # the transaction ends here

    async def _encode(self, query: Query) -> bytes:
        """Verifiers cost some milliseconds each, so they are made off the loop."""
        made: dict[Verifier, str] = {}
        for verifier in query.verifiers:
            made[verifier] = await self._offload.run(self._encrypt, verifier)
        return encode(query, self._connection, made.__getitem__)

    def _encrypt(self, verifier: Verifier) -> str:
        password, user = verifier.password.reveal().encode(), verifier.username.encode()
        made = self._connection.pgconn.encrypt_password(password, user, b"scram-sha-256").decode()
        passwords.remember(verifier.password.reveal(), made)
        return made


class PostgresConnect:
    """Implements `contracts.engine.Connect`."""

    def __init__(self, offload: Offload) -> None:
        self._offload = offload

    async def __call__(self, address: Address, database: str | None) -> PostgresSession:
        from psycopg import AsyncConnection

        options = InstanceOptions.model_validate(dict(address.options))
        target = database or address.database or DEFAULT_DATABASE
        what = f"cannot connect to database {target!r} at {address.host}:{address.port} as {address.username!r}"
        with _told(lambda: what, connecting_to=target):
            connection = await AsyncConnection.connect(
                **_parameters(address, options), dbname=target, autocommit=True, prepare_threshold=None
            )
        return PostgresSession(connection, self._offload)


def _parameters(address: Address, options: InstanceOptions) -> dict[str, Any]:
    """All that matters is set here, so that neither the environment nor files of this machine change it."""
    settings = {
        "search_path": "pg_catalog",
        "statement_timeout": str(int(parse_duration(options.statement_timeout).total_seconds() * 1000)),
        "lock_timeout": str(LOCK_TIMEOUT_MS),
        "client_min_messages": "error",
    }
    return {
        "host": address.host,
        "port": address.port,
        "user": address.username,
        "password": address.password.reveal(),
        "application_name": options.application_name,
        "connect_timeout": options.connect_timeout,
        "sslmode": options.ssl_mode,
        "gssencmode": "disable",
        "passfile": "/dev/null",
        "client_encoding": "utf8",
        "options": " ".join(f"-c {name}={value}" for name, value in settings.items()),
    }


@contextlib.contextmanager
def _told(what: Callable[[], str], hides: bool = False, connecting_to: str = "") -> Iterator[None]:
    """Errors of the driver become ours. Its own may quote the statement, so one that `hides` something is left out."""
    import psycopg

    try:
        yield
    except psycopg.Error as error:
        failure = translate_connecting(error, what(), connecting_to) if connecting_to else translate(error, what())
        raise failure from None if hides else error


def _hides(statement: Statement) -> bool:
    return any(True for _ in cast(Query, statement.sql).verifiers)


def _shorten(statement: Statement) -> str:
    text = str(statement.sql)
    return f"cannot run {text if len(text) <= LONGEST_TOLD else text[:LONGEST_TOLD] + '…'}"
