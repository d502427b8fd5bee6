"""Options that several commands share, and how a dataclass of options becomes a command."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import MISSING, dataclass, fields
from typing import Annotated, TypeVar, get_type_hints

import typer

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class HomeOptions:
    """Which laptop."""

    home: Annotated[
        str, typer.Option(envvar="DBAAS_HOME", help="Home folder of the laptop's control plane.", show_default=False)
    ] = ""


@dataclass(frozen=True, kw_only=True)
class TargetOptions(HomeOptions):
    """Which server."""

    kubeconfig: Annotated[str, typer.Option(help="Use a Kubernetes cluster: its kubeconfig.", show_default=False)] = ""
    context: Annotated[str, typer.Option(help="Use a Kubernetes cluster: its context.", show_default=False)] = ""


@dataclass(frozen=True, kw_only=True)
class NamespaceOptions(TargetOptions):
    """Where objects are."""

    namespace: Annotated[str, typer.Option("--namespace", "-n", help="Namespace.", show_default=False)] = ""


@dataclass(frozen=True, kw_only=True)
class FileOptions:
    """What manifests to read."""

    files: Annotated[
        list[str] | None,
        typer.Option("--filename", "-f", help="Manifest: a file, a folder (all YAML and JSON below it), or - (input)."),
    ] = None


@dataclass(frozen=True, kw_only=True)
class TimeoutOptions:
    """How long to wait."""

    timeout: Annotated[str, typer.Option(help="How long to wait, as 30s or 5m.")] = "5m"


def split_names(text: str) -> tuple[str, ...]:
    """Names with commas between them, each once."""
    return tuple(dict.fromkeys(filter(None, map(str.strip, text.split(",")))))


def build_command(options: type[T], run: Callable[[T], None]) -> Callable[..., None]:
    """A function whose signature has the fields of `options`, for typer; its help is the docstring of `run`."""
    hints = get_type_hints(options, include_extras=True)
    parameters = [
        inspect.Parameter(
            field.name,
            inspect.Parameter.KEYWORD_ONLY,
            annotation=hints[field.name],
            default=inspect.Parameter.empty if field.default is MISSING else field.default,
        )
        for field in sorted(fields(options), key=lambda field: field.default is not MISSING)  # type: ignore[arg-type]
    ]

    def command(**given: object) -> None:
        run(options(**given))

    command.__doc__ = run.__doc__
    command.__annotations__ = hints
    command.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    return command
