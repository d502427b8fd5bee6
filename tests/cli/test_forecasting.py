"""What applying would do is found without doing it, with all that was looked at."""

from __future__ import annotations

from typing import Any

import pytest

from cli.conftest import put
from dbaas.api.database import DATABASE
from dbaas.api.instance import DATABASE_INSTANCE
from dbaas.cli.exits import CommandError
from dbaas.cli.forecasting import forecast
from dbaas.cli.manifests import Manifest, Problem
from dbaas.cli.session import Session

CONNECTION = {"host": "127.0.0.1", "port": 1, "secretRef": {"name": "admin"}}


def manifest(**spec: Any) -> Manifest:
    body = {"apiVersion": "dbaas.io/v1", "kind": "Database", "metadata": {"name": "shop"}}
    return Manifest({**body, "spec": {"instanceRef": {"name": "main"}, **spec}}, "a.yaml", 1)


async def test_what_was_looked_at_is_told_and_nothing_is_written(session: Session) -> None:
    await put(session, DATABASE_INSTANCE, "main", {"engine": "postgres", "connection": CONNECTION})
    await put(session, DATABASE, "shop", {"instanceRef": {"name": "main"}})
    await put(session, DATABASE, "other", {"instanceRef": {"name": "elsewhere"}})
    found = await forecast(session, [manifest(owner="b")])
    assert [(plan.kind, plan.action) for plan in found.plans] == [(DATABASE, "update")]
    assert {str(each) for each in found.seen} == {"Database default/shop", "DatabaseInstance default/main"}
    assert [each.spec.get("owner") for each in await session.rest.list(DATABASE)] == [None, None]


async def test_all_that_is_wrong_is_told(session: Session) -> None:
    with pytest.raises(CommandError, match="2 problems in 1 object"):
        await forecast(session, [manifest(ownr="b")], [Problem("b.yaml:1", "it cannot be read")])
