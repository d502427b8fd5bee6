"""A plan that is kept: the objects, what would become of them, and the versions of all that was looked at.

Its digest is over all of that, so that nothing else than what was read is applied. Where an object has a generation,
this is its version, because a status that is written meanwhile changes nothing that was planned.

Values of Secrets and passwords in other objects are not kept, but what they must be like: to apply the plan they are
read from their files again. A plan may be shown to those who decide, and what is in their place is slow to guess.
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
from dbaas.api.sensitive import Path as Place
from dbaas.api.sensitive import find_secrets, find_texts, put_secrets
from dbaas.cli.exits import CommandError, WrongUsage
from dbaas.cli.forecasting import Forecast
from dbaas.cli.manifests import Manifest
from dbaas.cli.planned import build_facts
from dbaas.core.home import write_privately

FORMAT = "dbaas.io/plan"
VERSION = 2
WITHHELD = "withheld:"
Facts = dict[str, JsonValue]


class _Document(BaseModel):
    """The file. Unknown fields are refused: what is not understood cannot be kept to."""

    model_config = ConfigDict(extra="forbid", strict=True)

    format: str
    version: int
    digest: str
    salt: str
    sources: list[str]
    objects: list[Facts]
    changes: list[Facts]
    versions: list[Facts]


@dataclass(frozen=True)
class KeptPlan:
    """What is in the file, as JSON values. `sources` are the files and folders that its secrets are read from."""

    objects: Sequence[Facts]
    changes: Sequence[Facts]
    versions: Sequence[Facts]
    salt: str = ""
    sources: Sequence[str] = ()

    @property
    def digest(self) -> str:
        """Of the canonical form: sorted names, no spaces."""
        content = {
            "objects": self.objects, "changes": self.changes, "versions": self.versions, "salt": self.salt,
            "sources": list(self.sources),
        }  # fmt: skip
        text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
        return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"

    @property
    def withholds(self) -> bool:
        """Whether secrets are missing."""
        return any(map(_find_withheld, self.objects))

    def manifests(self, file: str, found: Sequence[Manifest] = ()) -> list[Manifest]:
        """The objects, as if they had been written there; their secrets are those of the manifests `found`.

        Raises CommandError where an object with secrets is not among them, or they are not as they were.
        """
        return [Manifest(self._with_secrets(body, found), file, 1) for body in self.objects]

    def _with_secrets(self, body: Facts, found: Sequence[Manifest]) -> dict[str, Any]:
        withheld = _find_withheld(body)
        if not withheld:
            return dict(body)
        for manifest in found:
            secrets = find_secrets(manifest.body)
            if _is_it(body, manifest) and _stand_ins(secrets, self.salt) == withheld:
                whole: dict[str, Any] = put_secrets(body, secrets)
                return whole
        name = f"{body['kind']} {_place(_metadata(body))}"
        text = f"{name} is not in {', '.join(self.sources)} as it was when this was planned; nothing was applied"
        raise CommandError(text, "plan anew and read it")


def keep(forecast: Forecast, salt: str = "", sources: Sequence[str] = ()) -> KeptPlan:
    """Its content, in an order of its own where none is given."""
    versions = {(each.kind.resource, each.key): _version(each) for each in forecast.seen}
    return KeptPlan(
        objects=_plain([_withhold(target.body, salt) for target in forecast.targets]),
        changes=_plain(build_facts(forecast.plans)),
        versions=[versions[name] for name in sorted(versions)],
        salt=salt,
        sources=tuple(sources),
    )


def write_plan(path: Path, plan: KeptPlan) -> None:
    """For the eyes of its owner only, since logins may stand in manifests as well. Raises HomeNotUsable."""
    document = _Document(
        format=FORMAT, version=VERSION, digest=plan.digest, salt=plan.salt, sources=list(plan.sources),
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
    plan = KeptPlan(document.objects, document.changes, document.versions, document.salt, tuple(document.sources))
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


def _metadata(body: Mapping[str, Any]) -> Mapping[str, Any]:
    found: Mapping[str, Any] = body.get("metadata") or {}
    return found


def _is_it(body: Mapping[str, Any], manifest: Manifest) -> bool:
    """Whether it is the manifest of that object, which has a namespace even where the manifest says none."""
    metadata = _metadata(body)
    names = body["apiVersion"], body["kind"], metadata.get("namespace"), metadata.get("name")
    namespace = manifest.key.namespace or metadata.get("namespace")
    return names == (manifest.body["apiVersion"], manifest.kind, namespace, manifest.name)


def _withhold(body: Mapping[str, Any], salt: str) -> dict[str, Any]:
    """The object, with what stands for its secrets."""
    masked: dict[str, Any] = put_secrets(body, _stand_ins(find_secrets(body), salt))
    return masked


def _stand_ins(secrets: Mapping[Place, Any], salt: str) -> dict[Place, str]:
    return {place: _stand_in("/".join(map(str, (salt, *place))), str(value)) for place, value in secrets.items()}


def _stand_in(salt: str, value: str) -> str:
    """Slow to compute, so that whoever reads it cannot try many values."""
    found = hashlib.scrypt(value.encode(), salt=salt.encode(), n=2**14, r=8, p=1, dklen=32)
    return f"{WITHHELD}{found.hex()}"


def _find_withheld(body: Mapping[str, Any]) -> dict[Place, Any]:
    """What stands for secrets: of a text nobody sees any more that there was one in it."""
    return find_texts(body, lambda _, text: text.startswith(WITHHELD))


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
