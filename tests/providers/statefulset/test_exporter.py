"""The exporter of a cluster's pod, run for real with the rendered settings: it tells what the dashboard shows."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import aiohttp
import pytest

from fixtures.exporting import render, running_exporter
from fixtures.postgres import TestServer, choose_versions, own_server

ROOT = Path(__file__).parents[3]
DASHBOARD = ROOT / "deploy" / "dashboards" / "postgres.json"
MODULE = ROOT / "tools" / "control_plane" / "exporter" / "go.mod"


def _shown() -> set[str]:
    targets = [t["expr"] for panel in json.loads(DASHBOARD.read_text())["panels"] for t in panel["targets"]]
    return {name for expr in targets for name in re.findall(r"\bpg_\w+", expr)}


@pytest.fixture(params=choose_versions(None))
def server(request: pytest.FixtureRequest) -> Iterator[TestServer]:
    """No other test drops a database of it, which the exporter would take for an error of its own."""
    with own_server(request.param) as started:
        yield started


@pytest.mark.real_server
@pytest.mark.slow
async def test_it_logs_in_and_tells_all_that_the_dashboard_shows(
    exporter_program: Path, server: TestServer, tmp_path: Path
) -> None:
    async with (
        running_exporter(exporter_program, server, tmp_path) as port,
        aiohttp.ClientSession() as session,
        session.get(f"http://127.0.0.1:{port}/metrics") as response,
    ):
        text = await response.text()
    told = set(re.findall(r"^(pg_\w+)[ {]", text, re.MULTILINE))
    assert _shown() - told == set()
    assert "pg_exporter_last_scrape_error 0" in text or "pg_exporter_last_scrape_error" not in text
    failed = re.findall(r'^pg_scrape_collector_success\{collector="(\w+)"\} 0', text, re.MULTILINE)
    assert failed == []
    log = (tmp_path / "exporter.log").read_text()
    assert "level=ERROR" not in log and "level=error" not in log, log


def test_the_image_is_of_the_version_that_is_tested() -> None:
    (version,) = re.findall(r"prometheus-community/postgres_exporter (v[\d.]+)", MODULE.read_text())
    assert render(9187)["image"].endswith(f":{version}")


def test_the_password_is_read_from_a_file_and_never_told_in_the_environment() -> None:
    env = {each["name"]: each["value"] for each in render(9187)["env"]}
    assert env["DATA_SOURCE_PASS_FILE"].startswith("/etc/")
    assert not any("PASS" in name and not name.endswith("_FILE") for name in env)
