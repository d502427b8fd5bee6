"""All commands, and how every end of one becomes a message and an exit code."""

from __future__ import annotations

import errno
import importlib
import os
import sys
from typing import Any

import click
import typer
from typer.core import TyperGroup

from dbaas.cli.commands import SUMMARIES
from dbaas.cli.exits import CommandError, ExitCode
from dbaas.cli.interrupts import clean_up_first
from dbaas.cli.options import build_command
from dbaas.cli.suggestions import find_alike
from dbaas.core.errors import DbaasError

HELP = """One declarative API for databases, on Kubernetes and on a laptop.

\b
Begin with:
  dbaas up -d
  dbaas apply -f samples/01-quickstart/ --wait
  dbaas connect shop

\b
Exit codes: 0 done, 1 refused or failed, 2 wrong usage, 3 nothing runs there
or it cannot be reached, 4 waited too long, 5 it runs already."""
SETTINGS = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


class Commands(TyperGroup):
    """Imports a command when it is called, so that the others cost nothing."""

    def list_commands(self, ctx: Any) -> list[str]:
        return list(SUMMARIES)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        return load_command(cmd_name) if cmd_name in SUMMARIES else None

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            if alike := find_alike(args[0], SUMMARIES):
                error.message += f" Did you mean {alike!r}?"
            raise

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except BrokenPipeError as error:
            raise _NobodyReads from error

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(SUMMARIES.items()))


def load_command(name: str) -> Any:
    """A module has `run`, and a dataclass of its options that is named for it."""
    module = importlib.import_module(f"dbaas.cli.commands.{name}")
    clean_up_first()
    app = typer.Typer(add_completion=False, rich_markup_mode=None, context_settings=SETTINGS)
    app.command(name)(build_command(getattr(module, f"{name.capitalize()}Options"), module.run))
    return typer.main.get_command(app)


def build_app() -> Any:
    app = typer.Typer(
        name="dbaas", cls=Commands, help=HELP, no_args_is_help=True, rich_markup_mode=None, context_settings=SETTINGS
    )
    app.callback()(lambda: None)
    return typer.main.get_command(app)


def execute(arguments: list[str]) -> int:
    """The exit code. Errors of ours are told in a few lines; only a fault of the program itself shows a traceback."""
    try:
        code = _call(arguments)
        sys.stdout.flush()
    except CommandError as error:
        return _tell(error.message, error.advice, error.code)
    except DbaasError as error:
        return _tell(error.message, (), _code_of(error))
    except (BrokenPipeError, _NobodyReads):
        _write_no_more()
        return ExitCode.OK
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        _write_no_more()
        what = error.filename or "what was asked for"
        return _tell(f"cannot write {what}: {error.strerror}", ("make room on that disk",), ExitCode.FAILED)
    return code


def _write_no_more() -> None:
    """What is still buffered for standard output must not fail again when the process ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


class _NobodyReads(Exception):
    """Who read our output has seen enough: no error, though typer takes a broken pipe for one."""


def _call(arguments: list[str]) -> int:
    """typer tells its own errors (wrong usage, code 2) and ends silently when interrupted (code 130)."""
    try:
        build_app().main(arguments, prog_name="dbaas")
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else ExitCode.OK
    return ExitCode.OK


def _tell(message: str, advice: tuple[str, ...], code: ExitCode) -> int:
    sys.stdout.flush()
    if message:
        sys.stderr.write(f"error: {message}\n")
    for line in advice:
        sys.stderr.write(f"  {line}\n")
    return code


def _code_of(error: DbaasError) -> ExitCode:
    from dbaas.contracts.transport import TransportError

    return ExitCode.UNREACHABLE if isinstance(error, TransportError) else ExitCode.FAILED
