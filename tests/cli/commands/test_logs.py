"""Server logs are read where the agent says they are."""

from __future__ import annotations

import asyncio
import io
from dataclasses import replace
from pathlib import Path

import pytest

from cli.conftest import Printed, open_session, put
from dbaas.api.cluster import DATABASE_CLUSTER
from dbaas.api.process import PROCESS
from dbaas.api.resource import Key
from dbaas.cli.commands.logs import LogsOptions, show
from dbaas.cli.exits import CommandError
from dbaas.cli.session import Session
from dbaas.cli.terminal import Terminal
from dbaas.contracts.client import NotFound
from dbaas.core.home import Home
from fixtures.operating import virtually


@pytest.fixture
async def laptop(session: Session, tmp_path: Path) -> Session:
    return await prepare(session, tmp_path / "main-0.log")


async def prepare(session: Session, log: Path) -> Session:
    """Cluster `main` has one server, which has written three lines."""
    metadata = {"name": "main-0", "namespace": "default", "labels": {"dbaas.io/cluster": "main"}}
    spec = {"programs": "/bin", "command": ["true"]}
    body = {"apiVersion": PROCESS.api_version, "kind": "Process", "metadata": metadata, "spec": spec}
    await session.rest.apply(PROCESS, body)
    log.write_text("one\ntwo\nthree\n")
    await session.rest.patch(PROCESS, Key("default", "main-0"), {"status": {"log": str(log)}}, subresource="status")
    return replace(session, target=replace(session.target, home=Home(log.parent)))


async def test_the_last_lines_are_shown(laptop: Session, printed: Printed) -> None:
    await show(laptop, LogsOptions(cluster="main", tail=2))
    assert printed() == "two\nthree\n"


async def test_all_lines_are_shown_when_asked(laptop: Session, printed: Printed) -> None:
    await show(laptop, LogsOptions(cluster="main", tail=0))
    assert printed() == "one\ntwo\nthree\n"


async def test_what_a_server_writes_itself_is_shown_behind_what_it_prints(
    laptop: Session, printed: Printed, tmp_path: Path
) -> None:
    own = [tmp_path / "server.json", tmp_path / "missing.log"]
    own[0].write_text('{"a": 1}\n')
    status = {"status": {"logs": [str(each) for each in own]}}
    await laptop.rest.patch(PROCESS, Key("default", "main-0"), status, subresource="status")
    await show(laptop, LogsOptions(cluster="main", tail=1))
    assert printed() == 'three\n{"a": 1}\n'


async def test_exporters_are_no_servers(laptop: Session, printed: Printed, tmp_path: Path) -> None:
    labels = {"dbaas.io/cluster": "main", "app.kubernetes.io/component": "metrics"}
    metadata = {"name": "main-0-exporter", "namespace": "default", "labels": labels}
    spec = {"programs": "/bin", "command": ["true"]}
    await laptop.rest.apply(
        PROCESS, {"apiVersion": PROCESS.api_version, "kind": "Process", "metadata": metadata, "spec": spec}
    )
    status = {"status": {"log": str(tmp_path / "main-0.log")}}
    await laptop.rest.patch(PROCESS, Key("default", "main-0-exporter"), status, subresource="status")
    await show(laptop, LogsOptions(cluster="main", tail=1))
    assert printed() == "three\n"


async def test_a_cluster_without_servers_is_told(laptop: Session) -> None:
    await put(laptop, DATABASE_CLUSTER, "other", {"engine": {"type": "postgres", "version": "18"}})
    with pytest.raises(CommandError, match="cluster 'other' in namespace 'default' has no log yet"):
        await show(laptop, LogsOptions(cluster="other"))


async def test_a_cluster_that_does_not_exist_is_told(laptop: Session) -> None:
    with pytest.raises(NotFound, match="there is no DatabaseCluster 'other' in namespace 'default'"):
        await show(laptop, LogsOptions(cluster="other"))


def test_a_log_is_followed_while_it_is_begun_anew_or_gone(tmp_path: Path) -> None:
    log, out = tmp_path / "main-0.log", io.StringIO()

    @virtually
    async def follow() -> None:
        async with open_session() as session:
            session = await prepare(replace(session, terminal=Terminal(out, io.StringIO())), log)
            following = asyncio.create_task(show(session, LogsOptions(cluster="main", tail=1, follow=True)))
            for text in ("one\ntwo\nthree\n", "new\n", None, "back\n"):
                log.unlink(missing_ok=True) if text is None else log.write_text(text)
                await asyncio.sleep(1)
            following.cancel()

    follow()
    assert out.getvalue() == "three\nnew\nback\n"


async def test_kubernetes_has_its_own_way(session: Session) -> None:
    with pytest.raises(CommandError, match="on a laptop only"):
        await show(session, LogsOptions(cluster="main"))
