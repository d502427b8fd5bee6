"""Names of kinds as people say them, from what the server serves."""

from __future__ import annotations

import pytest

from dbaas.cli.exits import WrongUsage
from dbaas.cli.session import Session


@pytest.mark.parametrize(
    ("word", "kind"),
    [
        ("databases", "Database"),
        ("Database", "Database"),
        ("db", "Database"),
        ("databases.dbaas.io", "Database"),
        ("users", "DatabaseUser"),
        ("user", "DatabaseUser"),
        ("dbu", "DatabaseUser"),
        ("clusters", "DatabaseCluster"),
        ("secret", "Secret"),
        ("ns", "Namespace"),
    ],
)
async def test_a_kind_is_known_by_all_its_names(session: Session, word: str, kind: str) -> None:
    assert (await session.kinds()).one(word).kind.kind == kind


async def test_a_comma_list_has_no_repetitions(session: Session) -> None:
    found = (await session.kinds()).resolve("db,users,databases")
    assert [served.kind.plural for served in found] == ["databases", "databaseusers"]


async def test_all_means_all_kinds_of_ours(session: Session) -> None:
    found = {served.kind.kind for served in (await session.kinds()).resolve("all")}
    assert {"Database", "DatabaseUser", "Process"} <= found
    assert "Secret" not in found


async def test_one_kind_is_not_a_list(session: Session) -> None:
    with pytest.raises(WrongUsage, match="one kind is wanted here"):
        (await session.kinds()).one("db,users")


async def test_cluster_scoped_kinds_are_known_as_such(session: Session) -> None:
    assert not (await session.kinds()).one("engines").kind.namespaced
