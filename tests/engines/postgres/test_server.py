"""The workload: what is in it, and a real server that runs from it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from dbaas.api.cluster import DatabaseClusterSpec
from dbaas.contracts.engine import Address
from dbaas.contracts.provider import Instance, SecretKey, Site, Workload
from dbaas.core.secrets import Secret
from dbaas.engines.postgres.parameters import parameters_of
from dbaas.engines.postgres.programs import INSTALLATIONS
from dbaas.engines.postgres.server import ENCRYPTION, OUR_PARAMETERS, PostgresServer
from dbaas.laptop.machine import server_user
from fixtures.postgres import PASSWORD, USUAL, VERSIONS, log_in, usable_programs

CONFIG = [
    {"name": "max_connections", "value": "33"},
    {"name": "work_mem", "value": "5MB"},
    {"name": "my.setting", "value": "it's \\ so"},
]
READY_SECONDS = 10.0
SITES: tuple[Site, ...] = ("laptop", "kubernetes")


def instance_of(version: str, config: list[dict[str, str]] = CONFIG) -> Instance:
    spec = DatabaseClusterSpec.model_validate(
        {"engine": {"type": "postgres", "version": version}, "clusterSize": 1, "config": config}
    )
    (instance,) = PostgresServer().workload("main", spec).instances
    return instance


def files_of(instance: Instance) -> dict[str, str]:
    return {file.path: file.content or "" for file in instance.files}


def test_settings_are_split_by_what_a_change_of_them_needs() -> None:
    instance = instance_of("18")
    files = files_of(instance)
    assert "max_connections = '33'" in files["settings-restart.conf"]
    assert "work_mem = '5MB'" in files["settings-reload.conf"]
    assert "my.setting = 'it''s \\\\ so'" in files["settings-reload.conf"]
    assert {file.path: file.on_change for file in instance.files} == {
        "password": "nothing", "postgresql.conf": "restart", "settings-restart.conf": "restart",
        "settings-reload.conf": "reload", "access.conf": "reload",
    }  # fmt: skip


def test_on_a_network_everybody_may_come_who_proves_a_password_and_on_a_laptop_nobody_from_elsewhere() -> None:
    spec = DatabaseClusterSpec.model_validate({"engine": {"type": "postgres", "version": "18"}, "clusterSize": 1})
    access = {site: files_of(PostgresServer().workload("m", spec, site).instances[0])["access.conf"] for site in SITES}
    assert "host   all  all  all  scram-sha-256" in access["kubernetes"]
    assert " all  all  all " not in access["laptop"]
    assert not [line for text in access.values() for line in text.splitlines() if "trust" in line]


def test_settings_fit_the_resources_where_somebody_asks_for_them_and_those_of_the_spec_count_more() -> None:
    body = {
        "engine": {"type": "postgres", "version": "18"},
        "clusterSize": 1,
        "config": [{"name": "Work_Mem", "value": "9MB"}],
    }
    plain, sized = (DatabaseClusterSpec.model_validate({**body, **more}) for more in ({}, {"profile": "dev"}))
    texts = [
        "".join(files_of(PostgresServer().workload("m", spec, site).instances[0]).values())
        for spec, site in ((plain, "laptop"), (sized, "laptop"), (plain, "kubernetes"))
    ]
    assert ["shared_buffers" in text for text in texts] == [False, True, True]
    assert [text.lower().count("work_mem = ") - text.count("maintenance_work_mem") for text in texts] == [1, 1, 1]


def test_there_is_an_image_of_every_version() -> None:
    assert list(PostgresServer().images) == list(PostgresServer().versions)
    assert PostgresServer().images["18"].reference.endswith(":18")


def test_the_password_comes_from_the_administrators_secret_and_is_in_no_command() -> None:
    spec = DatabaseClusterSpec.model_validate({"engine": {"type": "postgres", "version": "18"}, "clusterSize": 1})
    workload = PostgresServer().workload("main", spec)
    (password,) = [file for file in workload.instances[0].files if file.secret]
    assert password.secret == workload.credentials == SecretKey("main-credentials", "password")
    assert workload.administrator == "postgres"


def test_what_we_set_on_the_command_line_cannot_be_configured() -> None:
    for version in VERSIONS:
        command = " ".join(instance_of(version).command)
        given = {word.partition("=")[0] for word in command.split() if "=" in word}
        assert given <= OUR_PARAMETERS
        assert {name for name in OUR_PARAMETERS if name in parameters_of("18")} == OUR_PARAMETERS


def encrypting(version: str, site: Site, size: int = 1) -> Workload:
    body = {"engine": {"type": "postgres", "version": version}, "clusterSize": size, "tls": {}}
    return PostgresServer().workload("main", DatabaseClusterSpec.model_validate(body), site)


@pytest.mark.parametrize("size", [1, 3])
def test_servers_that_encrypt_get_their_certificate_as_files_that_they_read_again(size: int) -> None:
    workload = encrypting("15", "laptop", size)
    assert workload.encrypted
    for instance in workload.instances:
        files = {file.path: file for file in instance.files}
        for path, key in (("server.crt", "tls.crt"), ("server.key", "tls.key")):
            assert files[path].secret == SecretKey("main-certificate", key)
            assert files[path].on_change == "reload"
    assert not any("ca." in file.path for instance in workload.instances for file in instance.files)


@pytest.mark.parametrize(
    ("version", "site", "path"),
    [
        ("15", "laptop", "settings-reload.conf"),
        ("18", "kubernetes", "settings-reload.conf"),
        ("18", "laptop", "settings-restart.conf"),
    ],
)
def test_to_begin_to_encrypt_means_a_restart_only_where_it_means_other_programs(
    version: str, site: Site, path: str
) -> None:
    (instance,) = encrypting(version, site).instances
    assert [name for name, text in files_of(instance).items() if "ssl = 'on'" in text] == [path]
    assert all(f"{name} = '{value}'" in files_of(instance)[path] for name, value in ENCRYPTION.items())


def test_members_agree_to_encrypt() -> None:
    shared = encrypting("15", "laptop", 3).notes["config"]["config"]
    assert ENCRYPTION.items() <= json.loads(shared)["postgresql"]["parameters"].items()


def test_versions_are_listed_newest_first() -> None:
    assert list(PostgresServer().versions) == sorted(PostgresServer().versions, key=int, reverse=True)
    assert set(INSTALLATIONS) < set(PostgresServer().versions)
    assert PostgresServer().programs("9.6") is None
    assert "PostgreSQL 9.6" in PostgresServer().missing_programs("9.6")


@dataclass
class Running:
    """An instance in a folder, run as a provider would."""

    instance: Instance
    folder: Path
    programs: Path
    values: Mapping[str, str]
    process: subprocess.Popen[bytes] | None = None

    def expand(self, words: tuple[str, ...]) -> list[str]:
        program, *rest = words
        for name, value in self.values.items():
            rest = [word.replace(f"$({name})", value) for word in rest]
        return [str(self.programs / program), *rest]

    def run(self, words: tuple[str, ...]) -> int:
        return subprocess.run(
            self.expand(words), **self.surroundings(), stdout=subprocess.DEVNULL, check=False
        ).returncode

    def surroundings(self) -> dict[str, object]:
        user = server_user() if os.geteuid() == 0 else None
        as_user = {"user": user.uid, "group": user.gid, "extra_groups": []} if user else {}
        return {"cwd": self.folder, "env": dict(self.instance.env), "stderr": subprocess.STDOUT, **as_user}


@pytest.fixture(params=USUAL)
def running(request: pytest.FixtureRequest) -> Iterator[Running]:
    folder = Path(tempfile.mkdtemp(prefix="dbaas-workload-"))
    programs = usable_programs(request.param, folder)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    values = {"DIRECTORY": str(folder), "RUN": str(folder), "HOST": "127.0.0.1", "PORT_SQL": str(port),
              "CREATES": str(folder / "data")}  # fmt: skip
    instance = instance_of(request.param)
    running = Running(instance, folder, programs, values)
    for file in instance.files:
        (folder / file.path).write_text(PASSWORD if file.secret else file.content or "")
    user = server_user() if os.geteuid() == 0 else None
    if user is not None:
        for path in (folder, *folder.glob("*")):
            os.chown(path, user.uid, user.gid)
    yield running
    if running.process is not None and running.process.poll() is None:
        running.process.kill()
        running.process.wait()
    shutil.rmtree(folder)


@pytest.mark.real_server
async def test_from_nothing_to_ready_in_seconds_and_cleanly_down(running: Running) -> None:
    instance, began = running.instance, time.monotonic()
    assert instance.ready is not None
    assert running.run(instance.init[0].command) == 0
    assert running.run(instance.ready.command) != 0, "nothing runs yet"
    with (running.folder / "log").open("wb") as log:
        surroundings = {**running.surroundings(), "stdout": log}
        running.process = subprocess.Popen(running.expand(instance.command), **surroundings)  # type: ignore[call-overload]
    while running.run(instance.ready.command) != 0:
        assert time.monotonic() - began < READY_SECONDS, (running.folder / "log").read_text()
    address = Address("127.0.0.1", int(running.values["PORT_SQL"]), "postgres", Secret(PASSWORD), "postgres")
    async with await log_in(address) as admin:
        shown = {}
        for name in (
            "max_connections",
            "work_mem",
            "my.setting",
            "server_encoding",
            "password_encryption",
            "data_checksums",
        ):
            cursor = await admin.execute("SELECT current_setting(%s)", (name,))
            shown[name] = (await cursor.fetchone() or ("",))[0]
        assert shown == {
            "max_connections": "33", "work_mem": "5MB", "my.setting": "it's \\ so", "server_encoding": "UTF8",
            "password_encryption": "scram-sha-256", "data_checksums": "on",
        }  # fmt: skip
        cursor = await admin.execute("SELECT upper('ä')")
        assert (await cursor.fetchone()) == (("Ä",) if admin.info.server_version >= 170000 else ("ä",))
    running.process.send_signal(getattr(signal, instance.stop.signal))
    assert running.process.wait(timeout=20) == 0
