"""Init steps happen entirely or not at all."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from dbaas.api.process import ProcessInit, ProcessVersionMark
from dbaas.contracts.reconcile import Refused
from dbaas.laptop.initialise import InitFailed, initialise
from dbaas.laptop.surroundings import Surroundings
from fixtures.laptop import Laptop


@pytest.fixture
def place(tmp_path: Path) -> Surroundings:
    return Surroundings(Path("/bin"), tmp_path, tmp_path, {})


def step(script: str) -> ProcessInit:
    return ProcessInit(command=["sh", "-c", script], creates="stuff")


async def test_a_step_is_done_once(laptop: Laptop, place: Surroundings) -> None:
    assert await initialise(step("echo x > $(CREATES)/made"), place, laptop.machine)
    assert not await initialise(step("exit 1"), place, laptop.machine)
    assert [path.name for path in place.directory.iterdir()] == ["stuff"]
    assert (place.directory / "stuff/made").read_text() == "x\n"


@pytest.mark.parametrize("found", ["18\n", "18", None])
async def test_a_folder_of_the_right_version_or_of_none_is_used(
    laptop: Laptop, place: Surroundings, found: str | None
) -> None:
    make_stuff(place, found)
    assert not await initialise(marked("18"), place, laptop.machine)


async def test_a_folder_of_another_version_is_refused(laptop: Laptop, place: Surroundings) -> None:
    make_stuff(place, "18\n")
    told = "stuff was made by version 18, and version 16 cannot read it: ask for version 18, or move that folder away"
    with pytest.raises(Refused, match=told) as caught:
        await initialise(marked("16"), place, laptop.machine)
    assert caught.value.reason == "DataOfOtherVersion"


def make_stuff(place: Surroundings, version: str | None) -> None:
    (place.directory / "stuff").mkdir()
    if version is not None:
        (place.directory / "stuff" / "VERSION").write_text(version)


def marked(version: str) -> ProcessInit:
    mark = ProcessVersionMark(path="VERSION", version=version)
    return ProcessInit(command=["false"], creates="stuff", mark=mark)


async def test_a_failed_step_leaves_nothing_under_the_final_name(laptop: Laptop, place: Surroundings) -> None:
    with pytest.raises(InitFailed, match="cannot make 'stuff': sh exited with code 2: why"):
        await initialise(step("touch $(CREATES)/half; echo why; exit 2"), place, laptop.machine)
    assert not (place.directory / "stuff").exists()
    assert await initialise(step("touch $(CREATES)/made"), place, laptop.machine)
    assert [path.name for path in (place.directory / "stuff").iterdir()] == ["made"]


async def test_an_interrupted_step_begins_anew(laptop: Laptop, place: Surroundings) -> None:
    os.mkfifo(place.directory / "reached")
    running = asyncio.create_task(
        initialise(step("touch $(CREATES)/half; echo > reached; exec sleep 1000"), place, laptop.machine)
    )
    await asyncio.get_running_loop().run_in_executor(None, (place.directory / "reached").read_text)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert await initialise(step("touch $(CREATES)/made"), place, laptop.machine)
    assert [path.name for path in (place.directory / "stuff").iterdir()] == ["made"]


async def test_links_and_pipes_that_a_step_makes_do_not_matter(laptop: Laptop, place: Surroundings) -> None:
    assert await initialise(step("cd $(CREATES); ln -s nowhere link; mkfifo pipe"), place, laptop.machine)


async def test_a_command_that_outlived_us_cannot_spoil_the_next_attempt(laptop: Laptop, place: Surroundings) -> None:
    (place.directory / ".stuff.new-other").mkdir()
    assert await initialise(step("echo $(CREATES) > $(CREATES)/made"), place, laptop.machine)
    assert "new-other" not in (place.directory / "stuff/made").read_text()
    (place.directory / ".stuff.new-other").mkdir()
    assert not await initialise(step("exit 1"), place, laptop.machine)
    assert [path.name for path in place.directory.iterdir()] == ["stuff"]
