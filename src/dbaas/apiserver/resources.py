"""What is served: one `Resource` for each kind and version, found by its place in a path or by its kind."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

from dbaas.apiserver.builtins import Column
from dbaas.apiserver.habits import Habits
from dbaas.apiserver.reviews import Review
from dbaas.apiserver.schemas import Schema
from dbaas.apiserver.strategies import Strategy
from dbaas.apiserver.translations import Translation

VERBS = ("create", "delete", "deletecollection", "get", "list", "patch", "update", "watch")


@dataclass(frozen=True)
class Scale:
    """Where the scale subresource finds its values; paths as a CRD writes them (`.spec.replicas`)."""

    spec_path: str
    status_path: str
    selector_path: str = ""


@dataclass(frozen=True, eq=False)
class Resource:
    """One kind at one served version. `document` is its schema for OpenAPI, `components` what that refers to.

    One with a `review` is never stored: who creates it is answered.
    """

    group: str
    version: str
    kind: str
    plural: str
    singular: str
    namespaced: bool
    schema: Schema
    document: Mapping[str, Any]
    columns: tuple[Column, ...]
    components: Mapping[str, Any] = field(default_factory=dict)
    list_kind: str = ""
    short_names: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    has_status: bool = False
    scale: Scale | None = None
    selectable: Mapping[str, Callable[[Mapping[str, Any]], str]] = field(default_factory=dict)
    custom: bool = False
    habits: Habits = field(default_factory=Habits)
    strategy: Strategy = field(default_factory=Strategy)
    translation: Translation | None = None
    review: Review | None = None

    @cached_property
    def api_version(self) -> str:
        return f"{self.group}/{self.version}" if self.group else self.version

    @cached_property
    def collection(self) -> str:
        """The name under which its objects are stored, the same for all versions."""
        if self.translation is not None:
            return self.translation.collection
        return f"{self.plural}.{self.group}" if self.group else self.plural

    @cached_property
    def prefix(self) -> bytes:
        """What stands before the stored bytes of an object to make it whole."""
        return f'{{"apiVersion":"{self.api_version}","kind":"{self.kind}",'.encode()

    @cached_property
    def verbs(self) -> tuple[str, ...]:
        """What can be done with its objects."""
        if self.review is not None:
            return ("create",)
        return tuple(verb for verb in VERBS if verb != "deletecollection" or self.collection != "namespaces")

    @cached_property
    def subresources(self) -> tuple[str, ...]:
        names = ["status"] if self.has_status else []
        if self.scale is not None:
            names.append("scale")
        if (self.group, self.plural) == ("", "namespaces"):
            names.append("finalize")
        return tuple(names)

    def cells(self, obj: Mapping[str, Any], now: datetime) -> list[object]:
        """The row of this object in a Table."""
        return [column.cell(obj, now) for column in self.columns]


class Catalogue:
    """All resources that are served now. Changes when a CustomResourceDefinition does."""

    def __init__(self) -> None:
        self._by_path: dict[tuple[str, str, str], Resource] = {}
        self._by_kind: dict[tuple[str, str, str], Resource] = {}
        self._versions: dict[str, list[str]] = {}
        self.revision = 0

    def add(self, resource: Resource) -> None:
        """The first version added to a group is its preferred one."""
        self._by_path[resource.group, resource.version, resource.plural] = resource
        self._by_kind[resource.group, resource.version, resource.kind] = resource
        versions = self._versions.setdefault(resource.group, [])
        if resource.version not in versions:
            versions.append(resource.version)
            versions.sort(key=version_priority)
        self.revision += 1

    def remove(self, collection: str) -> None:
        """Stops serving every version of it."""
        for resource in [r for r in self if r.collection == collection]:
            del self._by_path[resource.group, resource.version, resource.plural]
            self._by_kind.pop((resource.group, resource.version, resource.kind), None)
            if not any(r.version == resource.version for r in self.in_group(resource.group)):
                self._versions[resource.group].remove(resource.version)
        self._versions = {group: versions for group, versions in self._versions.items() if versions}
        self.revision += 1

    def find(self, group: str, version: str, plural: str) -> Resource | None:
        return self._by_path.get((group, version, plural))

    def find_kind(self, group: str, version: str, kind: str) -> Resource | None:
        return self._by_kind.get((group, version, kind))

    def find_collection(self, collection: str) -> Resource | None:
        """One of the versions, the preferred one."""
        plural, _, group = collection.partition(".")
        for version in self._versions.get(group, ()):
            if resource := self._by_path.get((group, version, plural)):
                return resource
        return None

    def groups(self) -> dict[str, list[str]]:
        """Versions by group, the preferred version first."""
        return self._versions

    def in_group(self, group: str, version: str | None = None) -> list[Resource]:
        return [r for r in self if r.group == group and version in (None, r.version)]

    def is_built_in(self, path: str) -> bool:
        """Whether the path is below a group that is served without a CustomResourceDefinition."""
        parts = path.strip("/").split("/")
        group = "" if parts[0] == "api" else parts[1] if parts[0] == "apis" and len(parts) > 1 else None
        return any(r.group == group and not r.custom for r in self)

    def __iter__(self) -> Iterator[Resource]:
        return iter(self._by_path.values())


def version_priority(version: str) -> tuple[int, int, int, str]:
    """Sorts `v2 v1 v1beta2 v1beta1 v1alpha1 other`: the order in which Kubernetes prefers versions."""
    digits = version[1:]
    for rank, stage in enumerate(("beta", "alpha"), 1):
        major, found, minor = digits.partition(stage)
        if version.startswith("v") and found and major.isdigit() and minor.isdigit():
            return (rank, -int(major), -int(minor), version)
    if version.startswith("v") and digits.isdigit():
        return (0, -int(digits), 0, version)
    return (3, 0, 0, version)
