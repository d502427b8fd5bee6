"""One folder: every step on its way, cut short at every point, and the way back."""

from __future__ import annotations

import asyncio
import os
import shutil
from pathlib import Path

import pytest

from dbaas.api.process import ProcessInit, ProcessUpgrade, ProcessUpgradeSource, ProcessVersionMark
from dbaas.laptop.surroundings import Surroundings
from dbaas.laptop.upgrade import Upgrade, UpgradeFailed, find_upgrade
from fixtures.laptop import Laptop

COMMAND = "cp $(OLD)/rows $(CREATES)/rows; echo 18 > $(CREATES)/VERSION; echo from $(OLD_PROGRAMS) > $(OLD)/marked"
UNDO = "test ! -e $(NEW)/used || { echo 'tool: error: too late'; exit 1; }; rm -f $(OLD)/marked"


def shell(script: str) -> list[str]:
    return ["/bin/sh", "-ec", script]


def upgrade(
    laptop: Laptop, directory: Path, *, to: str = "18", check: str = ":", command: str = COMMAND, after: str = ":"
) -> Upgrade:
    sources = [ProcessUpgradeSource(version="16", programs="/opt/16")] if to == "18" else []
    commands = ProcessUpgrade(
        sources=sources, check=shell(check), command=shell(command), undo=shell(UNDO), after=shell(after)
    )
    mark = ProcessVersionMark(path="VERSION", version=to)
    step = ProcessInit(command=["false"], creates="data", mark=mark, upgrade=commands)
    found = find_upgrade([step], Surroundings(Path("/bin"), directory, directory, {}), laptop.machine)
    assert found is not None
    return found


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """The folder of an instance with data of version 16."""
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "VERSION").write_text("16\n")
    (tmp_path / "data" / "rows").write_text("42\n")
    return tmp_path


def contents(directory: Path) -> dict[str, list[str]]:
    return {path.name: sorted(each.name for each in path.iterdir()) for path in directory.iterdir() if path.is_dir()}


async def test_a_step_without_an_upgrade_has_none(laptop: Laptop, tmp_path: Path) -> None:
    steps = [ProcessInit(command=["true"], creates="data", mark=ProcessVersionMark(path="V", version="1"))]
    assert find_upgrade(steps, Surroundings(Path("/bin"), tmp_path, tmp_path, {}), laptop.machine) is None


async def test_it_goes_forward_once_and_keeps_what_it_was_made_from_until_it_is_finished(
    laptop: Laptop, old: Path
) -> None:
    found = upgrade(laptop, old, after="echo vector is old")
    assert found.find_way() == "forward"
    await found.go_forward(Path("/opt/16"))
    assert (found.find_way(), found.is_unfinished) == ("", True)
    assert contents(old) == {"data": ["VERSION", "rows"], "data.before": ["VERSION", "marked", "rows"]}
    assert (old / "data.before/marked").read_text() == "from /opt/16\n"
    assert await found.finish() == "vector is old"
    assert (list(contents(old)), found.is_unfinished) == (["data"], False)
    assert not found.folders.has_begun


async def test_a_check_changes_nothing_and_says_why_not(laptop: Laptop, old: Path) -> None:
    before = contents(old)
    await upgrade(laptop, old, check="touch $(CREATES)/x").check(Path("/opt/16"))
    assert contents(old) == before
    with pytest.raises(UpgradeFailed, match=r"^it has slots$"):
        await upgrade(laptop, old, check="echo 'tool: error: it has slots'; exit 3").check(Path("/opt/16"))
    assert contents(old) == before


async def test_one_that_fails_leaves_all_as_it_was_and_can_be_tried_again(laptop: Laptop, old: Path) -> None:
    with pytest.raises(UpgradeFailed, match=r"^exited with code 1$"):
        await upgrade(laptop, old, command="touch $(CREATES)/half; exit 1").go_forward(Path("/opt/16"))
    assert contents(old)["data"] == ["VERSION", "rows"]
    found = upgrade(laptop, old)
    assert found.find_way() == "forward"
    await found.go_forward(Path("/opt/16"))
    assert found.folders.used == "18"
    assert not [name for name in contents(old) if "new" in name]


async def test_cut_short_it_begins_anew_after_whoever_still_works_there_is_ended(laptop: Laptop, old: Path) -> None:
    os.mkfifo(old / "reached")
    slow = upgrade(laptop, old, command=f"{COMMAND}; echo > {old}/reached; exec sleep 1000")
    going = asyncio.create_task(slow.go_forward(Path("/opt/16")))
    await asyncio.get_running_loop().run_in_executor(None, (old / "reached").read_text)
    going.cancel()
    with pytest.raises(asyncio.CancelledError):
        await going
    assert laptop.machine.processes.kill_workers(old) == []
    found = upgrade(laptop, old)
    assert found.find_way() == "forward"
    await found.go_forward(Path("/opt/16"))
    assert contents(old) == {"data": ["VERSION", "rows"], "data.before": ["VERSION", "marked", "rows"]}


async def test_cut_short_and_not_wanted_any_more_the_old_folder_is_made_usable_again(laptop: Laptop, old: Path) -> None:
    with pytest.raises(UpgradeFailed):
        await upgrade(laptop, old, command="touch $(OLD)/marked; exit 1").go_forward(Path("/opt/16"))
    back = upgrade(laptop, old, to="16")
    assert back.find_way() == "restore"
    await back.restore()
    assert (back.find_way(), "marked" in contents(old)["data"]) == ("", False)


async def test_there_is_a_way_back_until_what_was_made_has_been_used(laptop: Laptop, old: Path) -> None:
    await upgrade(laptop, old).go_forward(Path("/opt/16"))
    back = upgrade(laptop, old, to="16")
    assert back.find_way() == "back"
    await back.go_back()
    assert (back.folders.used, back.find_way()) == ("16", "")
    assert contents(old)["data"] == ["VERSION", "rows"]
    await upgrade(laptop, old).go_forward(Path("/opt/16"))
    (old / "data" / "used").touch()
    with pytest.raises(UpgradeFailed, match=r"^too late$"):
        await back.go_back()
    assert (back.folders.used, back.folders.kept) == ("18", "16")


async def test_what_was_made_from_goes_even_where_the_end_fails(laptop: Laptop, old: Path) -> None:
    found = upgrade(laptop, old, after="exit 1")
    await found.go_forward(Path("/opt/16"))
    with pytest.raises(UpgradeFailed):
        await found.finish()
    assert not found.is_unfinished


async def test_a_folder_of_a_version_that_is_no_source_has_no_way(laptop: Laptop, old: Path) -> None:
    (old / "data" / "VERSION").write_text("15\n")
    assert upgrade(laptop, old).find_way() == ""
    shutil.rmtree(old / "data")
    assert upgrade(laptop, old).find_way() == ""
