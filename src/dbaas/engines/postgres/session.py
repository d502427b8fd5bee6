"""One connection to one database, by psycopg. What it sends is exactly the statements it is given."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any, LiteralString, cast

from dbaas.contracts.engine import Address, MaySend, Unreachable, Untrusted, may_always_send
from dbaas.contracts.statement import Statement
from dbaas.core.duration import parse_duration
from dbaas.core.offload import Offload
from dbaas.core.randomness import Randomness, SystemRandomness
from dbaas.core.secrets import Secret
from dbaas.engines.postgres import closing, passwords
from dbaas.engines.postgres.failures import translate, translate_connecting
from dbaas.engines.postgres.options.instances import InstanceOptions
from dbaas.engines.postgres.queries import Query, Verifier, encode
from dbaas.engines.postgres.resolving import Names
from dbaas.engines.postgres.sending import send_one
from dbaas.engines.postgres.statements import act_as
from dbaas.engines.postgres.tls import NO_FILE, Encryption, certificates, encryption_of, explain, mode_of

if TYPE_CHECKING:
    import psycopg
    from psycopg import AsyncConnection, AsyncCursor

DEFAULT_DATABASE = "postgres"
LOCK_TIMEOUT_MS = 10_000
LONGEST_TOLD = 160
# To drop a database the server first writes all that is new in any database to its disk, which may take minutes;
# a reconcile has two.
SCRIPT_TIMEOUT = "100s"
# Else a server that has vanished would be waited for until the statement's time is over.
_NOTICING = {"keepalives_idle": "30", "keepalives_interval": "10", "keepalives_count": "3"}
_BE_PATIENT = "SET statement_timeout = '100s'"


class PostgresSession:
    """Implements `contracts.engine.Session`, and reads the catalogue for the parts of this engine."""

    def __init__(
        self, connection: AsyncConnection, offload: Offload, randomness: Randomness, encryption: Encryption = ""
    ) -> None:
        self.encryption: Encryption = encryption
        self._connection = connection
        self._offload = offload
        self._randomness = randomness
        # Found out by the parts that want to know, and the same for as long as the connection lasts.
        self.can_read_verifiers: bool | None = None
        self.parameters: Sequence[tuple[Any, ...]] | None = None
        self.trusted: dict[str, frozenset[str]] = {}  # versions of installed extensions that need no superuser

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
        if any(not statement.transactional for statement in statements) or _is_one(statements):
            for statement, text in zip(statements, texts, strict=True):
                with _told(partial(_shorten, statement), _hides(statement)):
                    await self._execute_alone(text, may_send, patiently=bool(statement.vacates))
        else:
            await self._execute_together(statements, texts, may_send)

    async def send(self, command: LiteralString) -> None:
        """A command of ours without an answer. Raises EngineError."""
        with _told(lambda: f"cannot run {command}"):
            await self._connection.execute(command)

    async def run_text(self, text: str) -> tuple[int, psycopg.Error | None]:
        """What a user wrote: how many statements went well, and what stopped the next one.

        Raises Unreachable where the connection is lost. Nothing of the text is in what is raised.
        """
        import psycopg

        try:
            cursor = await self._connection.execute(text.encode())
        except psycopg.Error as error:
            if error.sqlstate is None and isinstance(error, psycopg.OperationalError):
                raise Unreachable("the connection was lost while a script ran") from None
            return 0, error
        count = 1
        while cursor.nextset():
            count += 1
        return count, None

    async def run_one(self, query: Query, may_send: MaySend) -> str:
        """A statement of the catalogue, alone: its command tag. Raises EngineError, without a word of the statement."""
        text = await self._encode(query)
        with _told(lambda: "the server refuses the statement", hides=True, briefly=True):
            may_send()
            return await send_one(self._connection, text)

    @property
    def is_in_transaction(self) -> bool:
        from psycopg.pq import TransactionStatus

        return self._connection.info.transaction_status in (TransactionStatus.INTRANS, TransactionStatus.INERROR)

    async def close(self) -> None:
        await closing.close(self._connection)

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
            try:
                async with pipeline:
                    await connection.execute("BEGIN")
                    role = None
                    for statement, text in zip(statements, texts, strict=True):
                        if statement.run_as is not None and statement.run_as != role:
                            role = statement.run_as
                            await connection.execute(await self._encode(act_as(role)))
                        may_send()
                        cursors.append(await connection.execute(text))
                    may_send()  # the transaction ends here
                    await connection.execute("COMMIT")
            finally:
                if self.is_in_transaction:  # it did not come to its end
                    await connection.rollback()

    async def make_verifier(self, password: Secret) -> str:
        """As this server would store it. It costs about 2 ms, so it is made off the loop."""
        salt = bytes(self._randomness.choose(range(256), passwords.SALT_BYTES))
        return await self._offload.run(passwords.make_verifier, password.reveal(), salt, self._iterations)

    async def _encode(self, query: Query) -> bytes:
        made: dict[Verifier, str] = {}
        for verifier in query.verifiers:
            made[verifier] = await self.make_verifier(verifier.password)
        return encode(query, self._connection, made.__getitem__)

    @property
    def _iterations(self) -> int:
        """As the server would take, where it says so."""
        return int(self._connection.info.parameter_status("scram_iterations") or passwords.USUAL_ITERATIONS)


class PostgresConnect:
    """Implements `contracts.engine.Connect`."""

    def __init__(self, offload: Offload, randomness: Randomness | None = None, names: Names | None = None) -> None:
        """`randomness` is the system's by default: salts of passwords are drawn from it."""
        self._names = names or Names(offload)
        self._offload = offload
        self._randomness = randomness or SystemRandomness()

    async def __call__(self, address: Address, database: str | None) -> PostgresSession:
        options = InstanceOptions.model_validate(dict(address.options))
        timeout = str(int(parse_duration(options.statement_timeout).total_seconds() * 1000))
        settings = {"search_path": "pg_catalog", "statement_timeout": timeout, "client_min_messages": "error"}
        return await self._open(address, options, database, settings)

    async def connect_as(self, address: Address, owner: str) -> PostgresSession:
        """For what users wrote: with the usual search path, and acting as `owner` from the start.

        What RESET ROLE leads back to is `owner` as well, since it is a setting of the connection.
        """
        options = InstanceOptions.model_validate(dict(address.options))
        settings = {"role": owner, "statement_timeout": SCRIPT_TIMEOUT, "client_min_messages": "error"}
        return await self._open(address, options, None, settings)

    async def connect_as_named(
        self, address: Address, database: str | None, name: str, settings: Mapping[str, str]
    ) -> PostgresSession:
        """For one statement that may take long: by that name it is found again, and a lost connection is noticed."""
        options = InstanceOptions.model_validate(dict(address.options)).model_copy(update={"application_name": name})
        noticing = replace(address, parameters={**_NOTICING, **address.parameters})
        settings = {"search_path": "pg_catalog", "client_min_messages": "error", **settings}
        return await self._open(noticing, options, database, settings)

    async def _open(
        self, address: Address, options: InstanceOptions, database: str | None, settings: Mapping[str, str]
    ) -> PostgresSession:
        from psycopg import AsyncConnection

        from dbaas.core.logs import keep_off_terminals  # slow to import as well

        keep_off_terminals("psycopg")  # it warns of each server that does not hear that we have lost interest
        target = database or address.database or DEFAULT_DATABASE
        what = f"cannot connect to database {target!r} at {address.host}:{address.port} as {address.username!r}"
        place = await self._find(address, options, what)
        try:
            async with certificates(address, self._offload) as encryption:
                given = {**_parameters(address, options, settings), **place, **encryption}
                with _told(lambda: what, connecting_to=target):
                    connection = await AsyncConnection.connect(
                        **given, dbname=target, autocommit=True, prepare_threshold=None
                    )
        except Untrusted as failure:
            raise await explain(address, failure) from failure
        is_encrypted = bool(connection.pgconn.ssl_in_use)
        used = encryption_of(mode_of(address), in_use=is_encrypted)
        return PostgresSession(connection, self._offload, self._randomness, used)

    async def _find(self, address: Address, options: InstanceOptions, what: str) -> dict[str, Any]:
        try:
            return await self._names.add_addresses(place_of(address), options.connect_timeout)
        except Unreachable as failure:
            raise Unreachable(f"{what}: {failure.message}") from failure


def _parameters(address: Address, options: InstanceOptions, settings: Mapping[str, str]) -> dict[str, Any]:
    """All that matters is set here, so that neither the environment nor files of this machine change it."""
    settings = {"lock_timeout": str(LOCK_TIMEOUT_MS), **settings}
    return {
        **address.parameters,
        "user": address.username,
        "password": address.password.reveal(),
        "application_name": options.application_name,
        "connect_timeout": options.connect_timeout,
        "gssencmode": "disable",
        "passfile": NO_FILE,  # of one that is there and no file libpq complains on standard error
        "client_encoding": "utf8",
        "options": " ".join(f"-c {name}={_escape(value)}" for name, value in settings.items()),
    }


def place_of(address: Address) -> dict[str, Any]:
    """Where it is, by libpq's own names."""
    if address.via is None:
        return {"host": address.host, "port": address.port}
    reached, port = address.via
    try:
        ip_address(reached)
    except ValueError:
        return {"host": reached, "port": port}
    return {"host": address.host, "hostaddr": reached, "port": port}


def _escape(value: str) -> str:
    """The server cuts its options at blanks; see its manual, section "libpq Control Functions", `options`."""
    return "".join(f"\\{character}" if character.isspace() or character == "\\" else character for character in value)


@contextlib.contextmanager
def _told(
    what: Callable[[], str], hides: bool = False, connecting_to: str = "", briefly: bool = False
) -> Iterator[None]:
    """Errors of the driver become ours. Its own may quote the statement, so one that `hides` something is left out."""
    import psycopg

    try:
        yield
    except psycopg.Error as error:
        if connecting_to:
            failure = translate_connecting(error, what(), connecting_to)
        else:
            failure = translate(error, what(), briefly=briefly)
        raise failure from None if hides else error


def _is_one(statements: Sequence[Statement]) -> bool:
    """One statement by itself is a transaction already, and one question less in each direction."""
    return len(statements) == 1 and statements[0].run_as is None


def _hides(statement: Statement) -> bool:
    return any(True for _ in cast(Query, statement.sql).verifiers)


def _shorten(statement: Statement) -> str:
    text = str(statement.sql)
    return f"cannot run {text if len(text) <= LONGEST_TOLD else text[:LONGEST_TOLD] + '…'}"
