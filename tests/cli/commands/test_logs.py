"""Server logs are read where the agent says they are."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from cli.conftest import Printed
from dbaas.api.process import PROCESS
from dbaas.api.resource import Key
from dbaas.cli.commands.logs import LogsOptions, show
from dbaas.cli.exits import CommandError
from dbaas.cli.session import Session
from dbaas.core.home import Home


@pytest.fixture
async def laptop(session: Session, tmp_path: Path) -> Session:
    metadata = {"name": "main-0", "namespace": "default", "labels": {"dbaas.io/cluster": "main"}}
    spec = {"programs": "/bin", "command": ["true"]}
    body = {"apiVersion": PROCESS.api_version, "kind": "Process", "metadata": metadata, "spec": spec}
    await session.rest.apply(PROCESS, body)
    log = tmp_path / "main-0.log"
    log.write_text("one\ntwo\nthree\n")
    await session.rest.patch(PROCESS, Key("default", "main-0"), {"status": {"log": str(log)}}, subresource="status")
    return replace(session, target=replace(session.target, home=Home(tmp_path)))


async def test_the_last_lines_are_shown(laptop: Session, printed: Printed) -> None:
    await show(laptop, LogsOptions(cluster="main", tail=2))
    assert printed() == "two\nthree\n"


async def test_all_lines_are_shown_when_asked(laptop: Session, printed: Printed) -> None:
    await show(laptop, LogsOptions(cluster="main", tail=0))
    assert printed() == "one\ntwo\nthree\n"


async def test_a_cluster_without_servers_is_told(laptop: Session) -> None:
    with pytest.raises(CommandError, match="cluster 'other' in namespace 'default' has no log yet"):
        await show(laptop, LogsOptions(cluster="other"))


async def test_kubernetes_has_its_own_way(session: Session) -> None:
    with pytest.raises(CommandError, match="on a laptop only"):
        await show(session, LogsOptions(cluster="main"))
