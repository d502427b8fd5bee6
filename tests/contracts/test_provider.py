"""What the site of a provider decides."""

from __future__ import annotations

from dbaas.contracts.provider import versions_on
from dbaas.engines.postgres.server import PostgresServer
from fixtures.registries import GraniteServer


def test_a_laptop_runs_installed_versions_and_kubernetes_those_with_an_image() -> None:
    assert versions_on("laptop", GraniteServer()) == ("2", "1")
    assert versions_on("kubernetes", GraniteServer()) == ()
    assert list(versions_on("kubernetes", PostgresServer())) == list(PostgresServer().images)
