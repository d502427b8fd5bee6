"""commands.md: every command with its arguments and options, as `--help` tells them."""

from __future__ import annotations

from typing import Any

import typer

from dbaas.cli.application import HELP, load_command
from dbaas.cli.commands import SUMMARIES
from reference.markdown import code, document, table

INTRODUCTION = (
    "Every command has `--help`, which says the same. Tables are for people; `-o json` and alike for programs."
)


def page() -> str:
    return document("Commands", INTRODUCTION, *_exits(), *(_section(name, load_command(name)) for name in SUMMARIES))


def _exits() -> list[str]:
    """The paragraphs of the general help that speak of what holds for all commands."""
    paragraphs = [" ".join(text.replace("\b", "").split()) for text in HELP.split("\n\n")]
    return [text for text in paragraphs if text.startswith("Exit codes")]


def _section(name: str, command: Any) -> str:
    context = typer.Context(command, info_name=f"dbaas {name}")
    usage = command.get_usage(context).removeprefix("Usage:").strip()
    parts = [f"## dbaas {name}", command.help or "", f"```text\n{' '.join(usage.split())}\n```"]
    rows = [_row(parameter) for parameter in command.params if not getattr(parameter, "hidden", False)]
    parts += [table(("Option", "What it does"), rows)] if rows else []
    return "\n\n".join(part for part in parts if part)


def _row(parameter: Any) -> tuple[str, str]:
    names = " ".join([*parameter.opts, *parameter.secondary_opts])
    shown = names if parameter.param_type_name == "option" else (parameter.metavar or parameter.name).upper()
    return code(shown), parameter.help or ""
