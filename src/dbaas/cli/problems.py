"""Tells all that is wrong with manifests at once, each with its place and field."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from dbaas.cli.exits import CommandError
from dbaas.cli.manifests import Manifest, Problem
from dbaas.cli.terminal import Terminal, shorten
from dbaas.contracts.client import ApiError

SHOWN = 20  # more would scroll the first ones, which are often the cause of the others, out of sight


def problems_of(manifest: Manifest, error: ApiError) -> list[Problem]:
    """A server's refusal, field by field where it names fields."""
    about = f"{manifest.kind} {manifest.key}"
    if error.causes:
        return [Problem(manifest.place(field), message, field, about) for field, message in error.causes]
    return [Problem(manifest.place(), error.message, about=about)]


def refuse(problems: Sequence[Problem], total: int) -> CommandError:
    """What to raise, with a line for each of the first problems; nothing has been changed."""
    objects = f"{total} object{'s' if total != 1 else ''}"
    count = f"{len(problems)} problem{'s' if len(problems) != 1 else ''}"
    return CommandError(f"{count} in {objects}; nothing was changed", *shorten(list(map(_line, problems)), SHOWN))


def show_remarks(manifests: Iterable[Manifest], terminal: Terminal) -> None:
    for manifest in manifests:
        for remark in manifest.remarks:
            terminal.remark(f"warning: {manifest.file}: {remark}")


def _line(problem: Problem) -> str:
    return ": ".join(part for part in (problem.place, problem.about, problem.field, problem.message) if part)
