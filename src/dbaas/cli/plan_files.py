"""A plan that is kept: the objects, what would become of them, and the versions of all that was looked at.

Its digest is over all of that, so that nothing else than what was read is applied. Where an object has a generation,
this is its version, because a status that is written meanwhile changes nothing that was planned.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, JsonValue, ValidationError

from dbaas.api.resource import Resource
from dbaas.cli.exits import CommandError, WrongUsage
from dbaas.cli.forecasting import Forecast
from dbaas.cli.manifests import Manifest
from dbaas.cli.planned import build_facts
from dbaas.core.home import write_privately

FORMAT = "dbaas.io/plan"
VERSION = 1
Facts = dict[str, JsonValue]


class _Document(BaseModel):
    """The file. Unknown fields are refused: what is not understood cannot be kept to."""

    model_config = ConfigDict(extra="forbid", strict=True)

    format: str
    version: int
    digest: str
    objects: list[Facts]
    changes: list[Facts]
    versions: list[Facts]


@dataclass(frozen=True)
class KeptPlan:
    """What is in the file, as JSON values."""

    objects: Sequence[Facts]
    changes: Sequence[Facts]
    versions: Sequence[Facts]

    @property
    def digest(self) -> str:
        """Of the canonical form: sorted names, no spaces."""
        content = {"objects": self.objects, "changes": self.changes, "versions": self.versions}
        text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
        return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"

    def manifests(self, file: str) -> list[Manifest]:
        """The objects, as if they had been written there."""
        return [Manifest(dict(body), file, 1) for body in self.objects]


def keep(forecast: Forecast) -> KeptPlan:
    """Its content, in an order of its own where none is given."""
    versions = {(each.kind.resource, each.key): _version(each) for each in forecast.seen}
    return KeptPlan(
        objects=_plain([target.body for target in forecast.targets]),
        changes=_plain(build_facts(forecast.plans)),
        versions=[versions[name] for name in sorted(versions)],
    )


def write_plan(path: Path, plan: KeptPlan) -> None:
    """For the eyes of its owner only, since manifests may hold secrets. Raises HomeNotUsable."""
    document = _Document(
        format=FORMAT, version=VERSION, digest=plan.digest,
        objects=list(plan.objects), changes=list(plan.changes), versions=list(plan.versions),
    )  # fmt: skip
    write_privately(path, json.dumps(document.model_dump(), indent=2, ensure_ascii=False) + "\n")


def read_plan(path: Path) -> KeptPlan:
    """Raises WrongUsage where it is no plan that we can read, CommandError where it was changed since."""
    try:
        given = json.loads(path.read_text())
    except OSError as error:
        raise WrongUsage(f"cannot read {path}: {error.strerror}") from error
    except ValueError as error:
        raise WrongUsage(f"{path} is no plan: it is not JSON") from error
    if not isinstance(given, dict) or given.get("format") != FORMAT:
        raise WrongUsage(f"{path} is no plan", "make one with: dbaas plan -f MANIFESTS --out FILE")
    if given.get("version") != VERSION:
        raise WrongUsage(f"{path} has version {given.get('version')!r}; this program knows version {VERSION}")
    try:
        document = _Document.model_validate(given)
    except ValidationError as error:
        raise WrongUsage(f"{path} is no plan: {error.error_count()} of its fields cannot be read") from error
    plan = KeptPlan(document.objects, document.changes, document.versions)
    if plan.digest != document.digest:
        raise CommandError(f"{path} has been changed since it was made; nothing was applied", "plan anew and read it")
    return plan


def compare_plans(kept: KeptPlan, now: KeptPlan) -> Iterator[str]:
    """What differs, a line each."""
    before, after = _by_name(kept.versions), _by_name(now.versions)
    for name in sorted({*before, *after}):
        if name not in after:
            yield f"{name} is gone, or does not matter any more"
        elif name not in before:
            yield f"{name} is new"
        elif before[name] != after[name]:
            yield f"{name} has been changed"
    old, new = _by_name(kept.changes), _by_name(now.changes)
    for name in new:
        if old.get(name) != new[name]:
            yield f"what {name} would do has changed: {_tell(old.get(name, {}))}; now {_tell(new[name])}"


def _version(resource: Resource) -> Facts:
    metadata = resource.metadata
    has_generation = metadata.generation > 0
    return {
        "kind": resource.kind.kind,
        "namespace": metadata.namespace,
        "name": metadata.name,
        "uid": metadata.uid,
        **({"generation": metadata.generation} if has_generation else {"resourceVersion": metadata.resourceVersion}),
    }


def _plain(value: Any) -> list[Facts]:
    found: list[Facts] = json.loads(json.dumps(value, default=str))
    return found


def _by_name(facts: Sequence[Facts]) -> dict[str, Facts]:
    return {" ".join(filter(None, [str(f["kind"]), _place(f)])): f for f in facts}


def _place(facts: Mapping[str, JsonValue]) -> str:
    return "/".join(str(facts[part]) for part in ("namespace", "name") if facts.get(part))


def _tell(facts: Mapping[str, Any]) -> str:
    changes = facts.get("changes") or []
    statements = [statement["sql"] for change in changes for statement in change["statements"]]
    return "; ".join(statements) or "no statement"
