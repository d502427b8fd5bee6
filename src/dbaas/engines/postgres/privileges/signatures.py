"""Routines by name or by name and argument types, as people write them. Pure.

The server's own spelling of a signature is `name(integer, character varying)`. Other words of SQL for the same types
are understood (manual, section "Data Types"); lengths and defaults are no part of a signature.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from dbaas.engines.postgres.privileges.holdings import Routine

_BLANKS = re.compile(r"\s+")
_LENGTH = re.compile(r"\(\s*\d+(\s*,\s*-?\d+)?\s*\)")
_MODE = re.compile(r"^(in|inout|variadic) ")
_SYNONYMS = {
    "int": "integer", "int4": "integer", "int8": "bigint", "int2": "smallint", "bool": "boolean",
    "float4": "real", "float8": "double precision", "float": "double precision", "decimal": "numeric",
    "varchar": "character varying", "char": "character", "bpchar": "character", "varbit": "bit varying",
    "timestamptz": "timestamp with time zone", "timestamp": "timestamp without time zone",
    "timetz": "time with time zone", "time": "time without time zone",
}  # fmt: skip


def find_routines(written: str, routines: Mapping[str, Routine]) -> list[str]:
    """The signatures that are meant: by all of it, else by the name alone. Several: it is not clear which."""
    if written in routines:
        return [written]
    if written.endswith(")") and (spelt := _normalise(written)) in routines:
        return [spelt]
    return sorted(signature for signature, routine in routines.items() if routine.name == written)


def _normalise(written: str) -> str:
    start = _opening(written)
    types = _LENGTH.sub("", written[start + 1 : -1])
    return f"{written[:start]}({', '.join(_spell(each) for each in types.split(',') if each.strip())})"


def _opening(written: str) -> int:
    """Where the arguments begin: the bracket that the last one closes."""
    depth = 0
    for index in range(len(written) - 1, -1, -1):
        depth += {")": 1, "(": -1}.get(written[index], 0)
        if depth == 0:
            return index
    return 0


def _spell(written: str) -> str:
    word = _BLANKS.sub(" ", written.strip())
    if '"' in word:
        return word
    word = _MODE.sub("", word.lower())
    base = word.rstrip("[] ")
    return _SYNONYMS.get(base, base) + "[]" * word.count("[")
