"""The data on a volume becomes that of another version and back, cut short anywhere, in a real shell."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from conformance.provider import SERVER_WORKLOAD, InstalledServer, declare
from dbaas.api.cluster import DATABASE_CLUSTER
from dbaas.api.resource import build_resource
from dbaas.contracts.provider import (
    DATA_OF_OTHER_VERSION,
    CheckCommand,
    File,
    Init,
    Instance,
    NotProvided,
    SecretKey,
    ServerImage,
    VersionMark,
)
from dbaas.contracts.upgrade import UPGRADE_FAILED, Upgrade
from dbaas.providers.statefulset.places import Places
from dbaas.providers.statefulset.scripts import build_init, build_run
from dbaas.providers.statefulset.upgrading import find_older

pytestmark = pytest.mark.slow

# Marks what it is made from, as a tool that links does, and makes the new data of it.
COMMAND = """\
[ ! -e "$4/fails" ] || { echo noise; echo 'tool: error: it has slots'; exit 3; }
touch "$1/marked"
[ ! -e "$4/dies" ] || kill -9 0
cp "$1/rows" "$2/rows"
echo "by $3/server" > "$2/made"
echo 18 > "$2/VERSION"
"""
UNDO = "[ ! -e $1/used ] || { echo 'tool: error: it has served'; exit 1; }; rm -f $0/marked"
UPGRADE = Upgrade(
    check=(),
    command=("sh", "-c", COMMAND, "x", "$(OLD)", "$(CREATES)", "$(OLD_PROGRAMS)", "$(DIRECTORY)"),
    undo=("sh", "-c", UNDO, "$(OLD)", "$(NEW)"),
    after=("sh", "-c", 'cat pw > after; ls "$0" >> after', "$(PROGRAMS)"),
)


def instance(version: str, **more: object) -> Instance:
    step = Init(("sh", "-c", f"echo {version} > $0/VERSION; echo 42 > $0/rows", "$(CREATES)"), "data",
                VersionMark("VERSION", version), UPGRADE)  # fmt: skip
    login = File("pw", secret=SecretKey("main", "password"), on_change="nothing")
    ready = CheckCommand(("test", "-e", "$(DIRECTORY)/serves"))
    made = Instance("main", ("server",), (step,), (login,), ready=ready)
    return replace(made, **more)  # type: ignore[arg-type]


@dataclass
class Volume:
    """What is mounted in the pod of an instance."""

    root: Path
    shell: tuple[str, ...]

    @property
    def folder(self) -> Path:
        return self.root / "volume"

    @property
    def places(self) -> Places:
        root = self.root
        return Places(str(root / "volume"), str(root / "run"), str(root / "mounted"), str(root / "words"))

    def start(self, version: str, **more: object) -> int:
        """The first container of its pod; version 18 has the programs of 16 as well."""
        older = {"16": str(self.root / "16")} if version == "18" and not more else {}
        return self._run(build_init(instance(version, **more), self.places, older=older))

    def serve(self, version: str) -> int:
        return self._run(build_run(instance(version), self.places))

    def _run(self, script: str) -> int:
        (self.root / "words").write_text("")
        path = f"{self.root}/18:/usr/local/bin:/usr/bin:/bin"
        done = subprocess.run(
            [*self.shell, "-c", script], env={"PATH": path}, capture_output=True, check=False, start_new_session=True
        )
        return done.returncode

    @property
    def words(self) -> str:
        return (self.root / "words").read_text().strip()

    def read(self, path: str) -> str:
        return (self.folder / path).read_text().strip()

    def touch(self, *paths: str) -> None:
        for path in paths:
            (self.folder / path).touch()

    def names(self) -> set[str]:
        return {each.name for each in self.folder.iterdir()} - {".lock"}


def _shells() -> list[tuple[str, ...]]:
    return [("sh",), *([("bash", "--posix")] if shutil.which("bash") else []),
            *([("busybox", "sh")] if shutil.which("busybox") else [])]  # fmt: skip


@pytest.fixture(params=_shells(), ids=" ".join)
def volume(request: pytest.FixtureRequest, tmp_path: Path) -> Volume:
    """With data of version 16."""
    made = Volume(tmp_path, request.param)
    for folder in ("volume", "run", "mounted/files", "16", "18"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "mounted/files/pw").write_text("secret")
    for version in ("16", "18"):
        server = tmp_path / version / "server"
        server.write_text(
            "#!/bin/sh\ntouch serves\nfor i in 1 2 3 4 5 6 7 8 9; do [ ! -e after ] || break; sleep 1; done\n"
        )
        server.chmod(0o755)
    assert made.start("16") == 0
    return made


def test_data_of_the_version_before_is_upgraded_and_what_it_was_made_from_stays_until_the_server_has_served(
    volume: Volume,
) -> None:
    assert volume.start("18") == 0
    assert volume.names() == {"data", "data.before"}
    assert (volume.read("data/rows"), volume.read("data/made")) == ("42", f"by {volume.root}/16/server")
    assert volume.start("18") == 0, "a second start changes nothing"
    assert volume.names() == {"data", "data.before"}
    assert volume.serve("18") == 0
    assert volume.read("after") == "secretserver"
    assert not volume.names() & {"data.before", "pw"}


def test_one_that_fails_leaves_the_data_to_the_version_that_made_it(volume: Volume) -> None:
    volume.touch("fails")
    assert volume.start("18") == 1
    assert volume.words == (f"{UPGRADE_FAILED}: the data stays as it was, because it cannot be upgraded: it has slots")
    assert volume.start("16") == 0
    assert (volume.read("data/VERSION"), (volume.folder / "data.begun").exists()) == ("16", False)
    (volume.folder / "fails").unlink()
    assert volume.start("18") == 0 and volume.read("data/VERSION") == "18"


def test_killed_in_the_middle_it_is_begun_again_or_undone(volume: Volume) -> None:
    volume.touch("dies")
    assert volume.start("18") != 0
    assert (volume.folder / "data/marked").exists() and volume.words == ""
    assert volume.start("16") == 0
    assert not (volume.folder / "data/marked").exists(), "the old data is as it was"
    assert volume.start("18") != 0
    (volume.folder / "dies").unlink()
    assert volume.start("18") == 0
    assert (volume.read("data/VERSION"), volume.names()) == ("18", {"data", "data.before"})


@pytest.mark.parametrize(
    "cut",
    [
        lambda at: (at / "data").rename(at / "data.next") and (at / "data.before").rename(at / "data"),
        lambda at: (at / "data").rename(at / "data.next"),
    ],
    ids=["done", "between two renames"],
)
@pytest.mark.parametrize("version", ["18", "16"])
def test_killed_between_two_renames_it_comes_to_its_end(volume: Volume, cut: object, version: str) -> None:
    volume.start("18")
    cut(volume.folder)  # type: ignore[operator]
    volume.touch("data.begun")
    assert volume.start(version) == 0
    assert (volume.read("data/VERSION"), volume.read("data/rows")) == (version, "42")
    assert "data.next" not in volume.names() and "data.begun" not in volume.names()


def test_the_way_back_is_open_until_the_new_version_has_served(volume: Volume) -> None:
    volume.start("18")
    assert volume.start("16") == 0
    assert (volume.read("data/VERSION"), volume.names() & {"data.before"}) == ("16", set())
    volume.start("18")
    volume.touch("data/used")
    assert volume.start("16") == 1
    assert volume.words == (
        f"{DATA_OF_OTHER_VERSION}: the data is that of version 18, and there is no way back to 16: it has served; "
        "ask for 18"
    )
    assert volume.start("18") == 0


def test_data_that_the_cluster_has_not_served_is_refused(volume: Volume) -> None:
    assert volume.start("17") == 1
    assert volume.words.startswith(f"{DATA_OF_OTHER_VERSION}: the data was made by version 16")


def test_an_image_without_the_old_programs_is_refused_by_name(volume: Volume) -> None:
    (volume.root / "16/server").unlink()
    assert volume.start("18") == 1
    assert f"this image has no program {volume.root}/16/server: correct upgradesFrom" in volume.words
    assert volume.start("16") == 0


def test_several_begin_only_when_the_one_that_was_upgraded_has_served(volume: Volume) -> None:
    volume.start("18")
    assert volume.start("18", uses_api=True) == 0
    assert volume.names() == {"data"}


def cluster(version: str, served: str) -> object:
    spec = declare().spec | {"engine": {"type": "postgres", "version": version}}
    body = {
        "metadata": {"name": "main", "namespace": "x", "uid": "1"},
        "spec": spec,
        "status": {"currentVersion": served},
    }
    return build_resource(DATABASE_CLUSTER, body)


class Both(InstalledServer):
    versions = ("18", "16")  # type: ignore[assignment]


@pytest.mark.parametrize(("served", "found"), [("16.4", {"16": "/16"}), ("18.1", {}), ("", {}), ("19", {})])
def test_only_what_the_cluster_has_served_is_upgraded(served: str, found: Mapping[str, str]) -> None:
    image = ServerImage("x", 1, 1, {"16": "/16", "17": "/17"})
    workload = replace(SERVER_WORKLOAD, version="18", image=image)
    assert find_older(cluster("18", served), workload, Both()) == found  # type: ignore[arg-type]
    several = replace(workload, instances=workload.instances * 2)
    assert find_older(cluster("18", served), several, Both()) == {}  # type: ignore[arg-type]


def test_nothing_is_changed_where_the_image_has_not_both_versions() -> None:
    workload = replace(SERVER_WORKLOAD, version="18", image=ServerImage("x", 1, 1))
    with pytest.raises(NotProvided, match=r"name one in spec.images of the DatabaseEngine, with version '18'"):
        find_older(cluster("18", "16.4"), workload, Both())  # type: ignore[arg-type]
