"""Which roles a role is a member of, and with which options.

From version 16 on a membership may be given by several grantors, and each gives its own options (PostgreSQL's manual,
GRANT, "GRANT on Roles"): what a member may do is what any of them gave. We change and take away only what is ours.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from dbaas.contracts.engine import Denied, EngineError, PlanRules
from dbaas.contracts.statement import NOTHING, Change, Plan, Statement
from dbaas.engines.postgres import statements
from dbaas.engines.postgres.catalogue import asked, lock_role
from dbaas.engines.postgres.queries import Query
from dbaas.engines.postgres.session import PostgresSession
from dbaas.engines.postgres.statements import MEMBERSHIP_OPTIONS_SINCE

_FROM = """
    FROM pg_auth_members a JOIN pg_roles m ON m.oid = a.member JOIN pg_roles r ON r.oid = a.roleid
    LEFT JOIN pg_roles g ON g.oid = a.grantor
    WHERE (%(all)s AND m.rolname !~ '^pg_') OR m.rolname = ANY(%(names)s)
"""
_COLUMNS = "SELECT m.rolname, m.rolinherit, r.rolname, coalesce(g.rolname, ''), a.grantor = 10, a.admin_option, "
_WITH_OPTIONS = _COLUMNS + "a.inherit_option, a.set_option" + _FROM
_WITHOUT_OPTIONS = _COLUMNS + "m.rolinherit, true" + _FROM

GIVEN_BY_ANOTHER = "another role gave it, and only that one can take it away: revoke it as that role, or leave it out"


@dataclass(frozen=True)
class Membership:
    """One wanted membership; None is not said. `admin` False is not said either: nobody else's is taken away."""

    role: str
    admin: bool = False
    inherit: bool | None = None
    set: bool | None = None


@dataclass(frozen=True)
class DesiredMemberships:
    """What one object wants a role to be a member of. Others may want more."""

    member: str
    memberships: tuple[Membership, ...] = ()

    def tally(self) -> Mapping[str, Sequence[str]]:
        """Implements `contracts.looking.Tallying`."""
        return {"roles": [each.role for each in self.memberships]}


@dataclass(frozen=True)
class Held:
    """One membership as one grantor gave it. `by_bootstrap`: by the superuser that initdb made."""

    role: str
    grantor: str
    by_bootstrap: bool
    admin: bool
    inherit: bool = True
    set: bool = True


@dataclass(frozen=True)
class ObservedMemberships:
    """All that a role is a member of. `inherits` is the role's own attribute, the default of its memberships."""

    member: str
    held: tuple[Held, ...]
    inherits: bool = True


class Memberships:
    """Implements `contracts.engine.Managed`; keyed by the member. Entries are shared by key."""

    async def observe(
        self, session: PostgresSession, names: Collection[str] | None
    ) -> Mapping[str, ObservedMemberships]:
        query = _WITH_OPTIONS if session.server_version >= MEMBERSHIP_OPTIONS_SINCE else _WITHOUT_OPTIONS
        held: defaultdict[tuple[str, bool], list[Held]] = defaultdict(list)
        for member, inherits, *row in sorted(await session.fetch(query, asked(names))):
            held[member, inherits].append(Held(*row))
        return {member: ObservedMemberships(member, tuple(rows), inherits) for (member, inherits), rows in held.items()}

    def plan(
        self, desired: DesiredMemberships | None, observed: ObservedMemberships | None, owned: frozenset[str],
        claims: frozenset[str], rules: PlanRules,
    ) -> Plan:  # fmt: skip
        if desired is not None:
            _check_options(desired, claims, rules)
        if observed is None:
            if desired is None:
                return NOTHING
            observed = ObservedMemberships(desired.member, ())
        keys = self.keys(desired) if desired is not None else frozenset[str]()
        comparison = _Comparison(observed, rules)
        wanted = desired.memberships if desired is not None else ()
        given = [change for membership in wanted for change in comparison.give(membership)]
        return Plan((*given, *comparison.take(owned - keys - claims, keys | claims)))

    def keys(self, desired: DesiredMemberships) -> frozenset[str]:
        """The membership, and each of its options that is said."""
        return frozenset(key for membership in desired.memberships for key in _keys(membership))


def _keys(membership: Membership) -> Iterator[str]:
    role = membership.role
    yield _key(role)
    if membership.admin:
        yield _key(role, "admin")
    for option, value in (("inherit", membership.inherit), ("set", membership.set)):
        if value is not None:
            yield _key(role, option, value)


def _key(*parts: str | bool) -> str:
    return json.dumps(parts, ensure_ascii=False)


def _check_options(desired: DesiredMemberships, claims: frozenset[str], rules: PlanRules) -> None:
    """Raises EngineError for what this server cannot have, or what others want otherwise."""
    for membership in desired.memberships:
        if membership.role == rules.server.login:
            raise Denied(f"role {membership.role!r} is the login that dbaas itself uses: nobody can become it")
        for option, value in (("inherit", membership.inherit), ("set", membership.set)):
            if value is None:
                continue
            if rules.server.version_number < MEMBERSHIP_OPTIONS_SINCE:
                raise EngineError(
                    f"PostgreSQL {rules.server.version} has no {option} option of a membership: it is there from "
                    f"version 16 on; leave memberships[{membership.role}].{option} out", reason="NotSupported",
                )  # fmt: skip
            if _key(membership.role, option, not value) in claims:
                raise EngineError(
                    f"another object wants memberships[{membership.role}].{option} of role {desired.member!r} "
                    f"to be {str(not value).lower()}", reason="ConflictingMembership",
                )  # fmt: skip


class _Comparison:
    """One member's memberships, seen by whoever is logged in."""

    def __init__(self, observed: ObservedMemberships, rules: PlanRules) -> None:
        self._observed = observed
        self._version = rules.server.version_number
        self._is_ours = _ownership(rules)

    def give(self, wanted: Membership) -> Iterator[Change]:
        """What is missing; nothing where somebody else gave it already."""
        held = [each for each in self._observed.held if each.role == wanted.role]
        role = wanted.role
        options = {"admin": wanted.admin or None, "inherit": wanted.inherit, "set": wanted.set}
        if not held:
            said = {name: value for name, value in options.items() if value is not None}
            yield self._change(role, "", ("member", None), self._grant(role, said))
            return
        for name, expected in options.items():
            actual = any(getattr(each, name) for each in held)
            if expected is None or expected == actual:
                continue
            if expected is False and any(getattr(each, name) and not self._is_ours(each) for each in held):
                yield Change(_field(role, name), expected, actual, immutable=True, why=GIVEN_BY_ANOTHER)
                continue
            yield self._change(role, name, (expected, actual), self._grant(role, {name: expected}))

    def take(self, leaving: Collection[str], kept: Collection[str]) -> Iterator[Change]:
        """What we gave and nobody wants any more; options fall back to their defaults."""
        defaults = {"admin": False, "inherit": self._observed.inherits, "set": True}
        for key in sorted(leaving):
            role, *option = json.loads(key)
            ours = next((each for each in self._observed.held if each.role == role and self._is_ours(each)), None)
            if ours is None:
                continue
            if not option:
                query = statements.leave_role(role, self._observed.member)
                yield self._change(role, "", (None, "member"), query, destructive=True)
            elif _key(role) in kept and not _is_said(role, option[0], kept):
                name = option[0]
                if getattr(ours, name) == defaults[name]:
                    continue
                default, query = defaults[name], self._ungrant(role, name, defaults[name])
                yield self._change(role, name, (default, not default), query, destructive=name == "admin")

    def _grant(self, role: str, options: Mapping[str, bool]) -> Query:
        return statements.grant_membership(role, self._observed.member, options, self._version)

    def _ungrant(self, role: str, option: str, default: bool) -> Query:
        if option == "admin":
            return statements.revoke_admin_option(role, self._observed.member)
        return self._grant(role, {option: default})

    def _change(
        self, role: str, option: str, values: tuple[object, object], query: Query, *, destructive: bool = False
    ) -> Change:
        locks = lock_role(self._observed.member) | lock_role(role)
        return Change(_field(role, option), *values, (Statement(query, locks=locks),), destructive=destructive)


def _field(role: str, option: str) -> str:
    return f"memberships[{role}].{option}" if option else f"memberships[{role}]"


def _is_said(role: str, option: str, keys: Collection[str]) -> bool:
    return _key(role, option) in keys or any(_key(role, option, value) in keys for value in (True, False))


def _ownership(rules: PlanRules) -> Callable[[Held], bool]:
    """Whose grants a GRANT or REVOKE of ours is about: a superuser acts as the one that initdb made."""
    server = rules.server
    if server.version_number < MEMBERSHIP_OPTIONS_SINCE:
        return lambda held: True
    if "superuser" in server.capabilities:
        return lambda held: held.by_bootstrap
    return lambda held: held.grantor == server.login or held.grantor in server.memberships
