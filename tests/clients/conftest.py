"""The official Python client, connected to our server and to a real kube-apiserver."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from clients.official import Connection, connect
from clients.served import ServedStore


@pytest.fixture(scope="session")
def embedded_kubeconfig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Of one server for all tests of this worker; each test has a namespace of its own."""
    folder = tmp_path_factory.mktemp("embedded")
    served = ServedStore(folder / "store")
    served.start()
    try:
        kubeconfig = folder / "kubeconfig"
        kubeconfig.write_text(yaml.safe_dump(served.kubeconfig()))
        yield kubeconfig
    finally:
        served.kill()


@pytest.fixture
def embedded_connection(embedded_kubeconfig: Path) -> Iterator[Connection]:
    with connect("embedded", embedded_kubeconfig) as connection:
        yield connection


@pytest.fixture
def kube_connection(kube_state: Path) -> Iterator[Connection]:
    with connect("kube", kube_state / "kubeconfig") as connection:
        yield connection


@pytest.fixture(params=["embedded", pytest.param("kube", marks=pytest.mark.kube_apiserver)])
def connection(request: pytest.FixtureRequest) -> Connection:
    """The same test against both servers."""
    found: Connection = request.getfixturevalue(f"{request.param}_connection")
    return found
