"""Who may do what, told for people or machines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from dbaas.cli.terminal import Terminal, format_table
from dbaas.contracts.reviewing import Path
from dbaas.controllers.managed.reviewing import Reviewed

NOBODY = "nobody"
NOT_FOR_MANIFESTS = "-"
_GRANTABLE = "*"


def tell_access(found: Sequence[Reviewed], terminal: Terminal) -> Iterator[str]:
    """A table: privileges that come the same way are in one line. What all of it is about goes before."""
    if not found:
        yield "nobody may do anything"
        return
    lines: dict[tuple[str, ...], list[str]] = {}
    for each in found:
        path = each.path
        key = (path.who, _place(each), _way(path), _declared(each))
        lines.setdefault(key, []).append(path.privilege + (_GRANTABLE if path.grantable else ""))
    rows = [[who, ", ".join(dict.fromkeys(words)), *rest] for (who, *rest), words in lines.items()]
    columns = ["Who", "Privileges", "On", "Through", "Declared by"]
    if len({row[2] for row in rows}) == 1:
        yield terminal.style(rows[0][2], "strong")
        columns.remove("On")
        rows = [[*row[:2], *row[3:]] for row in rows]
    yield from format_table(columns, rows, terminal)
    undeclared = sum(NOBODY in row[-1] for row in rows)
    if any(path.path.grantable for path in found):
        yield terminal.style(f"{_GRANTABLE} may give it on", "faint")
    if undeclared:
        yield terminal.style(f"{undeclared} of {len(rows)} lines rest on something that nobody declares", "bad")


def build_access(found: Sequence[Reviewed]) -> list[dict[str, Any]]:
    """One entry for each privilege and way."""
    return [
        {
            "who": each.path.who,
            "privilege": each.path.privilege,
            "grantable": each.path.grantable,
            "on": {"type": each.path.on, "name": each.path.name, "database": each.database},
            "way": each.path.way,
            "through": list(each.path.through),
            "onlyByBecoming": each.path.becoming,
            "grantor": each.path.grantor,
            "lacks": list(each.path.lacks),
            "declaredBy": [
                {"fact": reason.what, "objects": list(reason.objects), "declarable": reason.declarable}
                for reason in each.reasons
            ],
        }
        for each in found
    ]


def _place(reviewed: Reviewed) -> str:
    path = reviewed.path
    return " ".join(filter(None, [path.on, path.name, f"in {reviewed.database}" if reviewed.database else ""]))


def _way(path: Path) -> str:
    given = {
        "owner": "owner",
        "grant": f"granted by {path.grantor}",
        "everybody": "everybody" + (f", granted by {path.grantor}" if path.grantor else ""),
        "future": f"default privilege of {path.grantor}",
        "attribute": "attribute",
        "predefined": "predefined",
    }[path.way]
    if path.through:
        given = f"{'may become' if path.becoming else 'member of'} {' > '.join(path.through)}: {given}"
    return f"{given}; of no use without {' and '.join(path.lacks)}" if path.lacks else given


def _declared(reviewed: Reviewed) -> str:
    asked = [reason for reason in reviewed.reasons if reason.declarable]
    if not asked:
        return NOT_FOR_MANIFESTS
    told = [", ".join(reason.objects) or f"{NOBODY} ({reason.what})" for reason in asked]
    return ", ".join(dict.fromkeys(told))
