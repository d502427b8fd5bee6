"""The settings a server has, from its own catalogue, and whether a value fits one.

The table is made by tools/postgres_parameters.py from `pg_settings` of each version. Units and spellings are those of
PostgreSQL's manual, section "Parameter Names and Values".
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from difflib import get_close_matches
from functools import cache
from importlib import resources

_NUMBER = re.compile(r"\s*([+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?)\s*([A-Za-z]*)\s*")
_MEMORY = {"B": 1, "kB": 1024, "MB": 1024**2, "GB": 1024**3, "TB": 1024**4}
_TIME = {"us": 1, "ms": 1000, "s": 10**6, "min": 60 * 10**6, "h": 3600 * 10**6, "d": 86400 * 10**6}
_TRUTH = ("on", "off", "true", "false", "yes", "no", "1", "0")


@dataclass(frozen=True)
class Parameter:
    """One row of `pg_settings`; `unit` is what a bare number means."""

    name: str
    context: str
    type: str
    unit: str
    lowest: str | None
    highest: str | None
    choices: tuple[str, ...]

    @property
    def needs_restart(self) -> bool:
        return self.context == "postmaster"


_OLDEST_KNOWN = "16"  # what needs a restart hardly ever changes


def needs_restart(name: str, version: str) -> bool:
    """Whether it counts only from the next start on. Where a version is in no table, another one answers for it."""
    known = parameters_of(version) or parameters_of(_OLDEST_KNOWN)
    return name.lower() in known and known[name.lower()].needs_restart


@cache
def parameters_of(version: str) -> Mapping[str, Parameter]:
    """All that a server of that major version has, by name in small letters; empty for a version not in the table."""
    table = json.loads(resources.files(__package__).joinpath("parameters.json").read_text())
    return {name.lower(): Parameter(name, *(*row[:5], tuple(row[5]))) for name, row in table.get(version, {}).items()}


def explain_unknown(name: str, version: str) -> str:
    """For a name that no version has, with the nearest that there is."""
    near = get_close_matches(name.lower(), parameters_of(version), n=1)
    return f"PostgreSQL {version} has no setting {name!r}" + (f"; did you mean {near[0]!r}?" if near else "")


def find_fault(parameter: Parameter, value: str) -> str:
    """Why a server would not start with that value; empty where it would, as far as can be told from outside."""
    if any(character in value for character in "\0\r\n"):
        return "a value is one line"
    match parameter.type:
        case "bool":
            return "" if value.lower() in _TRUTH else "a truth value is on or off"
        case "enum":
            known = value.lower() in (*map(str.lower, parameter.choices), *_TRUTH)
            return "" if known else f"choose one of {', '.join(parameter.choices)}"
        case "integer" | "real":
            return _find_number_fault(parameter, value)
    return ""


def _find_number_fault(parameter: Parameter, value: str) -> str:
    if parameter.type == "integer" and re.fullmatch(r"\s*[+-]?0[xX0-7][0-9a-fA-F]*\s*", value):
        return ""  # hexadecimal and octal numbers are allowed, and used for file modes
    match = _NUMBER.fullmatch(value)
    if match is None:
        return "a number is needed" + (f", with a unit or else in {parameter.unit}" if parameter.unit else "")
    number, unit = Decimal(match[1]), match[2]
    if unit:
        factor = _factor(unit, parameter.unit)
        if factor is None:
            allowed = _units(parameter.unit)
            return f"{unit!r} is not one of its units: {', '.join(allowed)}" if allowed else "it has no unit"
        number *= factor
    if parameter.lowest is not None and number < Decimal(parameter.lowest):
        return f"the lowest value is {parameter.lowest}{parameter.unit}"
    if parameter.highest is not None and number > Decimal(parameter.highest):
        return f"the highest value is {parameter.highest}{parameter.unit}"
    return ""


def _units(unit: str) -> Mapping[str, int]:
    return _TIME if unit in _TIME else _MEMORY if unit else {}


def _factor(unit: str, bare: str) -> Decimal | None:
    """How many of the parameter's own units one `unit` is. A unit such as 8kB is eight of them."""
    units = _units(bare)
    match = re.fullmatch(r"(\d*)([A-Za-z]+)", bare)
    if unit not in units or match is None:
        return None
    return Decimal(units[unit]) / (units[match[2]] * int(match[1] or 1))
