"""Tags: comments on databases and roles that say which object stands for them.

A comment of somebody else's is never replaced, and is no difference. Where our login lacks the right to comment, the
thing goes without: a tag is for people who look, and keeps nothing from being as it should.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import LiteralString

from dbaas.contracts.engine import Item, PlanRules, Tagging
from dbaas.contracts.statement import NOTHING, Change, Plan
from dbaas.engines.postgres import statements
from dbaas.engines.postgres.blueprints.parts import DATABASE_COMMENTS, ROLE_COMMENTS
from dbaas.engines.postgres.catalogue import asked, borrowing, lock_database, lock_role
from dbaas.engines.postgres.databases import DesiredDatabase
from dbaas.engines.postgres.queries import Query
from dbaas.engines.postgres.roles import DesiredRole
from dbaas.engines.postgres.session import PostgresSession

FIELD = "resourceTracking"
OUR_WORDS = "managed by dbaas: "

# Until version 15 whoever may make roles may comment on them and become them, later only with ADMIN OPTION.
_RULES_ROLE: LiteralString = """
    me.rolsuper OR (me.rolcreaterole AND NOT r.rolsuper AND (current_setting('server_version_num')::int < 160000
                                                             OR pg_has_role(r.oid, 'MEMBER WITH ADMIN OPTION')))
"""
_ROLES = f"""
    SELECT r.rolname, c.description, NULL, {_RULES_ROLE}
    FROM pg_roles r JOIN pg_roles me ON me.rolname = current_user
         LEFT JOIN pg_shdescription c ON c.objoid = r.oid AND c.classoid = 'pg_authid'::regclass
    WHERE (%(all)s AND r.rolname !~ '^pg_') OR r.rolname = ANY(%(names)s)
"""
_DATABASES = f"""
    SELECT d.datname, c.description, r.rolname, pg_has_role(r.oid, 'USAGE') OR {_RULES_ROLE}
    FROM pg_database d JOIN pg_roles r ON r.oid = d.datdba JOIN pg_roles me ON me.rolname = current_user
         LEFT JOIN pg_shdescription c ON c.objoid = d.oid AND c.classoid = 'pg_database'::regclass
    WHERE %(all)s OR d.datname = ANY(%(names)s)
"""


@dataclass(frozen=True)
class DesiredComment:
    """`owner` is who owns the thing once it is made; None where that is our login, or does not matter."""

    name: str
    text: str
    owner: str | None = None


@dataclass(frozen=True)
class ObservedComment:
    """Of a thing that exists. `may_change`: our login may comment on it, if need be as its `owner`."""

    name: str
    text: str | None
    owner: str | None
    may_change: bool


class RoleComments:
    """Implements `contracts.engine.Managed`; keyed by the role. Roles have no owner."""

    async def observe(self, session: PostgresSession, names: Collection[str] | None) -> Mapping[str, ObservedComment]:
        return {row[0]: ObservedComment(*row) for row in await session.fetch(_ROLES, asked(names))}

    def plan(
        self, desired: DesiredComment | None, observed: ObservedComment | None, owned: frozenset[str],
        claims: frozenset[str], rules: PlanRules,
    ) -> Plan:  # fmt: skip
        return _Planner(statements.comment_on_role, lock_role, rules).plan(desired, observed, owned - claims)

    def keys(self, desired: DesiredComment) -> frozenset[str]:
        return frozenset({desired.text})


class DatabaseComments:
    """Implements `contracts.engine.Managed`; keyed by the database."""

    async def observe(self, session: PostgresSession, names: Collection[str] | None) -> Mapping[str, ObservedComment]:
        return {row[0]: ObservedComment(*row) for row in await session.fetch(_DATABASES, asked(names))}

    def plan(
        self, desired: DesiredComment | None, observed: ObservedComment | None, owned: frozenset[str],
        claims: frozenset[str], rules: PlanRules,
    ) -> Plan:  # fmt: skip
        return _Planner(statements.comment_on_database, lock_database, rules).plan(desired, observed, owned - claims)

    def keys(self, desired: DesiredComment) -> frozenset[str]:
        return frozenset({desired.text})


@dataclass(frozen=True)
class _Planner:
    """What both kinds of things have in common. `written`: texts that were ours at some time."""

    comment: Callable[[str, str | None], Query]
    lock: Callable[[str], frozenset[str]]
    rules: PlanRules

    def plan(self, desired: DesiredComment | None, observed: ObservedComment | None, written: frozenset[str]) -> Plan:
        if observed is None:
            return NOTHING if desired is None else Plan((self._comment_on_new(desired),))
        wanted = desired.text if desired is not None else None
        if observed.text == wanted or not observed.may_change or not _is_ours(observed.text, desired, written):
            return NOTHING
        return Plan((self._change(observed.name, wanted, observed.text, observed.owner, incidental=True),))

    def _comment_on_new(self, desired: DesiredComment) -> Change:
        """Comes with the thing itself, so it is left where that is left."""
        return self._change(desired.name, desired.text, None, desired.owner, incidental=False)

    def _change(
        self, name: str, text: str | None, actual: str | None, owner: str | None, *, incidental: bool
    ) -> Change:
        run = borrowing([owner], [self.comment(name, text)], self.rules, None, self.lock(name))
        return Change(FIELD, text, actual, run, incidental=incidental)


def _is_ours(text: str | None, desired: DesiredComment | None, written: frozenset[str]) -> bool:
    """At first a thing may carry the tag of an object that is gone; later one would only fight with another's."""
    if text is None or text in written:
        return True
    return desired is not None and not written and text.startswith(OUR_WORDS)


def tag_with_comment(item: Item, text: str) -> Item | None:
    """Implements `contracts.engine.Tagging.tag`. The comment goes with the thing."""
    match item.desired:
        case DesiredDatabase(name=name, owner=owner):
            return Item(DATABASE_COMMENTS, None, name, DesiredComment(name, text, owner), dropped=False)
        case DesiredRole(name=name):
            return Item(ROLE_COMMENTS, None, name, DesiredComment(name, text), dropped=False)
    return None


TAGGING = Tagging(frozenset({DATABASE_COMMENTS, ROLE_COMMENTS}), tag_with_comment)
