"""`dbaas version`: of this program."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from importlib.metadata import version

from dbaas.cli.formats import DataOption, Format, dump
from dbaas.cli.terminal import write


@dataclass(frozen=True, kw_only=True)
class VersionOptions:
    """How to print it."""

    output: DataOption = Format.TABLE


def run(options: VersionOptions) -> None:
    """Show the version of this program."""
    facts = {"dbaas": version("dbaas"), "python": ".".join(str(part) for part in sys.version_info[:3])}
    if options.output in (Format.JSON, Format.YAML):
        write(dump(facts, options.output))
    else:
        write(f"dbaas {facts['dbaas']} (Python {facts['python']})")
