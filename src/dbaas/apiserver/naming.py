"""Which of the names that a CustomResourceDefinition asks for it gets: none that another of its group has.

Source: apiextensions-apiserver, `pkg/controller/status/naming_controller.go`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from dbaas.apiserver.failures import quoted
from dbaas.apiserver.resources import Resource


@dataclass(frozen=True)
class Naming:
    """The accepted names, and why others were not; `reason` is "" where all were."""

    accepted: dict[str, Any]
    reason: str = ""
    message: str = ""


def settle_names(wanted: Mapping[str, Any], accepted: Mapping[str, Any], others: Iterable[Resource]) -> Naming:
    """`accepted` are those that it has already, `others` what is served in its group without it."""
    resources: set[str] = set()
    kinds: set[str] = set()
    for other in others:
        resources |= {other.plural, other.singular, *other.short_names}
        kinds |= {other.kind, other.list_kind}
    settled, reason, message = dict(accepted), "", ""
    for field, names in _by_field(wanted).items():
        had = _by_field(accepted)[field]
        used = kinds if field in ("kind", "listKind") else resources
        taken = [name for name in names if name in used and name not in had]
        if not taken:
            settled[field] = wanted.get(field)
            continue
        reason, message = f"{field[0].upper()}{field[1:]}Conflict", _in_use(taken)
    settled["categories"] = wanted.get("categories")
    settled.setdefault("kind", "")
    return Naming({field: value for field, value in settled.items() if value is not None}, reason, message)


def _by_field(names: Mapping[str, Any]) -> dict[str, Collection[str]]:
    """Each field as a collection of names, in the order in which they are judged."""
    return {
        "plural": [names.get("plural", "")],
        "singular": [names.get("singular", "")],
        "shortNames": names.get("shortNames") or [],
        "kind": [names.get("kind", "")],
        "listKind": [names.get("listKind", "")],
    }


def _in_use(names: Iterable[str]) -> str:
    sentences = [f"{quoted(name)} is already in use" for name in names]
    return sentences[0] if len(sentences) == 1 else f"[{', '.join(sentences)}]"
