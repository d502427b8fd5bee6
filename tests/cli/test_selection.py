"""Which objects are meant by the words of a command line."""

from __future__ import annotations

import pytest

from cli.conftest import put
from dbaas.api.core import NAMESPACE
from dbaas.api.database import DATABASE
from dbaas.api.resource import Key
from dbaas.cli.exits import WrongUsage
from dbaas.cli.selection import Choice, Scope, choose, fetch, fetch_one
from dbaas.cli.session import Session
from dbaas.contracts.client import NotFound
from dbaas.contracts.rest import Selection

SPEC = {"instanceRef": {"name": "main"}}
TEAM = Scope("team")


async def chosen(session: Session, *words: str, scope: Scope = TEAM) -> list[Choice]:
    return choose(words, await session.kinds(), scope)


async def brief(session: Session, *words: str) -> list[tuple[str, tuple[str, ...]]]:
    return [(choice.served.kind.plural, choice.names) for choice in await chosen(session, *words)]


async def test_kinds_and_names_can_be_said_in_two_ways(session: Session) -> None:
    assert await brief(session, "db") == [("databases", ())]
    assert await brief(session, "db,users") == [("databases", ()), ("databaseusers", ())]
    assert await brief(session, "database", "a", "b") == [("databases", ("a", "b"))]
    assert await brief(session, "db/a", "user/b") == [("databases", ("a",)), ("databaseusers", ("b",))]


async def test_nothing_means_all_kinds_of_ours(session: Session) -> None:
    found = {plural for plural, _ in await brief(session)}
    assert {"databases", "databaseusers", "databaseclusters"} <= found
    assert "secrets" not in found


async def test_a_scope_has_no_namespace_for_kinds_without_any(session: Session) -> None:
    (database, namespace) = await chosen(session, "db/a", "ns/b")
    assert (database.selection, database.key("a")) == (Selection("team"), Key("team", "a"))
    assert (namespace.selection, namespace.key("b")) == (Selection(), Key("", "b"))


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("db,users", "a"), "names need one kind, not 'db,users'"),
        (("db", "a/b"), "write either KIND NAME… or KIND/NAME…"),
        (("db/a", "b"), "'b' is not KIND/NAME"),
        (("db/",), "'db/' is not KIND/NAME"),
        (("db/a/b",), "'db/a/b' is not KIND/NAME"),
        (("db,users/a",), "one kind is wanted here, not 'db,users'"),
        (("databaes",), "the server has no kind 'databaes'"),
    ],
)
async def test_words_that_make_no_sense_are_wrong_usage(session: Session, words: tuple[str, ...], message: str) -> None:
    with pytest.raises(WrongUsage) as caught:
        await chosen(session, *words)
    assert caught.value.message == message


async def test_names_go_neither_with_labels_nor_with_all_namespaces(session: Session) -> None:
    with pytest.raises(WrongUsage, match="a selector chooses among all objects: leave out the names"):
        await chosen(session, "db", "a", scope=Scope("team", "a=b"))
    with pytest.raises(WrongUsage, match="names need one namespace: leave out -A"):
        await chosen(session, "db", "a", scope=Scope(""))
    assert await chosen(session, "ns", "a", scope=Scope(""))


async def test_chosen_objects_are_fetched_and_absent_ones_told(session: Session) -> None:
    await put(session, DATABASE, "shop", SPEC)
    (choice,) = await chosen(session, "db", "shop", "none", scope=Scope("default"))
    found, missing = await fetch(session.rest, choice)
    assert [resource.metadata.name for resource in found] == ["shop"]
    assert missing == ["there is no Database 'none' in namespace 'default'"]


async def test_labels_choose_among_all(session: Session) -> None:
    for name in ("a", "b"):
        await put(session, DATABASE, name, SPEC)
    await session.rest.patch(DATABASE, Key("default", "b"), {"metadata": {"labels": {"team": "x"}}})
    (choice,) = await chosen(session, "db", scope=Scope("", "team=x"))
    found, missing = await fetch(session.rest, choice)
    assert ([resource.key for resource in found], missing) == ([Key("default", "b")], [])


async def test_a_single_object_that_is_absent_is_told_in_words_for_people(session: Session) -> None:
    index = await session.kinds()
    with pytest.raises(NotFound, match=r"^there is no Database 'none' in namespace 'team'$"):
        await fetch_one(session.rest, index.one("db"), Key("team", "none"))
    with pytest.raises(NotFound, match=r"^there is no Namespace 'none'$"):
        await fetch_one(session.rest, index.one("ns"), Key("", "none"))
    assert (await fetch_one(session.rest, index.one("ns"), Key("", "default"))).kind == NAMESPACE


async def test_what_was_probably_meant_is_told(session: Session) -> None:
    await put(session, DATABASE, "shop", SPEC, "default")
    (choice,) = await chosen(session, "db", "shpo", "nothing-like-it", scope=Scope("default"))
    _, missing = await fetch(session.rest, choice)
    assert missing == [
        "there is no Database 'shpo' in namespace 'default'; did you mean 'shop'?",
        "there is no Database 'nothing-like-it' in namespace 'default'",
    ]
