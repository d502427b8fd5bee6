"""Folders that are filled: one attempt after another, of which only a finished one gets the name."""

from __future__ import annotations

from pathlib import Path

from dbaas.core.process import Command
from dbaas.laptop.attempts import begin_attempt, end_attempts, finish_attempt, is_there, name_attempt, remove_attempts
from fixtures.laptop import Laptop


async def test_an_attempt_has_the_name_only_when_it_is_finished(laptop: Laptop, tmp_path: Path) -> None:
    final = tmp_path / "stuff"
    first, second = (begin_attempt(final, laptop.machine.randomness, None) for _ in range(2))
    (second / "made").write_text("x")
    assert not is_there(final)
    finish_attempt(second, final)
    remove_attempts(final)
    assert (first.exists(), [path.name for path in tmp_path.iterdir()]) == (False, ["stuff"])
    assert (final / "made").read_text() == "x"


async def test_whoever_still_works_in_an_attempt_is_ended_and_what_stands_beside_it_goes_too(
    laptop: Laptop, tmp_path: Path
) -> None:
    final, processes = tmp_path / "stuff", laptop.runs[0]
    attempt = name_attempt(final, laptop.machine.randomness)
    beside = attempt.with_name(f"{attempt.name}.work")
    beside.mkdir()
    sleeper = await processes.start(Command(("/bin/sleep", "1000"), beside), tmp_path / "log", lambda _: None)
    await end_attempts(final, processes)
    assert not processes.is_running(sleeper)
    remove_attempts(final)
    assert not beside.exists()


def test_a_link_that_leads_nowhere_is_there(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("nowhere")
    assert is_there(tmp_path / "link")
    assert not is_there(tmp_path / "other")
