"""From what the catalogue says to the ways in which each role may do something. Pure.

What is said here of inheritance, ownership and predefined roles is from PostgreSQL's manual, chapter "Database Roles",
and sections "Privileges" and "Predefined Roles".
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from dbaas.contracts.reviewing import Ground, Path, Question
from dbaas.engines.postgres.access.catalogue import EVERYBODY, Catalogue, Edge, Future, Holding
from dbaas.engines.postgres.access.marks import (
    mark_attribute,
    mark_membership,
    mark_owner,
    marks_of_future,
    marks_of_holding,
)
from dbaas.engines.postgres.access.reach import Reach, Route

OWNERSHIP = "OWNER"
PUBLIC = "PUBLIC"
# Whoever has the rights of these roles may do this with all that users have made, without being granted it.
_PREDEFINED: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "pg_read_all_data": {"table": ("SELECT",), "sequence": ("SELECT",), "schema": ("USAGE",)},
    "pg_write_all_data": {"table": ("INSERT", "UPDATE", "DELETE"), "sequence": ("UPDATE",), "schema": ("USAGE",)},
    "pg_maintain": {"table": ("MAINTAIN",)},
}
_AROUND = {"schema": "USAGE", "database": "CONNECT"}  # what a table cannot be reached without
_Object = tuple[str, str, str]  # type, schema, name


def explain_access(catalogue: Catalogue, question: Question) -> list[Path]:
    """Of all roles but those that come with the server; of one role and of everybody where that is asked for."""
    given = [
        *_explain_holdings(catalogue),
        *_explain_owners(catalogue),
        *_explain_futures(catalogue, question),
        *(_explain_predefined(catalogue) if question.about != "role" else ()),
    ]
    chosen = [question.name] if question.about == "role" else list(catalogue.roles)
    reach, by_holder = Reach(catalogue.edges), _by_holder(given)
    paths = [path for path in given if path.who in (PUBLIC, *chosen)]
    for role in chosen:
        for route in reach.routes(role):
            paths += _go(route, by_holder.get(route.edges[-1].role, ()), catalogue)
        paths += _explain_attributes(role, reach, catalogue, question)
    told = [path for path in paths if not path.who.startswith("pg_")]
    return sorted(_tell_use(told) if question.about == "table" else told, key=_order)


def _tell_use(paths: Iterable[Path]) -> Iterator[Path]:
    """Those to the table itself, with what those to its schema and database do not give."""
    around: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    mighty, inner = set(), []
    for path in paths:
        if path.way == "attribute" and not path.becoming:
            mighty.add(path.who)
        if path.on not in _AROUND:
            inner.append(path)
            continue
        has = around[path.on, path.name]  # there is one where nobody has it, too: somebody owns it
        if path.privilege == _AROUND[path.on] and not path.becoming:
            has.add(path.who)
    for path in inner:
        lacking = () if path.becoming or path.who in mighty else around.items()
        lacks = (f"{_AROUND[on]} on {on} {name}" for (on, name), has in lacking if not has & {path.who, PUBLIC})
        yield replace(path, lacks=tuple(sorted(lacks)))


def _by_holder(paths: Iterable[Path]) -> Mapping[str, list[Path]]:
    found: defaultdict[str, list[Path]] = defaultdict(list)
    for path in paths:
        found[path.who].append(path)
    return found


def _go(route: Route, paths: Iterable[Path], catalogue: Catalogue) -> Iterator[Path]:
    """What the role at the end of the route may do, for who is at its beginning."""
    grounds = tuple(_ground_membership(edge, catalogue) for edge in route.edges)
    who, through = route.member, route.roles
    for path in paths:
        yield replace(
            path, who=who, through=through, becoming=route.becoming, grounds=(*grounds, *path.grounds)
        )  # fmt: skip


def _ground_membership(edge: Edge, catalogue: Catalogue) -> Ground:
    if edge.implied:
        marks = frozenset({mark_owner("database", catalogue.database, "", edge.member)})
        return Ground(f"{edge.member} owns database {catalogue.database}", marks)
    return Ground(f"{edge.member} is a member of {edge.role}", frozenset({mark_membership(edge.member, edge.role)}))


def _explain_holdings(catalogue: Catalogue) -> Iterator[Path]:
    for holding in catalogue.holdings:
        if holding.privilege is None:
            continue
        is_owner, is_everybody = holding.grantee == holding.owner, holding.grantee == EVERYBODY
        if is_owner:
            ground = _ground_owner(holding, catalogue)
        elif holding.is_default:
            ground = Ground(f"every new {holding.on} has it")
        else:
            ground = Ground(f"granted by {holding.grantor}", marks_of_holding(holding, catalogue.database))
        yield Path(
            PUBLIC if is_everybody else holding.grantee,
            holding.privilege, holding.on, _name(holding),
            "owner" if is_owner else "everybody" if is_everybody else "grant",
            grantor="" if is_owner or holding.is_default else holding.grantor or "",
            grantable=is_owner or bool(holding.grantable), grounds=(ground,),
        )  # fmt: skip


def _ground_owner(holding: Holding, catalogue: Catalogue) -> Ground:
    """No manifest says whose a table is: who made it owns it."""
    what = f"{holding.owner} owns {holding.on} {_name(replace(holding, column=''))}"
    if holding.on == "database":
        return Ground(what, frozenset({mark_owner("database", holding.name, "", holding.owner)}))
    if holding.on == "schema":
        return Ground(what, frozenset({mark_owner("schema", catalogue.database, holding.name, holding.owner)}))
    return Ground(what)


def _explain_owners(catalogue: Catalogue) -> Iterator[Path]:
    """Who owns a thing may do with it whatever is no privilege, and may give itself every one."""
    for thing in _objects(catalogue):
        yield Path(
            thing.owner, OWNERSHIP, thing.on, _name(thing), "owner", grantable=True,
            grounds=(_ground_owner(thing, catalogue),),
        )  # fmt: skip


def _explain_predefined(catalogue: Catalogue) -> Iterator[Path]:
    for role, rights in _PREDEFINED.items():
        if role not in catalogue.roles:
            continue
        for thing in _objects(catalogue):
            for privilege in rights.get(thing.on, ()):
                yield Path(
                    role, privilege, thing.on, _name(thing), "predefined", grounds=(Ground(f"{role} may always"),)
                )


def _objects(catalogue: Catalogue) -> list[Holding]:
    """Each once, whatever is held on it; a column is a part of its table."""
    found: dict[_Object, Holding] = {}
    for holding in catalogue.holdings:
        if holding.on != "column":
            found.setdefault((holding.on, holding.schema, holding.name), holding)
    return list(found.values())


def _explain_futures(catalogue: Catalogue, question: Question) -> Iterator[Path]:
    """Where a schema, a database or a role is asked about: of a table that is there, its own list says all."""
    for future in catalogue.futures:
        if question.about == "table" or (question.about == "schema" and future.schema not in ("", question.name)):
            continue
        ground = Ground(f"default privilege of {future.maker}", marks_of_future(future, catalogue.database))
        yield Path(
            PUBLIC if future.grantee == EVERYBODY else future.grantee,
            future.privilege, f"future {future.on}", _name_future(future), "future",
            grantor=future.maker, grantable=future.grantable, grounds=(ground,),
        )  # fmt: skip


def _explain_attributes(role: str, reach: Reach, catalogue: Catalogue, question: Question) -> Iterator[Path]:
    """Nobody inherits an attribute; who may become one that has it can use it."""
    place = ("server", "") if question.about == "role" else (question.about, _name_asked(question))
    routes = {route.roles: route for route in [Route(role, (), becoming=False), *reach.attainable(role)]}
    for route in routes.values():
        holder = route.roles[-1] if route.roles else role
        for word in catalogue.roles.get(holder, ()):
            if question.about != "role" and word != "SUPERUSER":
                continue
            marks = frozenset({mark_attribute(holder, word)}) if holder != catalogue.bootstrap else frozenset()
            path = Path(holder, word, *place, "attribute", grounds=(Ground(f"{holder} is {word}", marks),))
            yield from _go(route, [path], catalogue) if route.edges else [path]


def _order(path: Path) -> tuple[object, ...]:
    return path.who != PUBLIC, path.who, path.on, path.name, path.becoming, path.through, path.way, path.privilege


def _name(holding: Holding) -> str:
    name = f"{_word(holding.schema)}.{_word(holding.name)}" if holding.schema else _word(holding.name)
    return f"{name} ({_word(holding.column)})" if holding.column else name


def _name_future(future: Future) -> str:
    return f"in schema {_word(future.schema)}" if future.schema else "in any schema"


def _name_asked(question: Question) -> str:
    return f"{_word(question.schema)}.{_word(question.name)}" if question.schema else _word(question.name)


def _word(name: str) -> str:
    """Quoted where its end could not be seen; signatures of routines stay as they are."""
    return '"' + name.replace('"', '""') + '"' if any(mark in name for mark in '". ') and "(" not in name else name
