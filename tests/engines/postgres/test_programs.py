"""Where programs are looked for, and which can encrypt, by their own word."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from dbaas.engines.postgres.programs import INSTALLATIONS, can_encrypt, explain_missing, find_programs
from dbaas.engines.postgres.server import PostgresServer
from fixtures.postgres import VERSIONS
from fixtures.postgres import find_programs as find_any

REFUSAL = b"...SSL is not supported by this build..."


def install(folder: Path, version: str, content: bytes = b"...") -> str:
    programs = folder / version / "bin"
    programs.mkdir(parents=True, exist_ok=True)
    (programs / "postgres").write_bytes(content)
    return str(programs)


def test_what_the_machine_has_is_found_by_its_version(tmp_path: Path) -> None:
    places = [f"{tmp_path}/elsewhere/{{}}", f"{tmp_path}/{{}}/bin"]
    assert find_programs("15", places=places) is None
    found = install(tmp_path, "15")
    assert find_programs("15", places=places) == found
    assert find_programs("17", places=places) is None
    assert PostgresServer(places=places).programs("15", encrypted=True) == found


@pytest.mark.parametrize("version", ["", "..", "15/..", "9.6"])
def test_what_is_no_major_version_is_looked_for_nowhere(tmp_path: Path, version: str) -> None:
    install(tmp_path, "15")
    assert find_programs(version, places=[f"{tmp_path}/{{}}/bin", f"{tmp_path}/15/bin"]) is None


@pytest.mark.parametrize("version", INSTALLATIONS)
def test_those_that_are_brought_along_come_first_unless_they_must_encrypt(tmp_path: Path, version: str) -> None:
    places = [f"{tmp_path}/{{}}/bin"]
    brought = find_programs(version, places=places)
    assert brought is not None
    assert not brought.startswith(str(tmp_path))
    assert find_programs(version, places=places, encrypted=True) is None
    assert "without OpenSSL" in explain_missing(version, encrypted=True)
    found = install(tmp_path, version)
    assert find_programs(version, places=places, encrypted=True) == found
    assert find_programs(version, places=places) == brought


def test_a_build_without_encryption_is_told_by_its_refusal_and_read_again_when_it_is_another(tmp_path: Path) -> None:
    folder = Path(install(tmp_path, "17", REFUSAL))
    assert not can_encrypt(folder)
    install(tmp_path, "17", b"another one")
    os.utime(folder / "postgres", ns=(1, 1))
    assert can_encrypt(folder)


@pytest.mark.parametrize("version", VERSIONS)
def test_of_real_ones_only_those_that_are_brought_along_cannot(version: str) -> None:
    programs = find_any(version)
    if isinstance(programs, str):
        pytest.skip(programs)
    assert can_encrypt(programs) is (version not in INSTALLATIONS)


def test_what_is_missing_is_told_with_what_to_install() -> None:
    assert "pip install 'dbaas[laptop]'" in explain_missing("18")
    assert "postgresql-15" in explain_missing("15")
    assert "postgresql-15" in explain_missing("15", encrypted=True)
    assert "spec.tls" in explain_missing("16", encrypted=True)
