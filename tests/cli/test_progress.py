"""Progress: redrawn where it can be, elsewhere a line only for what is worth one."""

from __future__ import annotations

import io
import re
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from dbaas.cli.progress import Progress, Step
from dbaas.cli.terminal import Terminal

WAITING, DONE = Step("db/a", "Pending: for b"), Step("db/b", "", is_done=True)
STUCK = Step("db/c", "Refused: no", is_stuck=True)


@dataclass
class HandClock:
    """Moves when it is moved."""

    seconds: float = 100.0

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.seconds, UTC)

    def monotonic(self) -> float:
        return self.seconds

    async def sleep(self, seconds: float) -> None:
        self.seconds += seconds


class Screen(io.StringIO):
    """A file that is a terminal."""

    def isatty(self) -> bool:
        return True

    @property
    def text(self) -> str:
        """Without what colours it and moves the cursor."""
        return re.sub(r"\x1b\[[?0-9;]*[a-zA-Z]", "", self.getvalue())


def plain() -> tuple[Terminal, io.StringIO]:
    return Terminal(io.StringIO(), err := io.StringIO()), err


def test_each_end_is_told_once_with_its_time() -> None:
    terminal, err = plain()
    clock = HandClock()
    with Progress(terminal, clock, "ready") as progress:
        progress.show([WAITING, DONE])
        clock.seconds += 2.5
        for _ in range(2):
            progress.show([Step("db/a", "", is_done=True), DONE])
    assert err.getvalue() == "  db/b: ready after 0.0 s\n  db/a: ready after 2.5 s\n"


def test_what_is_stuck_says_why() -> None:
    terminal, err = plain()
    with Progress(terminal, HandClock(), "ready") as progress:
        progress.show([STUCK])
    assert err.getvalue() == "  db/c: Refused: no\n"


def test_what_goes_well_need_not_be_told() -> None:
    terminal, err = plain()
    with Progress(terminal, HandClock(), "gone", tells_done=False) as progress:
        progress.show([DONE])
    assert err.getvalue() == ""


def test_a_long_silence_is_broken_by_what_is_waited_for() -> None:
    terminal, err = plain()
    clock = HandClock()
    with Progress(terminal, clock, "ready") as progress:
        for _ in range(32):
            progress.show([WAITING, WAITING])
            clock.seconds += 1
        progress.show([STUCK, WAITING])
    assert err.getvalue().splitlines() == [
        "  waiting for 2 of 2: db/a: Pending: for b",
        "  waiting for 2 of 2 (the same after 22 s): db/a",
        "  db/c: Refused: no",
    ]


def test_progress_is_never_part_of_the_answer() -> None:
    terminal, _ = plain()
    with Progress(terminal, HandClock(), "ready") as progress:
        progress.show([DONE, STUCK])
    assert isinstance(terminal.out, io.StringIO)
    assert terminal.out.getvalue() == ""


@pytest.fixture
def screen(monkeypatch: pytest.MonkeyPatch) -> Screen:
    for name in ("NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    return Screen()


def test_a_terminal_shows_every_step_and_a_sum(screen: Screen) -> None:
    with Progress(Terminal(io.StringIO(), screen, live=True), HandClock(), "ready") as progress:
        progress.show([WAITING, DONE, STUCK])
    for text in ("…", "✓", "✗", "db/a", "Pending: for b", "Refused: no", "1 of 3 ready, 0 s"):
        assert text in screen.text


def test_what_looks_like_markup_is_shown_as_it_is(screen: Screen) -> None:
    with Progress(Terminal(io.StringIO(), screen, live=True), HandClock(), "ready") as progress:
        progress.show([Step("db/a", "no [bold] :warning: thing")])
    assert "no [bold] :warning: thing" in screen.text


def test_many_steps_are_cut_to_those_that_are_waited_for(screen: Screen) -> None:
    steps = [Step(f"db/{number:02}", "", is_done=number < 20) for number in range(40)]
    with Progress(Terminal(io.StringIO(), screen, live=True), HandClock(), "ready") as progress:
        progress.show(steps)
    shown = {step.label for step in steps if step.label in screen.text}
    assert shown == {f"db/{number}" for number in range(20, 32)}
    assert "20 of 40 ready" in screen.text


def test_a_step_has_one_line_however_much_there_is_to_say(screen: Screen) -> None:
    with Progress(Terminal(io.StringIO(), screen, live=True), HandClock(), "ready") as progress:
        progress.show([Step("db/a", "word " * 100)])
    line = next(line for line in screen.text.splitlines() if "db/a" in line)
    assert line.endswith("…")
    assert len(line) < 500
    assert "\nword" not in screen.text
