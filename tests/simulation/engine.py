"""A database server in memory with an engine for it: databases with schemas, roles with passwords, privileges.

Everything generic must work with it as with a real one. Each statement carries what it does; the server keeps a log
of them, can be down, and can refuse.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from pydantic import BaseModel

from dbaas.api.database import DatabaseSpec
from dbaas.api.database_schema import DatabaseSchemaSpec
from dbaas.api.grant import AnyGrantSpec, Privilege
from dbaas.api.role import RoleSpec
from dbaas.api.user import DatabaseUserSpec
from dbaas.contracts.boundaries import Boundaries, Real
from dbaas.contracts.custom import HOLE, Frame, Value
from dbaas.contracts.engine import (
    Address,
    ClientLogin,
    Denied,
    Engine,
    EngineError,
    InUse,
    Item,
    Login,
    LoginRefused,
    MaySend,
    Missing,
    Need,
    PlanRules,
    References,
    ServerFacts,
    Unreachable,
    may_always_send,
)
from dbaas.contracts.provider import ServerPart
from dbaas.contracts.statement import NOTHING, Change, Plan, Statement
from dbaas.core.clock import LoopClock

ADMIN = "root"
HOME = "system"
HIDDEN = "?"  # what is seen of a password where our login may not see what is stored


@dataclass
class Base:
    """One database."""

    owner: str
    locale: str = "C"
    schemas: dict[str, str] = field(default_factory=dict)


@dataclass
class CustomLife:
    """Of declared statements: `ran` are all that have begun, `sessions` the names of those that are there.

    While it `hesitates` a statement goes on; `fails` is what is raised at the end of the next one. Sessions that are
    `left` stay when their client goes.
    """

    ran: list[str] = field(default_factory=list)
    sessions: set[str] = field(default_factory=set)
    hesitates: asyncio.Event | None = None
    fails: EngineError | None = None
    left: bool = False


@dataclass
class SimulatedServer:
    """What a server holds. `log` has every statement that was executed, as people read it.

    Statements wait `takes_seconds`, as for a lock, before they take effect.
    """

    password: str = "admin"
    identity: str = "basalt-1"
    is_down: bool = False
    bases: dict[str, Base] = field(default_factory=lambda: {HOME: Base(ADMIN)})
    roles: dict[str, str] = field(default_factory=dict)
    privileges: dict[str, set[str]] = field(default_factory=dict)
    refusals: dict[str, str] = field(default_factory=dict)
    log: list[str] = field(default_factory=list)
    questions: list[str] = field(default_factory=list)
    shows_verifiers: bool = True
    forbidden: set[str] = field(default_factory=set)
    barred: set[str] = field(default_factory=set)
    break_at: int = -1
    break_after_effect: bool = False
    customs: CustomLife = field(default_factory=CustomLife)
    takes_seconds: float = 0.0

    def execute(self, statement: Statement) -> None:
        """The connection breaks at statement number `break_at`, before or after it has taken effect."""
        is_last = len(self.log) == self.break_at
        if is_last and not self.break_after_effect:
            self.break_at = -1
            raise Unreachable("connection reset")
        text = str(statement.sql)
        for word, why in self.refusals.items():
            if word in text:
                raise Denied(why)
        assert isinstance(statement.sql, Act)
        statement.sql.effect(self)
        self.log.append(text)
        if is_last:
            raise Unreachable("connection reset")


@dataclass(frozen=True)
class Act:
    """A composed statement: its text for people, and what it does."""

    text: str
    effect: Callable[[SimulatedServer], object] = field(compare=False)

    def __str__(self) -> str:
        return self.text


@dataclass
class SimulatedSession:
    """One connection."""

    server: SimulatedServer
    database: str

    async def execute(self, statements: Sequence[Statement], may_send: MaySend = may_always_send) -> None:
        self.check()
        may_send()
        if self.server.takes_seconds:
            await LoopClock().sleep(self.server.takes_seconds)
            self.check()
        for statement in statements:
            self.server.execute(statement)

    async def close(self) -> None:
        """Nothing to end."""

    async def ask(self, what: str) -> SimulatedServer:
        self.check()
        self.server.questions.append(f"{what} in {self.database}")
        return self.server

    def check(self) -> None:
        """Raises what a real session would when its server or its database is gone."""
        if self.server.is_down:
            raise Unreachable("connection reset")
        if self.database not in self.server.bases:
            raise Missing(f"database {self.database!r} does not exist")


@dataclass
class Network:
    """Servers by address."""

    servers: dict[tuple[str, int], SimulatedServer] = field(default_factory=dict)

    async def connect(self, address: Address, database: str | None) -> SimulatedSession:
        server, name = self.admit(address, database)
        return SimulatedSession(server, name)

    def admit(self, address: Address, database: str | None) -> tuple[SimulatedServer, str]:
        """The server, and the database that is meant. Raises what a client would see where it does not get in."""
        server = self.servers.get((address.host, address.port))
        if server is None or server.is_down:
            raise Unreachable("connection refused")
        if not server.password:
            server.password = address.password.reveal()  # a new server: the first login is the one it was made with
        expected = server.password if address.username == ADMIN else server.roles.get(address.username)
        if expected is None or address.password.reveal() != expected or address.username in server.barred:
            raise LoginRefused(f"password of {address.username!r} is wrong")
        name = database or HOME
        if name not in server.bases:
            raise Missing(f"database {name!r} does not exist")
        return server, name


class Dials(Protocol):
    """What an engine needs of a network."""

    async def connect(self, address: Address, database: str | None, /) -> SimulatedSession: ...


@dataclass(frozen=True)
class Told:
    """A declared statement with its values."""

    text: str

    def __str__(self) -> str:
        return self.text


@dataclass
class NamedSession(SimulatedSession):
    """The session of one declared statement."""

    name: str = ""

    async def close(self) -> None:
        if not self.server.customs.left:
            self.server.customs.sessions.discard(self.name)


@dataclass(frozen=True)
class SimulatedCustoms:
    """Declared statements are any text without an oath."""

    dials: Dials

    def find_holes(self, sql: str) -> frozenset[str]:
        return frozenset(HOLE.findall(sql))

    def check(self, sql: str) -> Sequence[str]:
        return ["it swears: be polite"] if "damn" in sql else []

    def check_value(self, value: Value) -> str:
        return "it swears" if value.value == "damn" else ""

    def compose(self, sql: str, values: Mapping[str, Value]) -> Told:
        return Told(HOLE.sub(lambda hole: repr(values[hole[1]].value), sql))

    async def connect(self, address: Address, database: str | None, frame: Frame) -> NamedSession:
        plain = await self.dials.connect(address, database)
        plain.server.customs.sessions.add(frame.name)
        return NamedSession(plain.server, plain.database, frame.name)

    async def run(self, session: NamedSession, statement: Told, may_send: MaySend) -> str:
        session.check()
        may_send()
        life = session.server.customs
        if session.name not in life.sessions:
            raise Unreachable("the session was ended")
        life.ran.append(str(statement))
        if life.hesitates is not None:
            await life.hesitates.wait()
        failure, life.fails = life.fails, None
        if failure is not None:
            raise failure
        return "DONE"

    async def end(self, session: SimulatedSession, name: str) -> bool:
        session.check()
        was_there = name in session.server.customs.sessions
        session.server.customs.sessions.discard(name)
        return was_there


async def probe(session: SimulatedSession) -> ServerFacts:
    server = await session.ask("probe")
    capabilities = frozenset({"superuser"}) if server.shows_verifiers else frozenset[str]()
    return ServerFacts("7.1", 7, server.identity, ADMIN, capabilities, frozenset(server.forbidden))


@dataclass(frozen=True)
class SeenBase:
    """A database as it was observed."""

    name: str
    owner: str
    locale: str


@dataclass(frozen=True)
class WantedBase:
    """A database as it should be."""

    name: str
    owner: str | None
    locale: str | None


class Bases:
    """Databases."""

    async def observe(self, session: SimulatedSession, names: Collection[str] | None) -> Mapping[str, SeenBase]:
        server = await session.ask("bases")
        return {n: SeenBase(n, b.owner, b.locale) for n, b in server.bases.items() if _asked(n, names)}

    def plan(
        self, desired: WantedBase | None, observed: SeenBase | None, owned: frozenset[str], claims: frozenset[str],
        rules: PlanRules,
    ) -> Plan:  # fmt: skip
        if desired is None:
            return Plan((_drop_base(observed),)) if observed is not None else NOTHING
        if observed is None:
            return Plan((_create_base(desired),))
        changes = []
        if desired.locale and desired.locale != observed.locale:
            changes.append(Change("basalt.locale", desired.locale, observed.locale, immutable=True))
        if desired.owner and desired.owner != observed.owner:
            name, owner = desired.name, desired.owner
            act = Act(f"ALTER BASE {name} OWNER {owner}", lambda s: setattr(s.bases[name], "owner", owner))
            changes.append(Change("owner", owner, observed.owner, (Statement(act),), destructive=True))
        return Plan(tuple(changes))

    def keys(self, desired: WantedBase) -> frozenset[str]:
        return frozenset()


def _create_base(desired: WantedBase) -> Change:
    base = Base(desired.owner or ADMIN, desired.locale or "C")
    act = Act(f"CREATE BASE {desired.name}", lambda s: s.bases.update({desired.name: base}))
    return Change("name", desired.name, None, (Statement(act, transactional=False),))


def _drop_base(observed: SeenBase) -> Change:
    act = Act(f"DROP BASE {observed.name}", lambda s: s.bases.pop(observed.name))
    return Change("name", None, observed.name, (Statement(act, transactional=False),), destructive=True)


@dataclass(frozen=True)
class WantedSchema:
    """A schema as it should be."""

    database: str
    name: str


class Schemas:
    """Schemas of one database."""

    async def observe(self, session: SimulatedSession, names: Collection[str] | None) -> Mapping[str, str]:
        server = await session.ask("schemas")
        found = server.bases[session.database].schemas
        return {name: session.database for name in found if _asked(name, names)}

    def plan(
        self, desired: WantedSchema | None, observed: str | None, owned: frozenset[str], claims: frozenset[str],
        rules: PlanRules,
    ) -> Plan:  # fmt: skip
        if desired is None:
            if observed is None or not owned - claims:
                return NOTHING
            name = next(iter(owned))
            act = Act(f"DROP SCHEMA {name}", lambda s: s.bases[observed].schemas.pop(name))
            return Plan((Change("basalt.schemas", None, name, (Statement(act, observed),), destructive=True),))
        if observed is not None:
            return NOTHING
        base, name = desired.database, desired.name
        act = Act(f"CREATE SCHEMA {name}", lambda s: s.bases[base].schemas.update({name: ADMIN}))
        return Plan((Change("basalt.schemas", name, None, (Statement(act, base),)),))

    def keys(self, desired: WantedSchema) -> frozenset[str]:
        return frozenset({desired.name})


@dataclass(frozen=True)
class SeenRole:
    """A role as it was observed."""

    name: str
    stored: str
    is_barred: bool = False


@dataclass(frozen=True)
class WantedRole:
    """A role as it should be."""

    name: str
    login: Login | None


class Roles:
    """Roles and their passwords; what is stored is what a proof is made of."""

    async def observe(self, session: SimulatedSession, names: Collection[str] | None) -> Mapping[str, SeenRole]:
        server = await session.ask("roles")
        shown = {name: stored if server.shows_verifiers else HIDDEN for name, stored in server.roles.items()}
        return {
            name: SeenRole(name, stored, name in server.barred) for name, stored in shown.items() if _asked(name, names)
        }

    def plan(
        self, desired: WantedRole | None, observed: SeenRole | None, owned: frozenset[str], claims: frozenset[str],
        rules: PlanRules,
    ) -> Plan:  # fmt: skip
        name = desired.name if desired is not None else observed.name if observed is not None else ""
        if name == rules.server.login or name in rules.server.memberships:
            raise Denied(f"role {name!r} is ours")
        if desired is None:
            return NOTHING if observed is None else Plan((_drop_role(observed),))
        if observed is None:
            return Plan((_set_role(desired, "CREATE", "username"),))
        login = desired.login
        if login is None or login.proof == _digest(observed.stored, login.version):
            return NOTHING
        if observed.stored != HIDDEN and prove(observed, login):
            return NOTHING
        return Plan((_set_role(desired, "ALTER", "password"),))

    def keys(self, desired: WantedRole) -> frozenset[str]:
        return frozenset()


def _set_role(desired: WantedRole, verb: str, what: str) -> Change:
    password = desired.login.password.reveal() if desired.login else ""
    act = Act(f"{verb} ROLE {desired.name}", lambda s: s.roles.update({desired.name: password}))
    return Change(what, desired.name if verb == "CREATE" else "the Secret's", None, (Statement(act),))


def _drop_role(observed: SeenRole) -> Change:
    name = observed.name

    def drop(server: SimulatedServer) -> None:
        if any(base.owner == name for base in server.bases.values()):
            raise InUse(f"role {name!r} owns a database")
        del server.roles[name]
        server.privileges.pop(name, None)

    return Change("username", None, name, (Statement(Act(f"DROP ROLE {name}", drop)),), destructive=True)


@dataclass(frozen=True)
class SeenPrivileges:
    """The entries of one role as they were observed."""

    principal: str
    entries: frozenset[str]


@dataclass(frozen=True)
class WantedPrivileges:
    """Entries of one role, as `TYPE database.schema PRIVILEGE`, or without a schema."""

    principal: str
    entries: frozenset[str]


class Privileges:
    """What roles may do, kept server-wide but asked in the database that it is about."""

    async def observe(self, session: SimulatedSession, names: Collection[str] | None) -> Mapping[str, SeenPrivileges]:
        held = await session.ask("privileges")
        return {n: SeenPrivileges(n, frozenset(held.privileges.get(n, ()))) for n in held.roles if _asked(n, names)}

    def plan(
        self, desired: WantedPrivileges | None, observed: SeenPrivileges | None, owned: frozenset[str],
        claims: frozenset[str], rules: PlanRules,
    ) -> Plan:  # fmt: skip
        wanted = desired.entries if desired else frozenset[str]()
        seen = observed.entries if observed else frozenset[str]()
        added = [_give(desired.principal, entry) for entry in sorted(wanted - seen)] if desired else []
        leaving = (owned - wanted - claims) & seen
        taken = [_take(observed.principal, entry) for entry in sorted(leaving)] if observed else []
        return Plan((*added, *taken))

    def keys(self, desired: WantedPrivileges) -> frozenset[str]:
        return desired.entries


def _give(principal: str, entry: str) -> Change:
    act = Act(f"GRANT {entry} TO {principal}", lambda s: s.privileges.setdefault(principal, set()).add(entry))
    return Change(f"privileges[{entry}]", entry, None, (Statement(act),))


def _take(principal: str, entry: str) -> Change:
    act = Act(f"REVOKE {entry} FROM {principal}", lambda s: s.privileges[principal].discard(entry))
    return Change(f"privileges[{entry}]", None, entry, (Statement(act),), destructive=True)


def describe_database(spec: DatabaseSpec, references: References) -> tuple[Item, ...]:
    name, block = spec.name or "", spec.block("basalt")
    owner = spec.owner
    needs = (Need("roles", None, owner, f"role {owner!r}", is_given=owner == ADMIN),) if owner else ()
    wanted = WantedBase(name, spec.owner, block.get("locale"))
    schemas = block.get("schemas", ())
    return (
        Item("bases", None, name, wanted, needs, exclusive=True),
        *(
            Item("schemas", name, schema, WantedSchema(name, schema), exclusive=True, dropped=False)
            for schema in schemas
        ),
    )


def describe_schema(spec: DatabaseSchemaSpec, references: References) -> tuple[Item, ...]:
    base, name = references.database or "", spec.name or ""
    return (Item("schemas", base, name, WantedSchema(base, name), exclusive=True),)


def describe_user(spec: DatabaseUserSpec, references: References) -> tuple[Item, ...]:
    name = spec.username or ""
    role = Item("roles", None, name, WantedRole(name, references.login), exclusive=True)
    return (role, *_describe_privileges(spec.privileges, name, references))


def describe_role(spec: RoleSpec, references: References) -> tuple[Item, ...]:
    name = spec.role_name or ""
    return (Item("roles", None, name, WantedRole(name, None), exclusive=True),)


def describe_grant(spec: AnyGrantSpec, references: References) -> tuple[Item, ...]:
    return tuple(_describe_privileges(spec.privileges, references.principal or "", references))


def _describe_privileges(privileges: Sequence[Privilege], principal: str, references: References) -> Iterator[Item]:
    places: dict[str, set[str]] = {}
    for p in privileges:
        database = p.database or references.database or ""
        on = f"{p.on} {database}.{p.schema_}" if p.schema_ else f"{p.on} {database}"
        places.setdefault(database, set()).update(f"{on} {word}" for word in p.privileges)
    for database, entries in places.items():
        needs = (Need("roles", None, principal, f"role {principal!r}"),
                 Need("bases", None, database, f"database {database!r}"))  # fmt: skip
        yield Item("privileges", database, principal, WantedPrivileges(principal, frozenset(entries)), needs)


def touched(part: str, database: str | None, name: str, desired: object) -> Iterator[Real]:
    """What must belong to whoever wants that item."""
    if database is not None:
        yield Real("database", database)
    if isinstance(desired, WantedBase) and desired.owner:
        yield Real("role", desired.owner)
    if isinstance(desired, WantedPrivileges):
        yield Real("role", desired.principal)


def is_administrative(observed: object) -> bool:
    """A role without a password is one of those who run the server."""
    return isinstance(observed, SeenRole) and not observed.stored


def _digest(stored: str, version: str) -> str:
    return hashlib.sha256(f"{version}:{stored}".encode()).hexdigest()[:16]


def prove(observed: SeenRole, login: Login) -> str | None:
    is_right = observed.stored in (HIDDEN, login.password.reveal())
    return _digest(observed.stored, login.version) if is_right else None


def publish(login: ClientLogin) -> Mapping[str, str]:
    address = login.address
    place = f"{address.host}:{address.port}"
    return {
        "uri": f"basalt://{address.username}:{address.password.reveal()}@{place}/{login.database}",
        "jdbcUri": f"jdbc:basalt://{place}/{login.database}",
        "sslmode": "disable",
        **({"ca.crt": address.tls.ca} if address.tls.ca else {}),
    }


class DatabaseBlock(BaseModel):
    """`spec.basalt` of a Database."""

    schemas: list[str] = []
    locale: str | None = None


def build_engine(network: Dials, server: ServerPart | None = None) -> Engine:
    """Basalt, the engine that exists nowhere else; with `server` it can be run."""
    return Engine(
        name="basalt",
        default_port=7000,
        default_database=HOME,
        blocks={"Database": DatabaseBlock},
        parts={"bases": Bases(), "schemas": Schemas(), "roles": Roles(), "privileges": Privileges()},
        blueprints={
            "Database": describe_database,
            "DatabaseSchema": describe_schema,
            "DatabaseUser": describe_user,
            "DatabaseRole": describe_role,
            "ClusterDatabaseRole": describe_role,
            "DatabaseGrant": describe_grant,
            "ClusterDatabaseGrant": describe_grant,
        },
        server=server,
        connect=network.connect,
        probe=probe,
        credentials=publish,
        login_proof=prove,
        login_bar=lambda seen, now: "it may not log in" if seen.is_barred else "",
        boundaries=Boundaries({"bases": "database", "roles": "role"}, touched, is_administrative),
        custom_statements=SimulatedCustoms(network),
    )


def _asked(name: str, names: Collection[str] | None) -> bool:
    return names is None or name in names
