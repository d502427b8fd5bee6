"""The scripts of an upgrade are such that any shell reads them; tests/laptop/test_server_upgrades.py runs them."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from dbaas.api.cluster import DatabaseClusterSpec
from dbaas.contracts.provider import Init, Site
from dbaas.contracts.upgrade import Upgrade
from dbaas.engines.postgres.server import PostgresServer
from dbaas.engines.postgres.upgrading import build_upgrade

COMMANDS = ("check", "command", "undo", "after")
KNOWN = {"OLD", "NEW", "CREATES", "OLD_PROGRAMS", "PROGRAMS", "RUN", "DIRECTORY", "HOST", "PORT_SQL"}


def step(site: Site, size: int = 1) -> Init:
    spec = {"engine": {"type": "postgres", "version": "18"}, "clusterSize": size}
    return PostgresServer().workload("main", DatabaseClusterSpec.model_validate(spec), site).instances[0].init[0]


@pytest.mark.parametrize("name", COMMANDS)
@pytest.mark.parametrize("version", ["18", "17"])
def test_every_script_can_be_read_and_names_only_what_there_is(name: str, version: str) -> None:
    shell, option, script, _, *given = getattr(build_upgrade(version), name)
    assert (shell, option) == ("/bin/sh", "-c")
    subprocess.run([shell, "-n", option, script], check=True)
    assert {re.fullmatch(r"\$\(([A-Z_]+)\)", word)[1] for word in given} <= KNOWN  # type: ignore[index]
    assert len(script) <= 4096
    assert re.findall(r"\b[A-Z]{4,}\b", re.sub(r"ALTER SYSTEM|RESET ALL|EXIT|ERROR|FATAL|PG\w+", "", script)) == []


def test_only_the_newest_version_knows_which_statistics_are_missing_and_has_checksums_by_default() -> None:
    new, old = build_upgrade("18"), build_upgrade("17")
    assert ("--missing-stats-only" in new.after[2], "--missing-stats-only" in old.after[2]) == (True, False)
    assert ("--no-data-checksums" in new.command[2], "--no-data-checksums" in old.command[2]) == (True, False)


def test_no_password_is_in_a_command_or_an_environment() -> None:
    scripts = "".join(getattr(build_upgrade("18"), name)[2] for name in COMMANDS)
    assert "PGPASSWORD" not in scripts
    assert "trust" in scripts and "listen" not in scripts


def test_the_way_back_can_be_begun_again_and_is_closed_when_the_new_control_file_is_another(tmp_path: Path) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    for folder in (old, new):
        (folder / "global").mkdir(parents=True)
    (old / "global/pg_control.old").write_text("sixteen")
    (new / "PG_VERSION").write_text("18")
    for place in (new / "global/pg_control", old / "pg_control.upgraded"):
        place.write_text("as it was made")

    def undo(new: Path) -> subprocess.CompletedProcess[str]:
        command = [*build_upgrade("16").undo[:4], str(old), str(new)]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    for _ in range(2):
        assert undo(new).returncode == 0
        assert (old / "global/pg_control").read_text() == "sixteen"
    (new / "global/pg_control").write_text("in production")
    assert undo(new).stdout == "upgrade: error: a server of version 18 has come up on it\n"
    assert undo(tmp_path / "nothing").returncode == 0


@pytest.mark.parametrize("site", ["laptop", "kubernetes"])
@pytest.mark.parametrize("size", [1, 3])
def test_what_makes_the_data_knows_the_way_forward_and_back(site: Site, size: int) -> None:
    assert isinstance(step(site, size).upgrade, Upgrade)
