"""What every command works with: one target, one namespace, a client that tells what servers warn of."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from cli.conftest import Printed, put
from dbaas.api.database import DATABASE
from dbaas.api.resource import Key, Kind
from dbaas.cli.exits import NothingRuns
from dbaas.cli.options import NamespaceOptions, TargetOptions
from dbaas.cli.session import Session, run_on_target
from dbaas.contracts.client import Invalid
from dbaas.core.home import Home
from fixtures.faults import FaultyTransport

pytestmark = pytest.mark.usefixtures("clean_environment")

SPEC = {"instanceRef": {"name": "main"}}


async def test_an_object_is_found_where_it_is_and_absent_elsewhere(session: Session) -> None:
    await put(session, DATABASE, "shop", SPEC)
    found = await session.find(DATABASE, Key("default", "shop"))
    assert found is not None and found.key == Key("default", "shop")
    assert await session.find(DATABASE, Key("default", "other")) is None
    assert await session.find(Kind("example.org", "v1", "Nothing", "nothings"), Key("default", "shop")) is None


async def test_kinds_are_asked_for_once(session: Session) -> None:
    counting = replace(session, transport=(faulty := FaultyTransport(session.transport)))
    assert await counting.kinds() is await counting.kinds()
    assert [request.path for request in faulty.requests] == ["/api", "/apis"]


async def test_unknown_fields_are_refused(session: Session) -> None:
    metadata = {"name": "shop", "namespace": "default"}
    body = {"apiVersion": DATABASE.api_version, "kind": "Database", "metadata": metadata}
    with pytest.raises(Invalid, match=r'unknown field "spec\.ownr"'):
        await session.rest.create(DATABASE, {**body, "spec": {**SPEC, "ownr": "x"}})


async def test_what_a_server_warns_of_is_told(session: Session, remarked: Printed) -> None:
    metadata = {"name": "shop", "namespace": "default", "finalizers": ["unqualified"]}
    body = {"apiVersion": DATABASE.api_version, "kind": "Database", "metadata": metadata, "spec": SPEC}
    await session.rest.create(DATABASE, body)
    assert remarked().startswith("warning: metadata.finalizers: ")


async def test_a_dry_run_writes_nothing(session: Session) -> None:
    body = {
        "apiVersion": DATABASE.api_version, "kind": "Database", "metadata": {"name": "shop", "namespace": "default"},
        "spec": SPEC,
    }  # fmt: skip
    await session.writer(dry_run=True).apply(DATABASE, body)
    assert await session.find(DATABASE, Key("default", "shop")) is None


async def test_work_is_done_on_the_target_that_is_shown(
    session: Session, laptop_home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    await put(session, DATABASE, "shop", SPEC)
    seen: list[str] = []

    async def work(opened: Session) -> None:
        resource = await opened.rest.get(DATABASE, Key(opened.namespace, "shop"))
        seen.append(f"{opened.target.name} {resource.key}")

    await asyncio.to_thread(run_on_target, TargetOptions(home=str(laptop_home.path)), work)
    assert seen == ["laptop default/shop"]
    assert capsys.readouterr().err == "target: laptop\n"


async def test_the_namespace_that_is_asked_for_counts_and_answers_for_machines_show_no_target(
    laptop_home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    seen: list[str] = []

    async def work(opened: Session) -> None:
        seen.append(opened.namespace)

    options = NamespaceOptions(home=str(laptop_home.path), namespace="team")
    await asyncio.to_thread(lambda: run_on_target(options, work, show_target=False))
    assert seen == ["team"]
    assert capsys.readouterr().err == ""


def test_without_a_target_no_work_is_begun(laptop_home_path: str) -> None:
    async def work(opened: Session) -> None:
        raise AssertionError("there is nothing to work on")

    with pytest.raises(NothingRuns):
        run_on_target(TargetOptions(home=laptop_home_path), work)


@pytest.fixture
def laptop_home_path(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A home where nothing runs."""
    return str(tmp_path_factory.mktemp("home"))
