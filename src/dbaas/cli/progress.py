"""Progress of many objects: redrawn in place on a terminal, elsewhere a line for each thing worth a line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING

from dbaas.cli.terminal import Terminal
from dbaas.core.clock import Clock

if TYPE_CHECKING:
    from rich.live import Live
    from rich.text import Text

SHOWN = 12
REMINDER_SECONDS = 10.0
_MARKS = {"done": "[green]✓[/]", "stuck": "[red]✗[/]", "waiting": "[yellow]…[/]"}


@dataclass(frozen=True)
class Step:
    """One thing that is waited for. `text` says how it is."""

    label: str
    text: str
    is_done: bool = False
    is_stuck: bool = False

    @property
    def mark(self) -> str:
        return "done" if self.is_done else "stuck" if self.is_stuck else "waiting"


class Progress:
    """A context; `show` as often as something may have changed."""

    def __init__(self, terminal: Terminal, clock: Clock, done: str, *, tells_done: bool = True) -> None:
        self._terminal = terminal
        self._clock = clock
        self._done = done
        self._tells_done = tells_done
        self._began = clock.monotonic()
        self._said: dict[str, str] = {}
        self._last_line = self._began
        self._reminder = ""
        self._live: Live | None = None

    def __enter__(self) -> Progress:
        if self._terminal.live:
            from rich.console import Console
            from rich.live import Live

            self._live = Live(
                console=Console(file=self._terminal.err, force_terminal=True, highlight=False, emoji=False),
                auto_refresh=False,
                transient=True,
            )
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live is not None:
            self._live.stop()

    def show(self, steps: Sequence[Step]) -> None:
        if self._live is not None:
            self._live.update(self._draw(steps), refresh=True)
        else:
            self._say(steps)

    def _draw(self, steps: Sequence[Step]) -> Text:
        """A line for each step, cut off where the terminal ends."""
        from rich.markup import escape
        from rich.text import Text

        open_steps = [step for step in steps if not step.is_done]
        closed = [step for step in steps if step.is_done]
        shown = (
            [*closed[-max(0, SHOWN - len(open_steps)) :], *open_steps[:SHOWN]]
            if len(open_steps) < SHOWN
            else open_steps[:SHOWN]
        )
        width = max((len(step.label) for step in shown), default=0)
        lines = [
            f"{_MARKS[step.mark]} {escape(step.label.ljust(width))}  [dim]{escape(step.text)}[/]" for step in shown
        ]
        elapsed = self._clock.monotonic() - self._began
        lines.append(f"[dim]{len(closed)} of {len(steps)} {self._done}, {elapsed:.0f} s[/]")
        drawn = Text.from_markup("\n".join(lines), overflow="ellipsis", emoji=False)
        drawn.no_wrap = True
        return drawn

    def _say(self, steps: Sequence[Step]) -> None:
        now = self._clock.monotonic()
        for step in steps:
            tells = step.is_stuck or (step.is_done and self._tells_done)
            if tells and self._said.get(step.label) != step.mark:
                self._said[step.label] = step.mark
                self._last_line = now
                text = f"{self._done} after {now - self._began:.1f} s" if step.is_done else step.text
                self._terminal.remark(f"  {step.label}: {text}")
        waiting = [step for step in steps if not step.is_done]
        if waiting and now - self._last_line > REMINDER_SECONDS:
            self._last_line = now
            counted = f"  waiting for {len(waiting)} of {len(steps)}"
            told = f"{waiting[0].label}: {waiting[0].text}"
            unchanged = f" (the same after {now - self._began:.0f} s): {waiting[0].label}"
            self._terminal.remark(counted + (unchanged if told == self._reminder else f": {told}"))
            self._reminder = told
